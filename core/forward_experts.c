/* A mixture of experts (Shazeer et al. 2017, arXiv 1701.06538; as Mixtral and Qwen have it):
 * softmax over the router's logits, the largest few weights, each expert over the tokens that chose
 * it; and a shared expert behind a gate of its own. */
#include "core/forward_private.h"

#include "kernels/forward.h"
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

/* A token's logits become the weights of its experts; those it does not choose get 0. Of equal ones
 * the first. */
static void
choose_experts(float *routed, const struct model_shape *shape)
{
	const struct forward_kernels *kernels = kernels_current()->forward;
	size_t n = shape->experts;
	double sum = kernels->exp_store(routed, kernels->max(routed, n), n), chosen = 0.0;

	/* Chosen ones are marked by their sign. */
	for (size_t k = 0; k < shape->experts_per_token; k++) {
		size_t best = n;

		for (size_t e = 0; e < n; e++)
			if (!signbit(routed[e]) && (best == n || routed[e] > routed[best]))
				best = e;
		if (best == n)
			break;
		chosen += (double)routed[best];
		routed[best] = -routed[best];
	}
	if (shape->experts_normed)
		sum = chosen;
	for (size_t e = 0; e < n; e++)
		routed[e] = signbit(routed[e]) ? (float)(-(double)routed[e] / sum) : 0.0f;
}

static enum err
route(const struct tile_pass *tile, struct rows_in rows)
{
	const struct model_shape *shape = &tile->pass->model->shape;
	int router = tile->pass->block->layer[SLOT_ROUTER];
	float *routed = tile->scratch[SCRATCH_ROUTED];
	enum err code = forward_tap_input(tile, router, rows);

	if (!code)
		code = forward_project(routed, tile, router, rows, NULL, false);
	for (size_t i = 0; i < rows.count && !code; i++)
		choose_experts(routed + i * shape->experts, shape);
	return code;
}

/* What one expert makes of `rows`, into SCRATCH_EXPERT. */
static enum err
run_mlp(const struct tile_pass *tile, const struct mlp *mlp, struct rows_in rows)
{
	struct rows_in inner = { tile->scratch[SCRATCH_GATE], rows.first, rows.count };
	enum err code = forward_tap_input(tile, mlp->gate_up >= 0 ? mlp->gate_up : mlp->up, rows);

	if (!code)
		code = forward_mlp_inner(tile, mlp, rows);
	if (!code)
		code = forward_tap_input(tile, mlp->down, inner);
	if (!code)
		code = forward_project(tile->scratch[SCRATCH_EXPERT], tile, mlp->down, inner, NULL,
				       false);
	return code;
}

static int
layer_of(const int *layers, size_t expert)
{
	return layers ? layers[expert] : -1;
}

static enum err
run_expert(const struct tile_pass *tile, const float *normed, size_t expert)
{
	const struct pass *pass = tile->pass;
	const struct model_shape *shape = &pass->model->shape;
	int *const *layer = pass->block->expert;
	const float *routed = tile->scratch[SCRATCH_ROUTED] + expert;
	const float *made = tile->scratch[SCRATCH_EXPERT];
	float *gathered = tile->scratch[SCRATCH_GATHERED], *branch = tile->scratch[SCRATCH_BRANCH];
	const struct mlp mlp = { .gate_up = layer_of(layer[SLOT_EXPERT_GATE_UP], expert),
				 .gate = layer_of(layer[SLOT_EXPERT_GATE], expert),
				 .up = layer_of(layer[SLOT_EXPERT_UP], expert),
				 .down = layer[SLOT_EXPERT_DOWN][expert],
				 .width = shape->expert_intermediate };
	struct rows_in rows = { gathered, tile->seen[expert], 0 };
	size_t n = shape->hidden;
	enum err code;

	for (size_t i = 0; i < tile->count; i++)
		if (routed[i * shape->experts] > 0.0f)
			memcpy(gathered + rows.count++ * n, normed + i * n, n * sizeof(*gathered));
	if (!rows.count)
		return OK;
	code = run_mlp(tile, &mlp, rows);
	for (size_t i = 0; i < tile->count && !code; i++) {
		float weight = routed[i * shape->experts];

		if (!(weight > 0.0f))
			continue;
		kernels_current()->axpy(branch + i * n, weight, made, n);
		made += n;
	}
	tile->seen[expert] += rows.count;
	return code;
}

static enum err
run_shared(const struct tile_pass *tile, struct rows_in rows)
{
	const struct pass *pass = tile->pass;
	const int *layer = pass->block->layer;
	const struct mlp mlp = { .gate_up = -1,
				 .gate = layer[SLOT_SHARED_GATE],
				 .up = layer[SLOT_SHARED_UP],
				 .down = layer[SLOT_SHARED_DOWN],
				 .width = pass->model->shape.shared_intermediate };
	float *gates = tile->scratch[SCRATCH_ROUTED]; /* no longer needed */
	size_t n = pass->model->shape.hidden;
	enum err code;

	if (mlp.up < 0)
		return OK;
	code = run_mlp(tile, &mlp, rows);
	if (!code && layer[SLOT_SHARED_ROUTER] >= 0)
		code = forward_project(gates, tile, layer[SLOT_SHARED_ROUTER], rows, NULL, false);
	for (size_t i = 0; i < rows.count && !code; i++) {
		float gate = layer[SLOT_SHARED_ROUTER] < 0
				     ? 1.0f
				     : (float)(1.0 / (1.0 + exp(-(double)gates[i])));

		kernels_current()->axpy(tile->scratch[SCRATCH_BRANCH] + i * n, gate,
					tile->scratch[SCRATCH_EXPERT] + i * n, n);
	}
	return code;
}

enum err
forward_experts(const struct tile_pass *tile, const float *normed)
{
	const struct model_shape *shape = &tile->pass->model->shape;
	struct rows_in rows = { normed, tile->first, tile->count };
	enum err code = route(tile, rows);

	memset(tile->scratch[SCRATCH_BRANCH], 0, tile->count * shape->hidden * sizeof(float));
	for (size_t expert = 0; expert < shape->experts && !code; expert++) {
		code = work_check(tile->pass->work);
		if (!code)
			code = run_expert(tile, normed, expert);
	}
	return code ? code : run_shared(tile, rows);
}
