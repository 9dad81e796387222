/* Block by block, the prompts of a group first, then their choices: so keys and values of one block
 * are all that has to be kept. A prompt's last token goes with each choice, since what it predicts
 * is the choice's first. */
#include "core/likelihood.h"

#include "core/buf.h"
#include "core/weights.h"
#include "kernels/forward.h"
#include "kernels/kernels.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DEFAULT_MEMORY = 256 << 20, TILE = 16 };

/* Sequences on their way through the blocks. */
struct stream {
	size_t count;
	struct sequence *sequences;
	size_t *done;
	float **key, **value; /* (count) of the block that runs */
	struct hidden *hidden;
};

struct group {
	const struct likelihood_request *request;
	const struct work *work;
	const struct forward_head *head;
	double *out;         /* of the group's first choice */
	size_t first, count; /* items [first, first + count) */
	struct stream prompts, choices;
	int32_t *ids;                   /* what the choices' sequences point into */
	size_t *item;                   /* (choices) of each, within the group */
	const struct sequence **choice; /* (choices) */
	float **logits;                 /* (workers) (TILE, vocab) */
};

/* ------------------------------------------------------------------------------- streams */

static size_t
width_of(const struct group *g)
{
	const struct model_shape *shape = &g->request->model->shape;

	return shape->kv_heads * shape->head_dim;
}

static enum err
stream_allot(struct stream *s, size_t count)
{
	s->count = count;
	if (!(s->sequences = buf_alloc(count, sizeof(*s->sequences))) ||
	    !(s->done = buf_alloc(count, sizeof(*s->done))) ||
	    !(s->key = buf_alloc(count, sizeof(*s->key))) ||
	    !(s->value = buf_alloc(count, sizeof(*s->value))))
		return ERR_NOMEM;
	return OK;
}

static enum err
stream_open(struct stream *s, const struct group *g)
{
	const struct likelihood_request *r = g->request;
	enum err code = hidden_create(&s->hidden, s->sequences, s->count, r->model->shape.hidden);

	for (size_t i = 0; i < s->count && !code; i++) {
		size_t size = (s->done[i] + s->sequences[i].count) * width_of(g) + 1;

		if (!(s->key[i] = buf_alloc_dirty(size, sizeof(**s->key))) ||
		    !(s->value[i] = buf_alloc_dirty(size, sizeof(**s->value))))
			code = ERR_NOMEM;
	}
	return code ? code
		    : forward_embed_after(s->hidden, r->model, r->overlay, s->sequences, s->done,
					  g->work);
}

static void
stream_close(struct stream *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->key)
			buf_free(s->key[i]);
		if (s->value)
			buf_free(s->value[i]);
	}
	buf_free(s->sequences);
	buf_free(s->done);
	buf_free(s->key);
	buf_free(s->value);
	hidden_free(s->hidden);
}

static enum err
stream_block(struct stream *s, const struct group *g, size_t block,
	     const struct block_weights *weights)
{
	const struct forward_past past = { s->done, s->key, s->value, weights };

	return forward_block_after(s->hidden, g->request->model, (int)block, g->request->overlay,
				   &past, g->work);
}

/* -------------------------------------------------------------------------------- blocks */

/* Each choice begins with what its prompt left in this block. */
static void
hand_over(struct group *g)
{
	for (size_t i = 0; i < g->choices.count; i++) {
		size_t from = g->item[i], bytes = g->choices.done[i] * width_of(g) * sizeof(float);

		memcpy(g->choices.key[i], g->prompts.key[from], bytes);
		memcpy(g->choices.value[i], g->prompts.value[from], bytes);
	}
}

static enum err
run_block(struct group *g, size_t block)
{
	const struct likelihood_request *r = g->request;
	struct block_weights weights;
	enum err code = block_weights_open(&weights, r->model, (int)block, r->overlay, g->work);

	if (code)
		return code;
	code = stream_block(&g->prompts, g, block, &weights);
	if (!code) {
		hand_over(g);
		code = stream_block(&g->choices, g, block, &weights);
	}
	block_weights_close(&weights);
	return code;
}

