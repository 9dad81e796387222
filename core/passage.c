#include "core/passage.h"

#include "core/buf.h"
#include "core/weights.h"

static struct key
add_layer(struct key key, const struct overlay *overlay, size_t layer)
{
	const struct replacement *replaced = overlay_find(overlay, (int)layer);

	if (!replaced)
		return key;
	key = key_add(key, &layer, sizeof(layer));
	return key_add(key, &replaced->key, sizeof(replaced->key));
}

/* First what each block has of its own, then link by link. Of what stands outside the blocks all
 * but the head counts as before them: the embedding and the projections around the stream. */
void
passage_chain(struct key *chain, const struct model *model, const struct overlay *overlay)
{
	size_t blocks = model->shape.blocks;

	chain[0] = key_of("passage/1", 9);
	for (size_t b = 1; b <= blocks; b++)
		chain[b] = (struct key){ 0 };
	for (size_t i = 0; i < model->layer_count; i++) {
		struct key *own = &chain[model->layers[i].block + 1];

		if ((int)i != model->head || model->head == model->embed)
			*own = add_layer(*own, overlay, i);
	}
	for (size_t b = 1; b <= blocks; b++)
		chain[b] = key_add(chain[b - 1], &chain[b], sizeof(chain[b]));
}

enum err
passage_open(struct passage *p)
{
	struct key root = key_add_text(key_of("sequence", 8), p->model->identity);

	p->chain = buf_alloc(p->model->shape.blocks + 1, sizeof(*p->chain));
	p->names = buf_alloc(p->count, sizeof(*p->names));
	if (!p->chain || !p->names) {
		passage_close(p);
		return ERR_NOMEM;
	}
	passage_chain(p->chain, p->model, p->overlay);
	for (size_t i = 0; i < p->count; i++)
		p->names[i] = key_add(root, p->sequences[i].ids,
				      p->sequences[i].count * sizeof(*p->sequences[i].ids));
	return OK;
}

void
passage_close(struct passage *p)
{
	buf_free(p->chain);
	buf_free(p->names);
	p->chain = p->names = NULL;
}

static struct key
state_key(const struct passage *p, size_t sequence, size_t block)
{
	return key_add(p->names[sequence], &p->chain[block], sizeof(p->chain[block]));
}

/* ------------------------------------------------------------------------------- states */

static bool
all_kept(const struct passage *p, size_t first, size_t count, size_t block)
{
	for (size_t i = first; i < first + count; i++)
		if (!states_has(p->states, state_key(p, i, block)))
			return false;
	return true;
}

/* The deepest block up to `block` that all of them can enter as they are; 0: the embedding. */
static size_t
depth(const struct passage *p, size_t first, size_t count, size_t block)
{
	while (block && !all_kept(p, first, count, block))
		block--;
	return block;
}

size_t
passage_cost(const struct passage *p, size_t first, size_t count, size_t block)
{
	return block - depth(p, first, count, block);
}

static size_t
bytes_of(const struct hidden *hidden, size_t i)
{
	return (hidden->start[i + 1] - hidden->start[i]) * hidden->columns * sizeof(*hidden->x);
}

static float *
rows_of(const struct hidden *hidden, size_t i)
{
	return hidden->x + hidden->start[i] * hidden->columns;
}

enum err
passage_keep(const struct passage *p, const struct hidden *hidden, size_t first, size_t block)
{
	enum err code = OK;

	for (size_t i = 0; i < hidden->sequences && !code; i++)
		code = states_put(p->states, state_key(p, first + i, block), rows_of(hidden, i),
				  bytes_of(hidden, i));
	return code;
}

static bool
load(struct hidden *hidden, const struct passage *p, size_t first, size_t block)
{
	for (size_t i = 0; i < hidden->sequences; i++)
		if (!states_get(p->states, state_key(p, first + i, block), rows_of(hidden, i),
				bytes_of(hidden, i)))
			return false;
	return true;
}

/* One that cannot be read back is not kept any more: then from the next deepest. */
static enum err
start(size_t *block, struct hidden *hidden, const struct passage *p, size_t first,
      const struct work *work)
{
	do
		*block = depth(p, first, hidden->sequences, *block);
	while (*block && !load(hidden, p, first, *block));
	return *block ? OK
		      : forward_embed(hidden, p->model, p->overlay, p->sequences + first, work);
}

enum err
passage_run(const struct passage *p, struct hidden *hidden, size_t block,
	    const struct forward_tap *tap, const struct work *work)
{
	model_expect_block(p->model, block);
	model_expect_block(p->model, block + 1);
	return forward_block(hidden, p->model, (int)block, p->overlay, tap, work);
}

enum err
passage_enter(struct hidden **out, const struct passage *p, size_t first, size_t count,
	      size_t block, const struct work *work)
{
	size_t at = block;
	enum err code = hidden_create(out, p->sequences + first, count, p->model->shape.hidden);

	if (!code)
		code = start(&at, *out, p, first, work);
	for (; at < block && !code; at++) {
		code = passage_run(p, *out, at, NULL, work);
		if (!code)
			code = passage_keep(p, *out, first, at + 1);
	}
	if (code) {
		hidden_free(*out);
		*out = NULL;
	}
	return code;
}

/* ------------------------------------------------------------------------------- batches */

size_t
passage_batch(const struct passage *p, size_t first, size_t per_token, size_t memory)
{
	size_t tokens = p->sequences[first].count, end = first + 1;

	while (end < p->count && (tokens + p->sequences[end].count) * per_token <= memory)
		tokens += p->sequences[end++].count;
	return end;
}

size_t
passage_tokens(const struct passage *p, size_t first, size_t end)
{
	size_t tokens = 0;

	for (size_t i = first; i < end; i++)
		tokens += p->sequences[i].count;
	return tokens;
}
