/* One block over all sequences: the residual stream, and what its two halves share. */
#include "core/forward_private.h"

#include "core/buf.h"
#include "core/matmul.h"
#include "core/norm.h"
#include "kernels/forward.h"
#include "kernels/kernels.h"

#include <string.h>

enum err
forward_tap_input(const struct tile_pass *tile, int layer, struct rows_in rows)
{
	const struct pass *pass = tile->pass;
	const struct layer *l = &pass->model->layers[layer];

	if (!pass->tap || l->input < 0)
		return OK;
	return pass->tap->input(pass->tap->ctx, l->input, tile->sequence, rows.first, rows.x,
				rows.count, l->columns);
}

enum err
forward_project(float *out, const struct tile_pass *tile, int layer, struct rows_in rows,
		const float *bias, bool add)
{
	const struct pass *pass = tile->pass;
	const struct layer *l = &pass->model->layers[layer];
	const struct replacement *replaced = overlay_find(pass->overlay, layer);
	float *effect = tile->scratch[SCRATCH_EFFECT];
	enum err code;

	if (replaced && replaced->effect) {
		memcpy(effect, rows.x, rows.count * l->columns * sizeof(*effect));
		rows.x = effect;
		replaced->effect->apply(replaced->effect, effect, rows.count, l->columns);
	}
	code = matmul_run(&(struct matmul){ .tokens = rows.count,
					    .rows = l->rows,
					    .columns = l->columns,
					    .x = rows.x,
					    .x_stride = l->columns,
					    .weight = block_matrix(&pass->weights, layer),
					    .out = out,
					    .out_stride = l->rows,
					    .add = add },
			  pass->work);
	for (size_t i = 0; bias && i < rows.count && !code; i++)
		kernels_current()->axpy(out + i * l->rows, 1.0f, bias, l->rows);
	return code;
}

void
forward_norm(float *out, const struct tile_pass *tile, const float *x, enum slot weight,
	     enum slot bias)
{
	const struct pass *pass = tile->pass;
	const struct model_shape *shape = &pass->model->shape;
	struct norm norm = { .layer = shape->layer_norm,
			     .eps = shape->norm_eps,
			     .weight = pass->weights.vector[weight],
			     .bias = bias == SLOT_COUNT ? NULL : pass->weights.vector[bias],
			     .columns = shape->hidden };

	if (!norm.weight)
		norm.weight = pass->ones;
	if (norm.weight)
		norm_run(out, x, &norm, tile->count);
	else
		memcpy(out, x, tile->count * shape->hidden * sizeof(*out));
}

enum err
forward_add_stored(const struct tile_pass *tile, enum slot post_norm)
{
	const struct pass *pass = tile->pass;
	const struct model_shape *shape = &pass->model->shape;
	float *branch = tile->scratch[SCRATCH_BRANCH], *post = tile->scratch[SCRATCH_POST];
	float scale = shape->residual_scale > 0 ? (float)shape->residual_scale : 1.0f;

	if (post_norm != SLOT_COUNT && pass->weights.vector[post_norm]) {
		forward_norm(post, tile, branch, post_norm, SLOT_COUNT);
		branch = post;
	}
	kernels_current()->axpy(tile->x, scale, branch, tile->count * shape->hidden);
	return OK;
}

enum err
forward_add_branch(const struct tile_pass *tile, int layer, const float *x, enum slot bias,
		   enum slot post_norm)
{
	const struct pass *pass = tile->pass;
	const struct rows_in rows = { x, tile->first, tile->count };
	const float *added = bias == SLOT_COUNT ? NULL : pass->weights.vector[bias];
	bool plain = !added && !pass->weights.vector[post_norm] &&
		     !(pass->model->shape.residual_scale > 0);
	enum err code = forward_tap_input(tile, layer, rows);

	if (code)
		return code;
	if (plain)
		return forward_project(tile->x, tile, layer, rows, NULL, true);
	code = forward_project(tile->scratch[SCRATCH_BRANCH], tile, layer, rows, added, false);
	return code ? code : forward_add_stored(tile, post_norm);
}

/* Norm the stream itself, where norms follow its sums. */
static void
norm_stream(const struct tile_pass *tile, enum slot weight, enum slot bias)
{
	float *normed = tile->scratch[SCRATCH_NORMED];

	forward_norm(normed, tile, tile->x, weight, bias);
	memcpy(tile->x, normed, tile->count * tile->pass->model->shape.hidden * sizeof(*normed));
}

