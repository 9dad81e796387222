/* torchao's two half-quadratic solvers: for int4 that of hqq with a growing beta, for other
 * integers one that fits scales alone, to the codes of the scales before. */
#include "quantizers/torchao.h"

#include "core/buf.h"
#include "quantizers/half_quadratic.h"

#include <math.h>
#include <stdio.h>

enum { ITERATIONS = 20, TILE_GROUPS = 1024, CHUNK = 512 };

static const float most_inverse = 2e4f, least_scale = 0x1p-23f, tolerance = 1e-5f;

struct tiles {
	struct torchao *torchao;
	const float *weights;
	size_t groups;
	float *moves; /* (tiles, ITERATIONS) the largest relative change of a scale in each */
	int iterations;
};

static size_t
tile_end(const struct tiles *tiles, size_t tile)
{
	size_t first = tile * TILE_GROUPS;

	return tiles->groups - first < TILE_GROUPS ? tiles->groups : first + TILE_GROUPS;
}

static enum err
start_hqq(void *arg, size_t tile, int worker)
{
	const struct tiles *tiles = arg;
	struct torchao *torchao = tiles->torchao;

	(void)worker;
	for (size_t g = tile * TILE_GROUPS; g < tile_end(tiles, tile); g++) {
		float min, max, inverse;

		torchao->task->kernels->minmax(&min, &max, tiles->weights + g * torchao->width,
					       torchao->width);
		inverse = 1.0f / (max - min) * 15.0f;
		inverse = inverse < most_inverse ? inverse : most_inverse;
		torchao->solved[g] = inverse;
		torchao->solved_zeros[g] = rintf(-min * inverse);
	}
	return work_check(torchao->task->work);
}

static enum err
each_tile(struct tiles *tiles, enum err (*fn)(void *arg, size_t tile, int worker))
{
	return work_each(tiles->torchao->task->work,
			 (tiles->groups + TILE_GROUPS - 1) / TILE_GROUPS, fn, tiles);
}

enum err
torchao_solve_hqq(struct torchao *torchao, const float *weights)
{
	struct tiles tiles = { .torchao = torchao,
			       .weights = weights,
			       .groups = torchao->out->scale_count };
	struct half_quadratic problem = { .weights = weights,
					  .size = torchao->width,
					  .count = tiles.groups,
					  .most = 15.0f,
					  .iterations = ITERATIONS,
					  .norm = 0.7f,
					  .beta = 10.0f,
					  .kappa = 1.01f,
					  .early_stop = true };
	const struct work *work = torchao->task->work;
	int steps = 0;
	enum err code;

	work_expect(work, (uint64_t)tiles.groups * torchao->width * HALF_QUADRATIC_UNITS);
	code = each_tile(&tiles, start_hqq);
	if (!code)
		code = half_quadratic_solve(torchao->solved_zeros, &steps, torchao->solved,
					    &problem, torchao->task->kernels, work);
	snprintf(torchao->out->note, sizeof(torchao->out->note), "hqq: %d steps", steps);
	return code;
}

/* The scale of least squares for the codes that the last scale gives, or that scale where all codes
 * are 0. */
static float
fit(const struct torchao *torchao, const float *x, float scale)
{
	const struct kernels *kernels = torchao->task->kernels;
	float middle = ldexpf(1.0f, torchao->bits - 1), values[CHUNK];
	struct stepwise map = { .multiply = 1.0f,
				.divide = scale,
				.zero = middle,
				.most = 2.0f * middle - 1.0f,
				.middle = middle,
				.scale = 1.0f };
	double product = 0.0, square = 0.0;
	uint8_t codes[CHUNK];

	for (size_t at = 0; at < torchao->width; at += CHUNK) {
		size_t n = torchao->width - at < CHUNK ? torchao->width - at : CHUNK;

		kernels->stepwise(codes, values, x + at, n, &map);
		product += kernels->dot(x + at, values, n);
		square += kernels->sq_sum(values, n);
	}
	if (square > 0.0)
		scale = (float)product / (float)square;
	return fmaxf(scale, least_scale);
}

/* Once a scale stands still it does so for good. */
static float
solve_group(const struct tiles *tiles, const float *x, float *moves)
{
	const struct torchao *torchao = tiles->torchao;
	float middle = ldexpf(1.0f, torchao->bits - 1), scale;

	scale = torchao->task->kernels->absmax(x, torchao->width) / middle;
	scale = fmaxf(scale, least_scale);
	for (int i = 0; i < tiles->iterations; i++) {
		float before = scale;

		scale = fit(torchao, x, before);
		moves[i] = fmaxf(moves[i], fabsf(scale - before) / before);
		if (scale == before)
			break;
	}
	return scale;
}

static enum err
solve_tile(void *arg, size_t tile, int worker)
{
	const struct tiles *tiles = arg;
	struct torchao *torchao = tiles->torchao;
	float *moves = tiles->moves + tile * ITERATIONS;
	enum err code = OK;

	(void)worker;
	for (int i = 0; i < ITERATIONS; i++)
		moves[i] = 0.0f;
	for (size_t g = tile * TILE_GROUPS; g < tile_end(tiles, tile) && !code; g++) {
		torchao->solved[g] = solve_group(tiles, tiles->weights + g * torchao->width, moves);
		code = work_check(torchao->task->work);
	}
	if (!code)
		work_advance(torchao->task->work,
			     (tile_end(tiles, tile) - tile * TILE_GROUPS) * torchao->width);
	return code;
}

/* All groups stop at the iteration in which no scale moved by more than the tolerance: known after
 * all have gone on, so those that went too far start again. */
static int
iterations_needed(const struct tiles *tiles)
{
	size_t count = (tiles->groups + TILE_GROUPS - 1) / TILE_GROUPS;

	for (int i = 0; i < ITERATIONS; i++) {
		float most = 0.0f;

		for (size_t tile = 0; tile < count; tile++)
			most = fmaxf(most, tiles->moves[tile * ITERATIONS + (size_t)i]);
		if (most < tolerance)
			return i + 1;
	}
	return ITERATIONS;
}

enum err
torchao_solve_scales(struct torchao *torchao, const float *weights)
{
	struct tiles tiles = { .torchao = torchao,
			       .weights = weights,
			       .groups = torchao->out->scale_count,
			       .iterations = ITERATIONS };
	size_t count = (tiles.groups + TILE_GROUPS - 1) / TILE_GROUPS;
	uint64_t all = (uint64_t)tiles.groups * torchao->width;
	enum err code;

	tiles.moves = buf_alloc(count * ITERATIONS, sizeof(*tiles.moves));
	if (!tiles.moves)
		return ERR_NOMEM;
	work_expect(torchao->task->work, 2 * all);
	code = each_tile(&tiles, solve_tile);
	if (!code) {
		tiles.iterations = iterations_needed(&tiles);
		if (tiles.iterations < ITERATIONS)
			code = each_tile(&tiles, solve_tile);
		else
			work_advance(torchao->task->work, all);
	}
	snprintf(torchao->out->note, sizeof(torchao->out->note), "scales: %d steps",
		 tiles.iterations);
	buf_free(tiles.moves);
	return code;
}
