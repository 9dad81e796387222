/* Prompts go through the model in groups. A group's step passes what is new of each prompt (all of
 * it at first, one token after) through every block, behind the keys and values that are kept. */
#include "core/generation.h"

#include "core/buf.h"
#include "core/checked.h"
#include "core/rope.h"
#include "core/weights.h"
#include "kernels/forward.h"
#include "kernels/kernels.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DEFAULT_MEMORY = 256 << 20 };

struct group {
	const struct generation_request *request;
	const struct work *work;
	struct generation *out;
	size_t first, count; /* prompts [first, first + count) */
	size_t *capacity;    /* (count) tokens that each may come to */
	int32_t **ids;       /* (count) (capacity) the prompt and what came of it */
	size_t *length;      /* (count) tokens in ids, */
	size_t *done;        /* and how many of them have gone through the blocks */
	bool *ended;
	struct sequence *fresh;        /* (count) the rest, of a step */
	float **key, **value;          /* (blocks, count) */
	struct block_weights *weights; /* (blocks) or NULL: read at each step */
	struct forward_head *head;
	struct hidden *hidden;
	float **logits; /* (workers) (vocab) */
};

int32_t
generation_choose(const float *logits, size_t vocab)
{
	float largest = kernels_current()->forward->max(logits, vocab);

	for (size_t i = 0; i < vocab; i++)
		if (isnan(logits[i]))
			return -1;
	for (size_t i = 0; i < vocab; i++)
		if (!(logits[i] < largest))
			return (int32_t)i;
	return -1;
}

/* ------------------------------------------------------------------------------- memory */

/* Tokens that a prompt may come to. The last one is never fed back, so the context may be full. */
static size_t
capacity_of(const struct generation_request *r, size_t prompt)
{
	size_t longest = model_longest(r->model), count = r->prompts[prompt].count;

	return longest - count < r->max_tokens ? longest : count + r->max_tokens;
}

/* Bytes of the keys and values of that many tokens; SIZE_MAX where they cannot be counted. */
static size_t
bytes_of(const struct generation_request *r, size_t tokens)
{
	const struct model_shape *shape = &r->model->shape;
	uint64_t bytes;

	if (!checked_mul(&bytes, tokens, 2 * sizeof(float) * shape->blocks) ||
	    !checked_mul(&bytes, bytes, shape->kv_heads * shape->head_dim) || bytes > SIZE_MAX)
		return SIZE_MAX;
	return (size_t)bytes;
}

static size_t
memory_of(const struct generation_request *r)
{
	return r->memory ? r->memory : DEFAULT_MEMORY;
}

static enum err
check_prompt(const struct generation_request *r, size_t prompt)
{
	size_t count = r->prompts[prompt].count, longest = model_longest(r->model), bytes;
	char item[48];

	snprintf(item, sizeof(item), "prompt %zu", prompt + 1);
	if (!count)
		return err_at(ERR_RANGE, NULL, item, "holds no token; nothing can follow upon it");
	if (count >= longest)
		return err_at(ERR_RANGE, r->model->path, item,
			      "has %zu tokens, which leave no room in the model's context of %zu; "
			      "use a shorter one",
			      count, longest);
	bytes = bytes_of(r, capacity_of(r, prompt));
	if (bytes > memory_of(r))
		return err_at(ERR_NOMEM, r->model->path, item,
			      "keys and values of %zu tokens take %zu MiB of %zu MiB; generate "
			      "fewer tokens or allow more with --memory",
			      capacity_of(r, prompt), bytes >> 20, memory_of(r) >> 20);
	return OK;
}

/* Prompts [first, end) whose keys and values fit. */
static size_t
group_end(const struct generation_request *r, size_t first, size_t left)
{
	size_t end = first;

	while (end < r->count && bytes_of(r, capacity_of(r, end)) <= left)
		left -= bytes_of(r, capacity_of(r, end++));
	return end;
}

