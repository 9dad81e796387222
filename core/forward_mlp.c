/* The MLP half of a block. */
#include "core/forward_private.h"

#include "core/activation.h"

#include <string.h>

/* gate and up stand one after the other in each row of a fused matrix. */
static enum err
run_fused(const struct tile_pass *tile, const struct mlp *mlp, struct rows_in rows)
{
	float *fused = tile->scratch[SCRATCH_FUSED], *gate = tile->scratch[SCRATCH_GATE];
	size_t n = mlp->width;
	enum err code = forward_project(fused, tile, mlp->gate_up, rows, mlp->gate_bias, false);

	for (size_t i = 0; i < rows.count && !code; i++) {
		memcpy(gate + i * n, fused + 2 * i * n, n * sizeof(*gate));
		activation_apply(tile->pass->model->shape.activation, gate + i * n,
				 fused + (2 * i + 1) * n, n);
	}
	return code;
}

enum err
forward_mlp_inner(const struct tile_pass *tile, const struct mlp *mlp, struct rows_in rows)
{
	float *gate = tile->scratch[SCRATCH_GATE], *up = tile->scratch[SCRATCH_UP];
	size_t activation = tile->pass->model->shape.activation;
	enum err code;

	if (mlp->gate_up >= 0)
		return run_fused(tile, mlp, rows);
	if (mlp->gate < 0) {
		code = forward_project(gate, tile, mlp->up, rows, mlp->up_bias, false);
		if (!code)
			activation_apply(activation, gate, NULL, rows.count * mlp->width);
		return code;
	}
	code = forward_project(gate, tile, mlp->gate, rows, mlp->gate_bias, false);
	if (!code)
		code = forward_project(up, tile, mlp->up, rows, mlp->up_bias, false);
	if (!code)
		activation_apply(activation, gate, up, rows.count * mlp->width);
	return code;
}

/* What the MLP reads may be what attention read: that is told once. */
static enum err
tap_once(const struct tile_pass *tile, int layer, struct rows_in rows)
{
	const struct pass *pass = tile->pass;
	const int *own = pass->block->layer;
	int attention = own[SLOT_QKV] >= 0 ? own[SLOT_QKV] : own[SLOT_Q];

	if (pass->model->layers[layer].input == pass->model->layers[attention].input)
		return OK;
	return forward_tap_input(tile, layer, rows);
}

enum err
forward_mlp(const struct tile_pass *tile, const float *normed)
{
	const struct pass *pass = tile->pass;
	const int *layer = pass->block->layer;
	const struct mlp mlp = { .gate_up = layer[SLOT_GATE_UP],
				 .gate = layer[SLOT_GATE],
				 .up = layer[SLOT_UP],
				 .down = layer[SLOT_DOWN],
				 .gate_bias = pass->weights.vector[SLOT_GATE_BIAS],
				 .up_bias = pass->weights.vector[SLOT_UP_BIAS],
				 .width = pass->model->shape.intermediate };
	struct rows_in rows = { normed, tile->first, tile->count };
	enum err code;

	if (layer[SLOT_ROUTER] >= 0) {
		code = forward_experts(tile, normed);
		return code ? code : forward_add_stored(tile, SLOT_MLP_POST_NORM);
	}
	code = tap_once(tile, mlp.gate_up >= 0 ? mlp.gate_up : mlp.up, rows);
	if (!code)
		code = forward_mlp_inner(tile, &mlp, rows);
	return code ? code
		    : forward_add_branch(tile, mlp.down, tile->scratch[SCRATCH_GATE],
					 SLOT_DOWN_BIAS, SLOT_MLP_POST_NORM);
}
