/* Half-quadratic splitting after Badri and Shaji, "Half-Quadratic Quantization of Large Machine
 * Learning Models" (2023), as hqq 0.2.8 runs it by default: beta stays as it is, and the zeros that
 * come with the step that no longer helps are kept.
 *
 * When to stop is known only when all groups have taken a step, so groups take several of them
 * while they lie in the cache, and what went too far is forgotten. */
#include "quantizers/half_quadratic.h"

#include "core/buf.h"

#include <math.h>
#include <string.h>

enum { BATCH = 4, TILE = 1 << 16, GATHER_LEAST = 16, GATHER_MOST = 1 << 20 };

/* Past errors |d| <= bound nothing is shrunk: |d|^(2 - p) = 1 / beta, less a hair for rounding. */
static float
shrink_bound(float norm, float beta)
{
	return (float)(pow((double)beta, -1.0 / (2.0 - (double)norm)) * 0.9999);
}

struct solver {
	const struct half_quadratic *problem;
	const struct kernels *kernels;
	const struct work *work;
	const float *scale;
	float *history[BATCH + 2]; /* (count) zeros: one before the batch, its start, its steps; the
				      caller's own is among them */
	float *gathered;           /* (threads, tile_groups, size) when interleaved */
	double *errors;            /* (tiles, BATCH) sums of |d| */
	size_t tile_groups, tiles;
	float beta[BATCH], bound[BATCH]; /* of each step of the batch */
	int batch, batch_most;           /* steps in it */
	double best;
	int taken;
};

static void
gather(float *out, const struct half_quadratic *problem, size_t first, size_t groups)
{
	for (size_t i = 0; i < problem->size; i++)
		for (size_t g = 0; g < groups; g++)
			out[g * problem->size + i] =
				problem->weights[i * problem->count + first + g];
}

static enum err
step_group(struct solver *solver, const float *x, size_t group, double *errors)
{
	const struct half_quadratic *problem = solver->problem;
	struct zero_step step = { .scale = solver->scale[group],
				  .zero = solver->history[1][group],
				  .most = problem->most,
				  .norm = problem->norm - 1.0f };
	enum err code = OK;

	for (int i = 0; i < solver->batch && !code; i++) {
		double sum;

		step.beta = solver->beta[i];
		step.bound = solver->bound[i];
		errors[i] += solver->kernels->zero_step(&sum, x, problem->size, &step);
		step.zero = (float)(sum / (double)problem->size);
		solver->history[2 + i][group] = step.zero;
		if (problem->size >= TILE)
			code = work_check(solver->work);
	}
	return code;
}

static enum err
step_tile(void *arg, size_t tile, int worker)
{
	struct solver *solver = arg;
	const struct half_quadratic *problem = solver->problem;
	size_t first = tile * solver->tile_groups, groups = problem->count - first;
	const float *x = problem->weights + first * problem->size;
	double *errors = solver->errors + tile * BATCH;
	enum err code = OK;

	groups = groups < solver->tile_groups ? groups : solver->tile_groups;
	if (problem->interleaved) {
		float *room =
			solver->gathered + (size_t)worker * solver->tile_groups * problem->size;

		gather(room, problem, first, groups);
		x = room;
	}
	memset(errors, 0, BATCH * sizeof(*errors));
	for (size_t g = 0; g < groups && !code; g++)
		code = step_group(solver, x + g * problem->size, first + g, errors);
	return code ? code : work_check(solver->work);
}

static float
mean_error(const struct solver *solver, int step)
{
	double weights = (double)solver->problem->size * (double)solver->problem->count;
	double sum = 0.0;

	for (size_t tile = 0; tile < solver->tiles; tile++)
		sum += solver->errors[tile * BATCH + (size_t)step];
	return (float)(sum / weights);
}

/* Look at the errors of the batch in turn: false once one no longer falls, and *end is the entry of
 * the history that solves the problem. */
static bool
batch_helped(struct solver *solver, int *end)
{
	const struct half_quadratic *problem = solver->problem;

	for (int i = 0; i < solver->batch; i++) {
		double error = (double)mean_error(solver, i);

		solver->taken++;
		if (problem->early_stop && !(error < solver->best)) {
			*end = problem->keep_best ? i : i + 2;
			return false;
		}
		solver->best = error;
	}
	*end = solver->batch + 1;
	return true;
}