static enum err
allot_prompt(struct group *g, size_t i)
{
	const struct generation_request *r = g->request;
	const struct model_shape *shape = &r->model->shape;
	const struct sequence *prompt = &r->prompts[g->first + i];
	size_t width = shape->kv_heads * shape->head_dim;

	g->capacity[i] = capacity_of(r, g->first + i);
	g->length[i] = prompt->count;
	if (!(g->ids[i] = buf_alloc(g->capacity[i] + 1, sizeof(**g->ids))))
		return ERR_NOMEM;
	memcpy(g->ids[i], prompt->ids, prompt->count * sizeof(**g->ids));
	for (size_t b = 0; b < shape->blocks; b++) {
		float **key = &g->key[b * g->count + i], **value = &g->value[b * g->count + i];

		if (!(*key = buf_alloc_dirty(g->capacity[i] * width, sizeof(**key))) ||
		    !(*value = buf_alloc_dirty(g->capacity[i] * width, sizeof(**value))))
			return ERR_NOMEM;
	}
	return OK;
}

static enum err
allot(struct group *g)
{
	size_t blocks = g->request->model->shape.blocks, workers = (size_t)work_threads(g->work);
	size_t vocab = g->request->model->shape.vocab;
	enum err code = OK;

	if (!(g->capacity = buf_alloc(g->count, sizeof(*g->capacity))) ||
	    !(g->ids = buf_alloc(g->count, sizeof(*g->ids))) ||
	    !(g->length = buf_alloc(g->count, sizeof(*g->length))) ||
	    !(g->done = buf_alloc(g->count, sizeof(*g->done))) ||
	    !(g->ended = buf_alloc(g->count, sizeof(*g->ended))) ||
	    !(g->fresh = buf_alloc(g->count, sizeof(*g->fresh))) ||
	    !(g->key = buf_alloc(blocks * g->count, sizeof(*g->key))) ||
	    !(g->value = buf_alloc(blocks * g->count, sizeof(*g->value))) ||
	    !(g->logits = buf_alloc(workers, sizeof(*g->logits))))
		return ERR_NOMEM;
	for (size_t w = 0; w < workers; w++)
		if (!(g->logits[w] = buf_alloc(vocab, sizeof(**g->logits))))
			return ERR_NOMEM;
	for (size_t i = 0; i < g->count && !code; i++)
		code = allot_prompt(g, i);
	return code;
}

static void
release(struct group *g)
{
	size_t blocks = g->request->model->shape.blocks;

	for (size_t i = 0; g->ids && i < g->count; i++)
		buf_free(g->ids[i]);
	for (size_t i = 0; g->key && g->value && i < blocks * g->count; i++) {
		buf_free(g->key[i]);
		buf_free(g->value[i]);
	}
	for (int w = 0; g->logits && w < work_threads(g->work); w++)
		buf_free(g->logits[w]);
	buf_free(g->capacity);
	buf_free(g->ids);
	buf_free(g->length);
	buf_free(g->done);
	buf_free(g->ended);
	buf_free(g->fresh);
	buf_free(g->key);
	buf_free(g->value);
	buf_free(g->logits);
	hidden_free(g->hidden);
}

/* ------------------------------------------------------------------------------ weights */

struct kept {                          /* what all groups share */
	struct block_weights *weights; /* (blocks) or NULL */
	struct forward_head *head;
	size_t memory; /* that is left for keys and values */
};

/* Bytes of all blocks in float32; SIZE_MAX where they are more than `most`. */
static size_t
weights_bytes(const struct model *model, size_t most)
{
	size_t bytes = 0;

	for (size_t i = 0; i < model->layer_count; i++) {
		const struct layer *layer = &model->layers[i];

		if (layer->block >= 0)
			bytes += layer->rows * layer->columns * sizeof(float);
		if (bytes > most)
			return SIZE_MAX;
	}
	return bytes;
}

/* They stay open where they take half of the memory at most, and the other half is enough for each
 * prompt. */
