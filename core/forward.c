/* A block is worked off tile of tokens by tile of tokens: since attention looks back only, a tile
 * can pass through the whole block once the keys and values before it are there. So besides those,
 * memory is that of one tile. */
#include "core/forward.h"

#include "core/attention.h"
#include "core/buf.h"
#include "core/matmul.h"
#include "core/norm.h"
#include "core/rope.h"
#include "core/weights.h"
#include "kernels/forward.h"
#include "kernels/kernels.h"

#include <string.h>

enum { TILE = 256 };

/* Everything that all sequences share. */
struct pass {
	struct hidden *hidden;
	const struct model *model;
	const struct model_block *block;
	const struct overlay *overlay;
	const struct forward_tap *tap;
	const struct work *work;
	struct block_weights weights;
	struct rope rope;
	size_t longest, scores_size;
	float **scratch; /* (workers) one allocation each */
};

/* One worker's memory, for one sequence at a time. */
struct scratch {
	float *key, *value;     /* (longest, kv_heads head_dim) */
	float *normed, *effect; /* (TILE, hidden), (TILE, widest) */
	float *query, *mixed;   /* (TILE, heads head_dim) */
	float *gate, *up;       /* (TILE, intermediate) */
	float *scores;
};

/* A tile of one sequence on its way through the block. */
struct tile_pass {
	const struct pass *pass;
	const struct scratch *scratch;
	size_t sequence, first, count;
	float *x; /* (count, hidden) */
};