/* The last two entries are where the next batch starts from. */
static void
history_turn(struct solver *solver)
{
	for (int i = 0; i < 2; i++) {
		float *kept = solver->history[solver->batch + i];

		solver->history[solver->batch + i] = solver->history[i];
		solver->history[i] = kept;
	}
}

/* The error of zeros is known a step later than the zeros: keeping the best takes a step more. */
static int
steps_wanted(const struct half_quadratic *problem)
{
	return problem->iterations + (problem->keep_best ? 1 : 0);
}

static void
batch_begin(struct solver *solver, float beta)
{
	int left = steps_wanted(solver->problem) - solver->taken;

	solver->batch = left < solver->batch_most ? left : solver->batch_most;
	for (int i = 0; i < solver->batch; i++, beta *= solver->problem->kappa) {
		solver->beta[i] = beta;
		solver->bound[i] = shrink_bound(solver->problem->norm, beta);
	}
}

static enum err
run(float *zero, struct solver *solver)
{
	const struct half_quadratic *problem = solver->problem;
	uint64_t units = (uint64_t)problem->size * problem->count * HALF_QUADRATIC_UNITS, told = 0;
	int wanted = steps_wanted(problem), end = 1;
	float beta = problem->beta;
	bool falling = true;

	while (falling && solver->taken < wanted) {
		enum err code;

		batch_begin(solver, beta);
		code = work_each(solver->work, solver->tiles, step_tile, solver);
		if (code)
			return code;
		falling = batch_helped(solver, &end);
		beta = solver->beta[solver->batch - 1] * problem->kappa;
		if (falling && solver->taken < wanted)
			history_turn(solver);
		work_advance(solver->work,
			     units * (uint64_t)solver->taken / (uint64_t)wanted - told);
		told = units * (uint64_t)solver->taken / (uint64_t)wanted;
	}
	/* Its last step, which still helped, only told the error of the zeros before it. */
	if (falling && problem->keep_best && end > 1)
		end--;
	if (solver->history[end] != zero)
		memcpy(zero, solver->history[end], problem->count * sizeof(*zero));
	work_advance(solver->work, units - told);
	return OK;
}

static size_t
groups_in_tile(const struct half_quadratic *problem)
{
	size_t groups = TILE / problem->size;

	if (problem->interleaved && groups < GATHER_LEAST)
		groups = GATHER_LEAST;
	if (problem->interleaved && groups * problem->size > GATHER_MOST)
		groups = GATHER_MOST / problem->size;
	groups = groups < problem->count ? groups : problem->count;
	return groups ? groups : 1;
}

/* The history of small groups is large: it stays below a quarter of the weights from 8 on. */
static int
steps_in_batch(const struct half_quadratic *problem)
{
	size_t steps = problem->size / 8;

	return steps < 1 ? 1 : steps < BATCH ? (int)steps : BATCH;
}

static enum err
allocate(struct solver *solver, float *zero)
{
	const struct half_quadratic *problem = solver->problem;
	size_t room = solver->tile_groups * problem->size;

	solver->history[1] = zero;
	for (int i = 0; i < solver->batch_most + 2; i++) {
		if (!solver->history[i])
			solver->history[i] = buf_alloc_dirty(problem->count, sizeof(float));
		if (!solver->history[i])
			return ERR_NOMEM;
	}
	if (problem->interleaved) {
		solver->gathered =
			buf_alloc_dirty((size_t)work_threads(solver->work) * room, sizeof(float));
		if (!solver->gathered)
			return ERR_NOMEM;
	}
	solver->errors = buf_alloc_dirty(solver->tiles * BATCH, sizeof(double));
	return solver->errors ? OK : ERR_NOMEM;
}

enum err
half_quadratic_solve(float *zero, int *steps, const float *scale,
		     const struct half_quadratic *problem, const struct kernels *kernels,
		     const struct work *work)
{
	struct solver solver = { .problem = problem,
				 .kernels = kernels,
				 .work = work,
				 .scale = scale,
				 .best = INFINITY,
				 .batch_most = steps_in_batch(problem),
				 .tile_groups = groups_in_tile(problem) };
	enum err code;

	solver.tiles = (problem->count + solver.tile_groups - 1) / solver.tile_groups;
	code = allocate(&solver, zero);
	if (!code)
		code = run(zero, &solver);
	*steps += solver.taken;
	for (int i = 0; i < BATCH + 2; i++)
		if (solver.history[i] != zero)
			buf_free(solver.history[i]);
	buf_free(solver.gathered);
	buf_free(solver.errors);
	return code;
}