static bool
weights_fit(const struct generation_request *r, size_t bytes)
{
	size_t half = memory_of(r) / 2;

	for (size_t i = 0; i < r->count; i++)
		if (bytes_of(r, capacity_of(r, i)) > half)
			return false;
	return bytes <= half;
}

static void
kept_close(struct kept *kept, const struct generation_request *r)
{
	for (size_t b = 0; kept->weights && b < r->model->shape.blocks; b++)
		block_weights_close(&kept->weights[b]);
	buf_free(kept->weights);
	forward_head_free(kept->head);
}

static enum err
kept_open(struct kept *out, const struct generation_request *r, const struct work *work)
{
	size_t blocks = r->model->shape.blocks, bytes = weights_bytes(r->model, memory_of(r));
	enum err code = forward_head_open(&out->head, r->model, r->overlay, work);

	out->memory = memory_of(r);
	if (code || !weights_fit(r, bytes))
		return code;
	out->memory -= bytes;
	if (!(out->weights = buf_alloc(blocks, sizeof(*out->weights))))
		return ERR_NOMEM;
	for (size_t b = 0; b < blocks && !code; b++)
		code = block_weights_open(&out->weights[b], r->model, (int)b, r->overlay, work);
	return code;
}

/* -------------------------------------------------------------------------------- steps */

/* Whether the keys that are kept are still those of the sequence as it is now: a RoPE that depends
 * on the length may turn them all anew. */
static enum err
keys_stay(bool *out, const struct group *g, size_t i)
{
	const struct model *model = g->request->model;
	enum err code = OK;

	*out = true;
	if (!model->shape.rope || !g->done[i])
		return OK;
	for (int which = 0; which < (model->shape.rope_local ? 2 : 1) && *out && !code; which++)
		code = rope_stays(out, model, which, g->done[i], g->length[i]);
	return code;
}

/* What each prompt has to pass: its tokens behind those that are done; nothing once it has ended.
 */
static enum err
gather(struct group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		bool stay;
		enum err code = keys_stay(&stay, g, i);

		if (code)
			return code;
		if (!stay)
			g->done[i] = 0;
		g->fresh[i] = (struct sequence){ g->ids[i] + g->done[i],
						 g->ended[i] ? 0 : g->length[i] - g->done[i] };
	}
	return OK;
}

static enum err
pass_blocks(struct group *g)
{
	const struct generation_request *r = g->request;
	enum err code =
		forward_embed_after(g->hidden, r->model, r->overlay, g->fresh, g->done, g->work);

	for (size_t b = 0; b < r->model->shape.blocks && !code; b++) {
		const struct forward_past past = { .done = g->done,
						   .key = g->key + b * g->count,
						   .value = g->value + b * g->count,
						   .weights = g->weights ? &g->weights[b] : NULL };

		code = forward_block_after(g->hidden, r->model, (int)b, r->overlay, &past, g->work);
	}
	return code;
}

/* The token that follows upon one prompt; its head is a product of its own, so that its bits do not
 * depend on who runs beside it. */
static enum err
choose(void *arg, size_t i, int worker)
{
	struct group *g = arg;
	const struct hidden *hidden = g->hidden;
	size_t end = hidden->start[i + 1];
	int32_t id;
	enum err code;

	if (!g->fresh[i].count)
		return OK;
	code = forward_head_logits(g->logits[worker], g->head,
				   hidden->x + (end - 1) * hidden->columns, 1, g->work);
	if (code)
		return code;
	id = generation_choose(g->logits[worker], g->request->model->shape.vocab);
	g->done[i] = g->length[i];
	if (id < 0)
		g->ended[i] = true;
	else
		g->ids[i][g->length[i]++] = id;
	return OK;
}