/* --------------------------------------------------------------------------------- heads */

static double
loss_of(const float *logits, size_t vocab, int32_t next)
{
	const struct forward_kernels *k = kernels_current()->forward;
	float largest = k->max(logits, vocab);

	return (double)largest + log(k->exp_sum(logits, largest, vocab)) - (double)logits[next];
}

static enum err
score_choice(void *arg, size_t index, int worker)
{
	struct group *g = arg;
	const struct hidden *hidden = g->choices.hidden;
	const struct sequence *choice = g->choice[index];
	const float *x = hidden->x + hidden->start[index] * hidden->columns;
	size_t vocab = g->request->model->shape.vocab;
	enum err code = OK;

	g->out[index] = 0;
	for (size_t first = 0; first < choice->count && !code; first += TILE) {
		size_t left = choice->count - first, count = left < TILE ? left : TILE;

		code = forward_head_logits(g->logits[worker], g->head, x + first * hidden->columns,
					   count, g->work);
		for (size_t i = 0; i < count && !code; i++)
			g->out[index] += loss_of(g->logits[worker] + i * vocab, vocab,
						 choice->ids[first + i]);
	}
	return code;
}

/* -------------------------------------------------------------------------------- groups */

static size_t
choices_in(const struct likelihood_request *r, size_t first, size_t end)
{
	size_t count = 0;

	for (size_t i = first; i < end; i++)
		count += r->items[i].choice_count;
	return count;
}

/* Tokens that one item passes through each block. */
static size_t
tokens_of(const struct likelihood_item *item)
{
	size_t tokens = item->prompt.count - 1;

	for (size_t i = 0; i < item->choice_count; i++)
		tokens += item->choices[i].count;
	return tokens;
}

/* And what it takes while it runs. */
static size_t
bytes_of(const struct likelihood_request *r, size_t index)
{
	const struct model_shape *shape = &r->model->shape;
	const struct likelihood_item *item = &r->items[index];
	size_t kept = tokens_of(item) + item->choice_count * item->prompt.count;

	return sizeof(float) *
	       (tokens_of(item) * shape->hidden + 2 * kept * shape->kv_heads * shape->head_dim);
}

static size_t
group_end(const struct likelihood_request *r, size_t first)
{
	size_t end = first + 1, bytes = bytes_of(r, first);
	size_t most = r->memory ? r->memory : DEFAULT_MEMORY;

	while (end < r->count && (bytes += bytes_of(r, end)) <= most)
		end++;
	return end;
}

/* A choice's own sequence: the prompt's last token, then all of its own but the last. */
static void
lay_choice(struct group *g, size_t at, size_t item, const struct sequence *choice, int32_t *ids)
{
	const struct sequence *prompt = &g->request->items[g->first + item].prompt;

	ids[0] = prompt->ids[prompt->count - 1];
	memcpy(ids + 1, choice->ids, (choice->count - 1) * sizeof(*ids));
	g->item[at] = item;
	g->choice[at] = choice;
	g->choices.done[at] = prompt->count - 1;
	g->choices.sequences[at] = (struct sequence){ ids, choice->count };
}

static void
lay_out(struct group *g)
{
	int32_t *ids = g->ids;
	size_t at = 0;

	for (size_t i = 0; i < g->count; i++) {
		const struct likelihood_item *item = &g->request->items[g->first + i];

		g->prompts.sequences[i] =
			(struct sequence){ item->prompt.ids, item->prompt.count - 1 };
		for (size_t c = 0; c < item->choice_count; c++, at++) {
			lay_choice(g, at, i, &item->choices[c], ids);
			ids += item->choices[c].count;
		}
	}
}

