/* What one block's pass over all sequences needs before it starts. */
#include "core/forward_private.h"

#include "core/alibi.h"
#include "core/attention.h"
#include "core/buf.h"
#include "core/rope_kind.h"

#include <math.h>

static size_t
most(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The widest intermediate of the block's MLPs. */
static size_t
widest_mlp(const struct pass *pass)
{
	const struct model_shape *shape = &pass->model->shape;

	if (pass->block->layer[SLOT_ROUTER] < 0)
		return shape->intermediate;
	return most(shape->expert_intermediate, shape->shared_intermediate);
}

static size_t
rows_of(const struct pass *pass, enum slot slot)
{
	int layer = pass->block->layer[slot];

	return layer < 0 ? 0 : pass->model->layers[layer].rows;
}

/* Floats of every part, for one worker. */
static void
scratch_sizes(size_t sizes[SCRATCH_COUNT], const struct pass *pass)
{
	const struct model_shape *shape = &pass->model->shape;
	size_t query = shape->heads * shape->head_dim, kv = shape->kv_heads * shape->head_dim;
	size_t parallel = pass->hidden->sequences == 1 ? (size_t)work_threads(pass->work) : 1;
	size_t tile = pass->tile, hidden = tile * shape->hidden, inner = tile * widest_mlp(pass);
	bool sparse = pass->block->layer[SLOT_ROUTER] >= 0;
	size_t fused_expert = sparse && pass->block->expert[SLOT_EXPERT_GATE_UP]
				      ? 2 * shape->expert_intermediate
				      : 0;

	sizes[SCRATCH_KEY] = sizes[SCRATCH_VALUE] = pass->past ? 0 : pass->longest * kv;
	sizes[SCRATCH_NORMED] = sizes[SCRATCH_BRANCH] = sizes[SCRATCH_POST] = hidden;
	sizes[SCRATCH_MLP_NORMED] = shape->separate_norm ? hidden : 0;
	sizes[SCRATCH_EFFECT] = most(most(hidden, inner), tile * query);
	sizes[SCRATCH_QUERY] = sizes[SCRATCH_MIXED] = tile * query;
	sizes[SCRATCH_FUSED] = tile * most(rows_of(pass, SLOT_QKV),
					   most(rows_of(pass, SLOT_GATE_UP), fused_expert));
	sizes[SCRATCH_GATE] = sizes[SCRATCH_UP] = inner;
	sizes[SCRATCH_ROUTED] = sparse ? tile * shape->experts : 0;
	sizes[SCRATCH_GATHERED] = sizes[SCRATCH_EXPERT] = sparse ? hidden : 0;
	sizes[SCRATCH_SCORES] = parallel * pass->scores_size;
}

void
forward_scratch(float *out[SCRATCH_COUNT], const struct pass *pass, int worker)
{
	size_t sizes[SCRATCH_COUNT];
	float *at = pass->scratch[worker];

	scratch_sizes(sizes, pass);
	for (int i = 0; i < SCRATCH_COUNT; at += sizes[i++])
		out[i] = at;
}

static enum err
scratch_create(struct pass *pass)
{
	size_t sizes[SCRATCH_COUNT], total = 0, workers = (size_t)work_threads(pass->work);
	size_t experts = pass->block->layer[SLOT_ROUTER] < 0 ? 0 : pass->model->shape.experts;

	scratch_sizes(sizes, pass);
	for (int i = 0; i < SCRATCH_COUNT; i++)
		total += sizes[i];
	pass->scratch = buf_alloc(workers, sizeof(*pass->scratch));
	pass->seen = buf_alloc(workers, sizeof(*pass->seen));
	if (!pass->scratch || !pass->seen)
		return ERR_NOMEM;
	/* One sequence is run by the caller, worker 0. */
	for (size_t i = 0; i < (pass->hidden->sequences == 1 ? 1 : workers); i++) {
		if (!(pass->scratch[i] = buf_alloc(total, sizeof(float))))
			return ERR_NOMEM;
		if (experts && !(pass->seen[i] = buf_alloc(experts, sizeof(**pass->seen))))
			return ERR_NOMEM;
	}
	return OK;
}

/* How this block looks back. */
static enum err
prepare_attention(struct pass *pass, int block)
{
	const struct model_shape *shape = &pass->model->shape;
	uint8_t flags = pass->model->pattern.block[block];
	double scale = shape->attention_scale > 0 ? shape->attention_scale
						  : 1.0 / sqrt((double)shape->head_dim);

	if (shape->scale_by_block)
		scale /= (double)(block + 1);
	pass->scale = (float)scale;
	pass->window = flags & BLOCK_SLIDING ? shape->window : 0;
	pass->rope_which = -1;
	if (shape->rope && !(flags & BLOCK_NO_ROPE))
		pass->rope_which = shape->rope_local && flags & BLOCK_SLIDING;
	if (shape->alibi)
		return alibi_create(&pass->alibi, shape, pass->scale, pass->longest);
	if (pass->rope_which < 0)
		return OK;
	pass->rope_by_length = pass->model->pattern.rope[pass->rope_which].kind->by_length;
	return pass->rope_by_length ? OK
				    : rope_create(&pass->rope, pass->model, pass->rope_which,
						  pass->first, pass->longest);
}

static enum err
make_ones(struct pass *pass)
{
	size_t n = pass->model->shape.hidden;

	if (!pass->model->shape.norm_bare)
		return OK;
	if (!(pass->ones = buf_alloc(n, sizeof(*pass->ones))))
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		pass->ones[i] = 1.0f;
	return OK;
}

/* How far its sequences go, and how much of them at once. */
static void
measure_sequences(struct pass *pass)
{
	const struct hidden *hidden = pass->hidden;

	pass->first = SIZE_MAX;
	for (size_t i = 0; i < hidden->sequences; i++) {
		size_t count = hidden->start[i + 1] - hidden->start[i];
		size_t done = pass->past ? pass->past->done[i] : 0;

		if (!count)
			continue;
		pass->longest = most(pass->longest, done + count);
		pass->first = least(pass->first, done);
		pass->tile = most(pass->tile, least(count, FORWARD_TILE));
	}
	pass->first = least(pass->first, pass->longest);
}

enum err
forward_pass_open(struct pass *pass, int block)
{
	enum err code = OK;

	measure_sequences(pass);
	pass->scores_size = least(ATTENTION_TILE, pass->tile) * pass->longest;
	if (pass->past && pass->past->weights)
		pass->weights = *pass->past->weights;
	else
		code = block_weights_open(&pass->weights, pass->model, block, pass->overlay,
					  pass->work);
	if (!code)
		code = make_ones(pass);
	if (!code)
		code = prepare_attention(pass, block);
	return code ? code : scratch_create(pass);
}

void
forward_pass_close(struct pass *pass)
{
	for (int i = 0; pass->scratch && i < work_threads(pass->work); i++)
		buf_free(pass->scratch[i]);
	for (int i = 0; pass->seen && i < work_threads(pass->work); i++)
		buf_free(pass->seen[i]);
	buf_free(pass->scratch);
	buf_free(pass->seen);
	buf_free(pass->ones);
	buf_free(pass->alibi);
	rope_free(&pass->rope);
	if (!pass->past || !pass->past->weights)
		block_weights_close(&pass->weights);
}