/* Which prompts the tokens that just came have ended; how many go on. */
static size_t
see_ends(struct group *g)
{
	const struct generation_request *r = g->request;
	size_t going = 0;

	for (size_t i = 0; i < g->count; i++) {
		size_t prompt = r->prompts[g->first + i].count, made = g->length[i] - prompt;

		if (g->ended[i])
			continue;
		g->ended[i] =
			g->length[i] == g->capacity[i] ||
			(r->eos >= 0 && g->ids[i][g->length[i] - 1] == r->eos) ||
			(r->stop && r->stop(r->stop_ctx, g->first + i, g->ids[i] + prompt, made));
		going += !g->ended[i];
	}
	return going;
}

static enum err
step(struct group *g)
{
	enum err code = gather(g);

	hidden_free(g->hidden);
	g->hidden = NULL;
	if (!code)
		code = hidden_create(&g->hidden, g->fresh, g->count,
				     g->request->model->shape.hidden);
	if (!code)
		code = pass_blocks(g);
	return code ? code : work_each(g->work, g->count, choose, g);
}

static void
give(struct group *g)
{
	struct generation *out = g->out;

	for (size_t i = 0; i < g->count; i++) {
		size_t prompt = g->request->prompts[g->first + i].count;

		out->length[g->first + i] = g->length[i] - prompt;
		memcpy(out->ids + (g->first + i) * out->stride, g->ids[i] + prompt,
		       (g->length[i] - prompt) * sizeof(*out->ids));
	}
}

/* Units of progress that prompts which ended early leave over. */
static uint64_t
left_over(const struct group *g)
{
	uint64_t left = 0;

	for (size_t i = 0; i < g->count; i++)
		left += g->capacity[i] - g->length[i];
	return left * g->request->model->shape.blocks;
}

static enum err
run_group(struct group *g)
{
	size_t going = g->count;
	enum err code = allot(g);

	while (going && !code) {
		if (!(code = work_check(g->work)))
			code = step(g);
		if (!code)
			going = see_ends(g);
	}
	if (!code) {
		give(g);
		work_advance(g->work, left_over(g));
	}
	release(g);
	return code;
}

/* ------------------------------------------------------------------------------- result */

void
generation_free(struct generation *generation)
{
	if (!generation)
		return;
	buf_free(generation->ids);
	buf_free(generation->length);
	buf_free(generation);
}

enum err
generation_create(struct generation **out, size_t count, size_t stride)
{
	struct generation *made = buf_alloc(1, sizeof(*made));

	if (!(*out = made))
		return ERR_NOMEM;
	made->stride = stride;
	if ((made->ids = buf_alloc(count + 1, (stride + 1) * sizeof(*made->ids))) &&
	    (made->length = buf_alloc(count + 1, sizeof(*made->length))))
		return OK;
	generation_free(made);
	*out = NULL;
	return ERR_NOMEM;
}

static void
expect(const struct generation_request *r, const struct work *work)
{
	uint64_t tokens = 0;

	for (size_t i = 0; i < r->count; i++)
		tokens += capacity_of(r, i) - 1;
	work_expect(work, tokens * r->model->shape.blocks);
}

static enum err
run_groups(struct generation *out, const struct generation_request *r, const struct kept *kept,
	   const struct work *work)
{
	enum err code = OK;

	for (size_t first = 0, end; first < r->count && !code; first = end) {
		struct group group = { .request = r,
				       .work = work,
				       .out = out,
				       .first = first,
				       .weights = kept->weights,
				       .head = kept->head };

		end = group_end(r, first, kept->memory);
		group.count = end - first;
		code = run_group(&group);
	}
	return code;
}

enum err
generation_run(struct generation **out, const struct generation_request *request,
	       const struct work *work)
{
	struct kept kept = { 0 };
	enum err code = OK;

	*out = NULL;
	for (size_t i = 0; i < request->count && !code; i++)
		code = check_prompt(request, i);
	if (!code)
		code = generation_create(out, request->count, request->max_tokens);
	if (code || !request->count || !request->max_tokens)
		return code;
	expect(request, work);
	code = kept_open(&kept, request, work);
	if (!code)
		code = run_groups(*out, request, &kept, work);
	kept_close(&kept, request);
	if (code) {
		generation_free(*out);
		*out = NULL;
	}
	return code;
}