static enum err
allot(struct group *g)
{
	const struct likelihood_request *r = g->request;
	size_t choices = choices_in(r, g->first, g->first + g->count), tokens = 0;
	size_t workers = (size_t)work_threads(g->work);
	enum err code = stream_allot(&g->prompts, g->count);

	for (size_t i = g->first; i < g->first + g->count; i++)
		tokens += tokens_of(&r->items[i]);
	if (!code)
		code = stream_allot(&g->choices, choices);
	if (code)
		return code;
	if (!(g->ids = buf_alloc(tokens + 1, sizeof(*g->ids))) ||
	    !(g->item = buf_alloc(choices, sizeof(*g->item))) ||
	    !(g->choice = buf_alloc(choices, sizeof(*g->choice))) ||
	    !(g->logits = buf_alloc(workers, sizeof(*g->logits))))
		return ERR_NOMEM;
	for (size_t w = 0; w < workers; w++)
		if (!(g->logits[w] = buf_alloc(TILE * r->model->shape.vocab, sizeof(float))))
			return ERR_NOMEM;
	lay_out(g);
	return OK;
}

static void
release(struct group *g)
{
	for (int w = 0; g->logits && w < work_threads(g->work); w++)
		buf_free(g->logits[w]);
	buf_free(g->logits);
	buf_free(g->ids);
	buf_free(g->item);
	buf_free(g->choice);
	stream_close(&g->prompts);
	stream_close(&g->choices);
}

static enum err
run_group(struct group *g)
{
	enum err code = allot(g);

	if (!code)
		code = stream_open(&g->prompts, g);
	if (!code)
		code = stream_open(&g->choices, g);
	for (size_t b = 0; b < g->request->model->shape.blocks && !code; b++)
		if (!(code = work_check(g->work)))
			code = run_block(g, b);
	if (!code)
		code = work_each(g->work, g->choices.count, score_choice, g);
	release(g);
	return code;
}

/* ------------------------------------------------------------------------------- request */

static enum err
check_item(const struct likelihood_request *r, size_t index)
{
	const struct likelihood_item *item = &r->items[index];
	size_t longest = model_longest(r->model);
	char name[48];

	snprintf(name, sizeof(name), "item %zu", index + 1);
	if (!item->prompt.count)
		return err_at(ERR_RANGE, NULL, name,
			      "its prompt holds no token; nothing can follow upon it");
	for (size_t i = 0; i < item->choice_count; i++) {
		size_t count = item->choices[i].count;

		if (!count)
			return err_at(ERR_RANGE, NULL, name, "choice %zu holds no token", i);
		for (size_t k = 0; k < count; k++)
			if (item->choices[i].ids[k] < 0 ||
			    (size_t)item->choices[i].ids[k] >= r->model->shape.vocab)
				return err_at(ERR_RANGE, r->model->path, name,
					      "token id %ld is outside the vocabulary of %zu",
					      (long)item->choices[i].ids[k], r->model->shape.vocab);
		if (item->prompt.count + count - 1 > longest)
			return err_at(ERR_RANGE, r->model->path, name,
				      "%zu tokens are more than the model's context of %zu",
				      item->prompt.count + count - 1, longest);
	}
	return OK;
}

static enum err
run_groups(double *nll, const struct likelihood_request *r, const struct forward_head *head,
	   const struct work *work)
{
	enum err code = OK;

	for (size_t first = 0, end; first < r->count && !code; first = end) {
		struct group group = { .request = r, .work = work, .head = head, .out = nll };

		end = group_end(r, first);
		group.first = first;
		group.count = end - first;
		code = run_group(&group);
		nll += choices_in(r, first, end);
	}
	return code;
}

enum err
likelihood_run(double *nll, const struct likelihood_request *request, const struct work *work)
{
	struct forward_head *head = NULL;
	uint64_t tokens = 0;
	enum err code = OK;

	for (size_t i = 0; i < request->count && !code; i++)
		if (!(code = check_item(request, i)))
			tokens += tokens_of(&request->items[i]);
	if (code || !request->count)
		return code;
	work_expect(work, tokens * request->model->shape.blocks);
	code = forward_head_open(&head, request->model, request->overlay, work);
	if (!code)
		code = run_groups(nll, request, head, work);
	forward_head_free(head);
	return code;
}