static enum err
run_after(const struct tile_pass *tile)
{
	enum err code = forward_attention(tile, tile->x);

	if (code)
		return code;
	norm_stream(tile, SLOT_ATTN_NORM, SLOT_ATTN_NORM_BIAS);
	if ((code = forward_mlp(tile, tile->x)))
		return code;
	norm_stream(tile, SLOT_MLP_NORM, SLOT_MLP_NORM_BIAS);
	return OK;
}

/* What a half reads; the stream becomes it where the family says so. */
static float *
norm_into(enum scratch_part part, const struct tile_pass *tile, enum slot weight, enum slot bias)
{
	const struct model_shape *shape = &tile->pass->model->shape;
	float *normed = tile->scratch[part];

	forward_norm(normed, tile, tile->x, weight, bias);
	if (shape->residual_normed)
		memcpy(tile->x, normed, tile->count * shape->hidden * sizeof(*normed));
	return normed;
}

static enum err
run_tile(const struct tile_pass *tile)
{
	const struct model_shape *shape = &tile->pass->model->shape;
	const float *normed, *mlp_normed = NULL;
	enum err code;

	if (shape->norm_after)
		return run_after(tile);
	normed = norm_into(SCRATCH_NORMED, tile, SLOT_ATTN_NORM, SLOT_ATTN_NORM_BIAS);
	if (shape->parallel)
		mlp_normed = shape->separate_norm ? norm_into(SCRATCH_MLP_NORMED, tile,
							      SLOT_MLP_NORM, SLOT_MLP_NORM_BIAS)
						  : normed;
	if ((code = forward_attention(tile, normed)))
		return code;
	if (!mlp_normed)
		mlp_normed = norm_into(SCRATCH_NORMED, tile, SLOT_MLP_NORM, SLOT_MLP_NORM_BIAS);
	return forward_mlp(tile, mlp_normed);
}

static enum err
run_tiles(struct tile_pass *tile, float *x, size_t done, size_t tokens)
{
	const struct pass *pass = tile->pass;
	enum err code = OK;

	for (size_t first = 0; first < tokens && !code; first += FORWARD_TILE) {
		size_t left = tokens - first;

		tile->first = done + first;
		tile->count = left < FORWARD_TILE ? left : FORWARD_TILE;
		tile->x = x + first * pass->hidden->columns;
		code = work_check(pass->work);
		if (!code)
			code = run_tile(tile);
		work_advance(pass->work, tile->count);
	}
	return code;
}

static enum err
run_sequence(void *arg, size_t index, int worker)
{
	struct pass *pass = arg;
	struct hidden *hidden = pass->hidden;
	const struct forward_past *past = pass->past;
	size_t begin = hidden->start[index], tokens = hidden->start[index + 1] - begin;
	size_t done = past ? past->done[index] : 0;
	float *scratch[SCRATCH_COUNT];
	struct rope rope = { 0 };
	struct tile_pass tile = { .pass = pass,
				  .scratch = scratch,
				  .seen = pass->seen[worker],
				  .rope = pass->rope_which < 0 ? NULL : &pass->rope,
				  .sequence = index };
	enum err code = OK;

	forward_scratch(scratch, pass, worker);
	if (tile.seen)
		memset(tile.seen, 0, pass->model->shape.experts * sizeof(*tile.seen));
	if (past) {
		scratch[SCRATCH_KEY] = past->key[index];
		scratch[SCRATCH_VALUE] = past->value[index];
	}
	if (pass->rope_by_length && tokens) {
		code = rope_create(&rope, pass->model, pass->rope_which, done, done + tokens);
		tile.rope = &rope;
	}
	if (!code)
		code = run_tiles(&tile, hidden->x + begin * hidden->columns, done, tokens);
	rope_free(&rope);
	return code;
}

static enum err
run_block(struct pass *pass, int block)
{
	enum err code;

	pass->block = &pass->model->blocks[block];
	code = forward_pass_open(pass, block);
	if (!code)
		code = work_each(pass->work, pass->hidden->sequences, run_sequence, pass);
	forward_pass_close(pass);
	return code;
}

enum err
forward_block(struct hidden *x, const struct model *model, int block, const struct overlay *overlay,
	      const struct forward_tap *tap, const struct work *work)
{
	return run_block(
		&(struct pass){
			.hidden = x, .model = model, .overlay = overlay, .tap = tap, .work = work },
		block);
}

enum err
forward_block_after(struct hidden *x, const struct model *model, int block,
		    const struct overlay *overlay, const struct forward_past *past,
		    const struct work *work)
{
	return run_block(&(struct pass){ .hidden = x,
					 .model = model,
					 .overlay = overlay,
					 .past = past,
					 .work = work },
			 block);
}