static size_t
most(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* Sizes of the parts of struct scratch, in its order. */
static void
scratch_sizes(size_t sizes[9], const struct pass *pass)
{
	const struct model_shape *shape = &pass->model->shape;
	size_t query = shape->heads * shape->head_dim, kv = shape->kv_heads * shape->head_dim;
	size_t parallel = pass->hidden->sequences == 1 ? (size_t)work_threads(pass->work) : 1;

	sizes[0] = sizes[1] = pass->longest * kv;
	sizes[2] = TILE * shape->hidden;
	sizes[3] = TILE * most(most(shape->hidden, shape->intermediate), query);
	sizes[4] = sizes[5] = TILE * query;
	sizes[6] = sizes[7] = TILE * shape->intermediate;
	sizes[8] = parallel * pass->scores_size;
}

static struct scratch
scratch_of(const struct pass *pass, int worker)
{
	struct scratch s;
	size_t sizes[9];
	float **parts[9] = { &s.key,   &s.value, &s.normed, &s.effect, &s.query,
			     &s.mixed, &s.gate,  &s.up,     &s.scores };
	float *at = pass->scratch[worker];

	scratch_sizes(sizes, pass);
	for (int i = 0; i < 9; at += sizes[i++])
		*parts[i] = at;
	return s;
}

static enum err
scratch_create(struct pass *pass)
{
	size_t sizes[9], total = 0, workers = (size_t)work_threads(pass->work);

	scratch_sizes(sizes, pass);
	for (int i = 0; i < 9; i++)
		total += sizes[i];
	if (!(pass->scratch = buf_alloc(workers, sizeof(float *))))
		return ERR_NOMEM;
	/* One sequence is run by the caller, worker 0. */
	for (size_t i = 0; i < (pass->hidden->sequences == 1 ? 1 : workers); i++)
		if (!(pass->scratch[i] = buf_alloc(total, sizeof(float))))
			return ERR_NOMEM;
	return OK;
}

static void
scratch_free(struct pass *pass)
{
	for (int i = 0; pass->scratch && i < work_threads(pass->work); i++)
		buf_free(pass->scratch[i]);
	buf_free(pass->scratch);
}

static enum err
tap(const struct tile_pass *tile, enum slot slot, const float *x, size_t columns)
{
	const struct pass *pass = tile->pass;
	const struct layer *layer = &pass->model->layers[pass->block->layer[slot]];

	if (!pass->tap)
		return OK;
	return pass->tap->input(pass->tap->ctx, layer->input, tile->sequence, tile->first, x,
				tile->count, columns);
}

/* out = x weight', or added to it; the layer's effect sees a copy of x. */
static enum err
project(const struct tile_pass *tile, enum slot slot, const float *x, float *out, bool add)
{
	const struct pass *pass = tile->pass;
	int index = pass->block->layer[slot];
	const struct layer *layer = &pass->model->layers[index];
	const struct replacement *replaced = overlay_find(pass->overlay, index);

	if (replaced && replaced->effect) {
		memcpy(tile->scratch->effect, x, tile->count * layer->columns * sizeof(*x));
		x = tile->scratch->effect;
		replaced->effect->apply(replaced->effect, tile->scratch->effect, tile->count,
					layer->columns);
	}
	return matmul_run(&(struct matmul){ .tokens = tile->count,
					    .rows = layer->rows,
					    .columns = layer->columns,
					    .x = x,
					    .x_stride = layer->columns,
					    .weight = pass->weights.matrix[slot],
					    .out = out,
					    .out_stride = layer->rows,
					    .add = add },
			  pass->work);
}

static enum err
norm(const struct tile_pass *tile, enum slot norm_slot, enum slot reader)
{
	const struct pass *pass = tile->pass;
	const struct model_shape *shape = &pass->model->shape;

	norm_rms(tile->scratch->normed, tile->x, pass->weights.vector[norm_slot], shape->norm_eps,
		 tile->count, shape->hidden);
	return tap(tile, reader, tile->scratch->normed, shape->hidden);
}

static enum err
attend(const struct tile_pass *tile)
{
	const struct scratch *s = tile->scratch;
	const struct pass *pass = tile->pass;
	const struct model_shape *shape = &pass->model->shape;
	size_t kv = shape->kv_heads * shape->head_dim, query = shape->heads * shape->head_dim;

	for (size_t i = 0; i < tile->count; i++) {
		rope_apply(&pass->rope, s->query + i * query, shape->heads, tile->first + i);
		rope_apply(&pass->rope, s->key + (tile->first + i) * kv, shape->kv_heads,
			   tile->first + i);
	}
	return attention_run(&(struct attention){ .heads = shape->heads,
						  .kv_heads = shape->kv_heads,
						  .head_dim = shape->head_dim,
						  .first = tile->first,
						  .count = tile->count,
						  .query = s->query,
						  .key = s->key,
						  .value = s->value,
						  .out = s->mixed,
						  .scores = s->scores,
						  .scores_size = pass->scores_size,
						  .parallel = pass->hidden->sequences == 1 },
			     pass->work);
}

static enum err
attention_half(const struct tile_pass *tile)
{
	const struct scratch *s = tile->scratch;
	const struct model_shape *shape = &tile->pass->model->shape;
	size_t kv = tile->first * shape->kv_heads * shape->head_dim;
	enum err code = norm(tile, SLOT_ATTN_NORM, SLOT_Q);

	if (!code)
		code = project(tile, SLOT_Q, s->normed, s->query, false);
	if (!code)
		code = project(tile, SLOT_K, s->normed, s->key + kv, false);
	if (!code)
		code = project(tile, SLOT_V, s->normed, s->value + kv, false);
	if (!code)
		code = attend(tile);
	if (!code)
		code = tap(tile, SLOT_O, s->mixed, shape->heads * shape->head_dim);
	if (!code)
		code = project(tile, SLOT_O, s->mixed, tile->x, true);
	return code;
}

static enum err
mlp_half(const struct tile_pass *tile)
{
	const struct scratch *s = tile->scratch;
	size_t columns = tile->pass->model->shape.intermediate;
	enum err code = norm(tile, SLOT_MLP_NORM, SLOT_GATE);

	if (!code)
		code = project(tile, SLOT_GATE, s->normed, s->gate, false);
	if (!code)
		code = project(tile, SLOT_UP, s->normed, s->up, false);
	if (code)
		return code;
	kernels_current()->forward->silu_mul(s->gate, s->up, tile->count * columns);
	code = tap(tile, SLOT_DOWN, s->gate, columns);
	if (!code)
		code = project(tile, SLOT_DOWN, s->gate, tile->x, true);
	return code;
}

static enum err
run_sequence(void *arg, size_t index, int worker)
{
	struct pass *pass = arg;
	struct hidden *hidden = pass->hidden;
	struct scratch scratch = scratch_of(pass, worker);
	size_t begin = hidden->start[index], tokens = hidden->start[index + 1] - begin;
	enum err code = OK;

	for (size_t first = 0; first < tokens && !code; first += TILE) {
		size_t left = tokens - first;
		struct tile_pass tile = {
			.pass = pass,
			.scratch = &scratch,
			.sequence = index,
			.first = first,
			.count = left < TILE ? left : TILE,
			.x = hidden->x + (begin + first) * hidden->columns,
		};

		code = work_check(pass->work);
		if (!code)
			code = attention_half(&tile);
		if (!code)
			code = mlp_half(&tile);
		work_advance(pass->work, tile.count);
	}
	return code;
}

enum err
forward_block(struct hidden *x, const struct model *model, int block, const struct overlay *overlay,
	      const struct forward_tap *tap_, const struct work *work)
{
	struct pass pass = { .hidden = x,
			     .model = model,
			     .block = &model->blocks[block],
			     .overlay = overlay,
			     .tap = tap_,
			     .work = work };
	enum err code;

	for (size_t i = 0; i < x->sequences; i++)
		pass.longest = most(pass.longest, x->start[i + 1] - x->start[i]);
	pass.scores_size = ATTENTION_TILE * pass.longest;
	code = block_weights_open(&pass.weights, model, block, overlay, work);
	if (!code)
		code = rope_create(&pass.rope, &model->shape, pass.longest);
	if (!code)
		code = scratch_create(&pass);
	if (!code)
		code = work_each(work, x->sequences, run_sequence, &pass);
	scratch_free(&pass);
	rope_free(&pass.rope);
	block_weights_close(&pass.weights);
	return code;
}
