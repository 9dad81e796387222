/* The attention half of a block. */
#include "core/forward_private.h"

#include "core/attention.h"
#include "core/norm.h"

#include <string.h>

static size_t
kv_width(const struct tile_pass *tile)
{
	const struct model_shape *shape = &tile->pass->model->shape;

	return shape->kv_heads * shape->head_dim;
}

/* Rows of a fused matrix, token by token: all queries, all keys, all values; or for each key head
 * the queries of its group, then its key and its value. */
static void
split_fused(const struct tile_pass *tile)
{
	const struct model_shape *shape = &tile->pass->model->shape;
	size_t dim = shape->head_dim, kv = kv_width(tile), query = shape->heads * dim;
	size_t group = shape->qkv_grouped ? shape->heads / shape->kv_heads : shape->heads;
	size_t keys = shape->qkv_grouped ? 1 : shape->kv_heads, groups = shape->kv_heads / keys;
	const float *from = tile->scratch[SCRATCH_FUSED];
	float *q = tile->scratch[SCRATCH_QUERY];
	float *k = tile->scratch[SCRATCH_KEY] + tile->first * kv;
	float *v = tile->scratch[SCRATCH_VALUE] + tile->first * kv;

	for (size_t i = 0; i < tile->count; i++, q += query, k += kv, v += kv) {
		for (size_t g = 0; g < groups; g++) {
			memcpy(q + g * group * dim, from, group * dim * sizeof(*q));
			from += group * dim;
			memcpy(k + g * keys * dim, from, keys * dim * sizeof(*k));
			from += keys * dim;
			memcpy(v + g * keys * dim, from, keys * dim * sizeof(*v));
			from += keys * dim;
		}
	}
}

static enum err
project_qkv(const struct tile_pass *tile, const float *normed)
{
	const struct pass *pass = tile->pass;
	const int *layer = pass->block->layer;
	const float *const *vector = pass->weights.vector;
	struct rows_in rows = { normed, tile->first, tile->count };
	size_t kv = tile->first * kv_width(tile);
	enum err code;

	if (layer[SLOT_QKV] >= 0) {
		code = forward_tap_input(tile, layer[SLOT_QKV], rows);
		if (!code)
			code = forward_project(tile->scratch[SCRATCH_FUSED], tile, layer[SLOT_QKV],
					       rows, vector[SLOT_QKV_BIAS], false);
		split_fused(tile);
		return code;
	}
	code = forward_tap_input(tile, layer[SLOT_Q], rows);
	if (!code)
		code = forward_project(tile->scratch[SCRATCH_QUERY], tile, layer[SLOT_Q], rows,
				       vector[SLOT_Q_BIAS], false);
	if (!code)
		code = forward_project(tile->scratch[SCRATCH_KEY] + kv, tile, layer[SLOT_K], rows,
				       vector[SLOT_K_BIAS], false);
	if (!code)
		code = forward_project(tile->scratch[SCRATCH_VALUE] + kv, tile, layer[SLOT_V], rows,
				       vector[SLOT_V_BIAS], false);
	return code;
}

/* Queries or keys (count, heads, head_dim): over all heads at once, head by head with one norm, or
 * with one for each head. */
static void
norm_heads(const struct tile_pass *tile, float *x, size_t heads, enum slot weight, enum slot bias)
{
	const struct pass *pass = tile->pass;
	const struct model_shape *shape = &pass->model->shape;
	size_t width = heads * shape->head_dim;
	size_t columns = shape->qk_norm_whole ? width : shape->head_dim;
	size_t step = pass->weights.vector_size[weight] > columns ? columns : 0;
	float *out = tile->scratch[SCRATCH_MIXED]; /* free until attention fills it */

	if (!pass->weights.vector[weight])
		return;
	for (size_t i = 0; i < tile->count; i++, x += width) {
		struct norm norm = { .layer = shape->layer_norm,
				     .eps = shape->norm_eps,
				     .weight = pass->weights.vector[weight],
				     .bias = pass->weights.vector[bias],
				     .columns = columns };

		for (size_t at = 0; at < width; at += columns, norm.weight += step)
			norm_run(out + at, x + at, &norm, 1);
		memcpy(x, out, width * sizeof(*x));
	}
}

static void
clip(float *x, size_t n, float most)
{
	for (size_t i = 0; i < n; i++)
		x[i] = x[i] > most ? most : x[i] < -most ? -most : x[i];
}

/* Clip, norm and turn what was projected. */
static void
turn(const struct tile_pass *tile)
{
	const struct model_shape *shape = &tile->pass->model->shape;
	size_t kv = kv_width(tile), query = shape->heads * shape->head_dim;
	float *q = tile->scratch[SCRATCH_QUERY], most = (float)shape->qkv_clip;
	float *k = tile->scratch[SCRATCH_KEY] + tile->first * kv;

	if (most > 0.0f) {
		clip(q, tile->count * query, most);
		clip(k, tile->count * kv, most);
		clip(tile->scratch[SCRATCH_VALUE] + tile->first * kv, tile->count * kv, most);
	}
	norm_heads(tile, q, shape->heads, SLOT_Q_NORM, SLOT_Q_NORM_BIAS);
	norm_heads(tile, k, shape->kv_heads, SLOT_K_NORM, SLOT_K_NORM_BIAS);
	for (size_t i = 0; tile->rope && i < tile->count; i++) {
		rope_apply(tile->rope, q + i * query, shape->heads, tile->first + i);
		rope_apply(tile->rope, k + i * kv, shape->kv_heads, tile->first + i);
	}
}

enum err
forward_attention(const struct tile_pass *tile, const float *normed)
{
	const struct pass *pass = tile->pass;
	const struct model_shape *shape = &pass->model->shape;
	struct attention attention = { .heads = shape->heads,
				       .kv_heads = shape->kv_heads,
				       .head_dim = shape->head_dim,
				       .first = tile->first,
				       .count = tile->count,
				       .query = tile->scratch[SCRATCH_QUERY],
				       .key = tile->scratch[SCRATCH_KEY],
				       .value = tile->scratch[SCRATCH_VALUE],
				       .scale = pass->scale,
				       .softcap = (float)shape->attention_softcap,
				       .window = pass->window,
				       .bias = pass->alibi,
				       .bias_stride = pass->longest,
				       .out = tile->scratch[SCRATCH_MIXED],
				       .scores = tile->scratch[SCRATCH_SCORES],
				       .scores_size = pass->scores_size,
				       .parallel = pass->hidden->sequences == 1 };
	enum err code = project_qkv(tile, normed);

	if (code)
		return code;
	turn(tile);
	if ((code = attention_run(&attention, pass->work)))
		return code;
	return forward_add_branch(tile, pass->block->layer[SLOT_O], attention.out, SLOT_O_BIAS,
				  SLOT_ATTN_POST_NORM);
}
