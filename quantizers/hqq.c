/* HQQ: grids with fractional zero points that half-quadratic splitting finds, without data (Badri
 * and Shaji 2023), as hqq 0.2.8.post1 computes it on the CPU by default; quantized scales and zero
 * points as hqq 0.2.1 stored them. */
#include "quantizers/grid.h"
#include "quantizers/half_quadratic.h"
#include "quantizers/hqq.h"

#include "core/buf.h"

#include <math.h>
#include <stdio.h>

static const double widths[] = { 1, 1.58, 2, 3, 4, 5, 6, 7, 8 };

static const struct param params[] = {
	{ .name = "bits",
	  .type = PARAM_FLOAT,
	  .min = 1,
	  .max = 8,
	  .def = 4,
	  .values = widths,
	  .value_count = sizeof(widths) / sizeof(widths[0]),
	  .help = "bits of one code; 1.58 is three values, stored in 2 bits; 5, 6 and 7 in 8" },
	{ .name = "group_size",
	  .type = PARAM_INT,
	  .min = -1,
	  .max = 1048576,
	  .def = 64,
	  .help = "weights that share a scale, across row ends: -1 a whole row or column" },
	{ .name = "axis",
	  .type = PARAM_INT,
	  .min = 0,
	  .max = 1,
	  .def = 1,
	  .help = "1: a group lies along rows; 0: it takes every n-th weight, of n groups" },
	{ .name = "iterations",
	  .type = PARAM_INT,
	  .min = 0,
	  .max = 200,
	  .def = 20,
	  .help = "steps of the solver at most; 0 keeps the zero points of the ranges" },
	{ .name = "norm",
	  .type = PARAM_FLOAT,
	  .min = 0.1,
	  .max = 1,
	  .def = 0.7,
	  .help = "p of the |error|^p to be made least; lower cares less about outliers" },
	{ .name = "beta",
	  .type = PARAM_FLOAT,
	  .min = 0.01,
	  .max = 1e6,
	  .def = 10,
	  .help = "errors below beta^(-1/(2 - norm)), by default 0.17, count alike" },
	{ .name = "kappa",
	  .type = PARAM_FLOAT,
	  .min = 1,
	  .max = 2,
	  .def = 1,
	  .help = "beta grows by it at each step; hqq takes 1.01 and, by default, ignores it" },
	{ .name = "early_stop",
	  .type = PARAM_BOOL,
	  .def = 1,
	  .help = "stop when the mean error of the layer no longer falls" },
	{ .name = "quant_scale",
	  .type = PARAM_BOOL,
	  .def = 0,
	  .help = "store scales in 8 bits, each 128th of them on one grid" },
	{ .name = "quant_zero",
	  .type = PARAM_BOOL,
	  .def = 0,
	  .help = "store zero points in 8 bits, all on one grid" },
	{ .name = "scale_dtype",
	  .type = PARAM_CHOICE,
	  .def = SCALE_F16,
	  .choices = grid_scale_dtypes,
	  .help = "type that scales and zero points are stored in, rounded after solving" },
	{ 0 },
};

enum { TILE_ROWS = 64, TILE_GROUPS = 1024, META_GROUP = 128 };

struct hqq {
	const struct quant_task *task;
	const struct quant_layer *layer;
	struct quantized *out;
	struct half_quadratic problem;
	float *inverse;    /* (groups) codes per unit of weight */
	uint64_t *clipped; /* (row tiles) */
	int steps;
};

static double
value(const struct hqq *hqq, const char *name)
{
	return param_get(params, hqq->task->params, name);
}

static float
last_code(double bits)
{
	return (float)(nearbyint(exp2(bits) - 1.0));
}

static void
start_group(struct hqq *hqq, size_t group, float min, float max)
{
	float inverse = hqq_inverse(max - min, hqq->problem.most), zero = -min * inverse;

	hqq->inverse[group] = inverse;
	hqq->out->zero_points[group] = value(hqq, "bits") == 4.0 ? rintf(zero) : zero;
}

/* Interleaved groups lie side by side: their ranges grow row by row. */
static void
start_interleaved(struct hqq *hqq, size_t first, size_t groups)
{
	const struct half_quadratic *problem = &hqq->problem;
	float min[TILE_GROUPS], max[TILE_GROUPS];

	for (size_t g = 0; g < groups; g++)
		min[g] = max[g] = problem->weights[first + g];
	for (size_t i = 1; i < problem->size; i++)
		hqq->task->kernels->extend(min, max, problem->weights + i * problem->count + first,
					   groups);
	for (size_t g = 0; g < groups; g++)
		start_group(hqq, first + g, min[g], max[g]);
}

static enum err
start_tile(void *arg, size_t tile, int worker)
{
	struct hqq *hqq = arg;
	const struct half_quadratic *problem = &hqq->problem;
	size_t first = tile * TILE_GROUPS, groups = problem->count - first;

	(void)worker;
	groups = groups < TILE_GROUPS ? groups : TILE_GROUPS;
	if (problem->interleaved) {
		start_interleaved(hqq, first, groups);
		return work_check(hqq->task->work);
	}
	for (size_t g = first; g < first + groups; g++) {
		float min, max;

		hqq->task->kernels->minmax(&min, &max, problem->weights + g * problem->size,
					   problem->size);
		start_group(hqq, g, min, max);
	}
	return work_check(hqq->task->work);
}

/* The codes of a run of weights side by side, on the solver's grids; what they stand for, on the
 * stored ones. */
static size_t
encode_run(struct hqq *hqq, size_t at, size_t n, size_t group)
{
	const struct kernels *kernels = hqq->task->kernels;
	struct quantized *out = hqq->out;
	struct affine grid = { .scale = hqq->inverse[group],
			       .zero = out->zero_points[group],
			       .high = hqq->problem.most,
			       .multiplies = 1 };

	return kernels->affine(out->codes + at, NULL, hqq->layer->weight + at, n, &grid);
}

static size_t
run_length(const struct hqq *hqq, size_t at, size_t end, size_t *group)
{
	const struct half_quadratic *problem = &hqq->problem;
	size_t period = problem->interleaved ? problem->count : problem->size;
	size_t n = period - at % period;

	*group = problem->interleaved ? at % period : at / period;
	return n < end - at ? n : end - at;
}

static enum err
encode_tile(void *arg, size_t tile, int worker)
{
	struct hqq *hqq = arg;
	struct quantized *out = hqq->out;
	size_t columns = hqq->layer->columns, at = tile * TILE_ROWS * columns, n, group;
	size_t end = hqq->layer->rows - tile * TILE_ROWS < TILE_ROWS ? hqq->layer->rows * columns
								     : at + TILE_ROWS * columns;
	enum err code = OK;

	(void)worker;
	for (; at < end && !code; at += n) {
		n = run_length(hqq, at, end, &group);
		hqq->clipped[tile] += hqq->problem.interleaved
					      ? hqq->task->kernels->affine_each(
							out->codes + at, hqq->layer->weight + at, n,
							hqq->inverse + group,
							out->zero_points + group, hqq->problem.most)
					      : encode_run(hqq, at, n, group);
		code = work_check(hqq->task->work);
	}
	return code;
}

static void
decode_run(struct hqq *hqq, size_t at, size_t n, size_t group)
{
	const struct kernels *kernels = hqq->task->kernels;
	struct quantized *out = hqq->out;
	struct grid grid = { .scale = out->scales[group], .zero = out->zero_points[group] };

	if (hqq->problem.interleaved)
		kernels->dequantize_each(out->dequantized + at, out->codes + at, n,
					 out->scales + group, out->zero_points + group);
	else
		kernels->dequantize(out->dequantized + at, out->codes + at, n, grid);
}

static enum err
decode_tile(void *arg, size_t tile, int worker)
{
	struct hqq *hqq = arg;
	size_t columns = hqq->layer->columns, row = tile * TILE_ROWS, n, group;
	size_t rows = hqq->layer->rows - row < TILE_ROWS ? hqq->layer->rows - row : TILE_ROWS;
	struct tile done = { .row = row,
			     .rows = rows,
			     .columns = columns,
			     .values = hqq->out->dequantized + row * columns,
			     .stride = columns };

	(void)worker;
	for (size_t at = row * columns; at < (row + rows) * columns; at += n) {
		n = run_length(hqq, at, (row + rows) * columns, &group);
		decode_run(hqq, at, n, group);
	}
	work_publish(hqq->task->work, &done);
	work_advance(hqq->task->work, rows * columns);
	return work_check(hqq->task->work);
}

static enum err
meta_store(struct hqq *hqq, float *values, size_t grids, const char *const names[3])
{
	size_t count = hqq->problem.count;
	struct hqq_meta meta = { .values = values,
				 .count = count,
				 .grids = grids,
				 .dtype = (enum scale_dtype)value(hqq, "scale_dtype") };

	meta.codes = quantized_extra_add(hqq->out, names[0], QUANT_U8, count);
	meta.scales = meta.codes ? quantized_extra_add(hqq->out, names[1], QUANT_F32, grids) : NULL;
	meta.zeros = meta.scales ? quantized_extra_add(hqq->out, names[2], QUANT_F32, grids) : NULL;
	if (!meta.zeros)
		return ERR_NOMEM;
	hqq_meta_quantize(&meta);
	return OK;
}

/* Scales and zero points as they would be read back. Those that are quantized are not rounded
 * before. */
static enum err
store(struct hqq *hqq)
{
	static const char *const scale_names[] = { "scale_codes", "scale_scales", "scale_zeros" };
	static const char *const zero_names[] = { "zero_codes", "zero_scales", "zero_zeros" };
	bool quant_scale = value(hqq, "quant_scale") != 0,
	     quant_zero = value(hqq, "quant_zero") != 0;
	enum scale_dtype dtype = (enum scale_dtype)value(hqq, "scale_dtype");
	struct quantized *out = hqq->out;
	enum err code = OK;

	for (size_t g = 0; g < hqq->problem.count; g++) {
		out->scales[g] = 1.0f / hqq->inverse[g];
		if (!quant_scale)
			out->scales[g] = grid_narrow(out->scales[g], dtype);
		if (!quant_zero)
			out->zero_points[g] = grid_narrow(out->zero_points[g], dtype);
	}
	if (quant_zero)
		code = meta_store(hqq, out->zero_points, 1, zero_names);
	if (quant_scale && !code)
		code = meta_store(hqq, out->scales, hqq->problem.count / META_GROUP, scale_names);
	return code;
}

static void
count_bits(struct hqq *hqq)
{
	const struct half_quadratic *problem = &hqq->problem;
	size_t rows = problem->interleaved ? problem->size : problem->count;
	size_t columns = problem->interleaved ? problem->count : problem->size;
	double width = value(hqq, "scale_dtype") == SCALE_F32 ? 32.0 : 16.0;
	double groups = (double)problem->count, bits = value(hqq, "bits");
	double *parts = hqq->out->part_bits;

	parts[PART_CODES] = bits * groups * (double)problem->size;
	parts[PART_PADDING] = hqq_packed_bits(bits, rows, columns) - parts[PART_CODES];
	parts[PART_SCALES] = groups * width;
	parts[PART_ZERO_POINTS] = groups * width;
	if (value(hqq, "quant_scale") != 0)
		parts[PART_SCALES] = 8.0 * groups + 2.0 * width * groups / META_GROUP;
	if (value(hqq, "quant_zero") != 0)
		parts[PART_ZERO_POINTS] = 8.0 * groups + 2.0 * width;
}

static size_t
group_weights(const struct param_values *values, size_t rows, size_t columns)
{
	double size = param_get(params, values, "group_size");

	if (size > 0)
		return (size_t)size;
	return param_get(params, values, "axis") != 0 ? columns : rows;
}

static enum err
allocate(struct hqq *hqq)
{
	struct quantized *out = hqq->out;
	size_t groups = hqq->problem.count, weights = groups * hqq->problem.size;
	size_t columns = hqq->layer->columns;

	out->rows = hqq->layer->rows;
	out->columns = columns;
	out->scale_count = groups;
	if (!hqq->problem.interleaved && columns % hqq->problem.size == 0)
		out->group_count = columns / hqq->problem.size;
	out->scales = buf_alloc_dirty(groups, sizeof(*out->scales));
	out->zero_points = buf_alloc_dirty(groups, sizeof(*out->zero_points));
	out->codes = buf_alloc_dirty(weights, sizeof(*out->codes));
	out->dequantized = buf_alloc_dirty(weights, sizeof(*out->dequantized));
	hqq->inverse = buf_alloc_dirty(groups, sizeof(*hqq->inverse));
	hqq->clipped = buf_alloc((out->rows + TILE_ROWS - 1) / TILE_ROWS, sizeof(*hqq->clipped));
	return out->scales && out->zero_points && out->codes && out->dequantized && hqq->inverse &&
			       hqq->clipped
		       ? OK
		       : ERR_NOMEM;
}

static enum err
quantize(struct hqq *hqq)
{
	const struct work *work = hqq->task->work;
	const struct half_quadratic *problem = &hqq->problem;
	size_t tiles = (hqq->layer->rows + TILE_ROWS - 1) / TILE_ROWS;
	enum err code =
		work_each(work, (problem->count + TILE_GROUPS - 1) / TILE_GROUPS, start_tile, hqq);

	if (!code && problem->iterations)
		code = half_quadratic_solve(hqq->out->zero_points, &hqq->steps, hqq->inverse,
					    problem, hqq->task->kernels, work);
	if (!code)
		code = work_each(work, tiles, encode_tile, hqq);
	if (!code)
		code = store(hqq);
	if (!code)
		code = work_each(work, tiles, decode_tile, hqq);
	for (size_t tile = 0; tile < tiles && !code; tile++)
		hqq->out->clipped += hqq->clipped[tile];
	return code;
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	struct hqq hqq = { .task = task, .layer = layer, .out = out };
	uint64_t weights = (uint64_t)layer->rows * layer->columns;
	enum err code;

	hqq.problem = (struct half_quadratic){
		.weights = layer->weight,
		.size = group_weights(task->params, layer->rows, layer->columns),
		.interleaved = value(&hqq, "axis") == 0,
		.most = last_code(value(&hqq, "bits")),
		.iterations = (int)value(&hqq, "iterations"),
		.norm = (float)value(&hqq, "norm"),
		.beta = (float)value(&hqq, "beta"),
		.kappa = (float)value(&hqq, "kappa"),
		.early_stop = value(&hqq, "early_stop") != 0,
	};
	hqq.problem.count = (size_t)(weights / hqq.problem.size);
	work_expect(task->work,
		    hqq.problem.iterations ? weights * (1 + HALF_QUADRATIC_UNITS) : weights);
	code = allocate(&hqq);
	if (!code)
		code = quantize(&hqq);
	if (!code)
		count_bits(&hqq);
	if (!code && hqq.problem.iterations)
		snprintf(out->note, sizeof(out->note), "solver: %d of %d steps", hqq.steps,
			 hqq.problem.iterations);
	buf_free(hqq.inverse);
	buf_free(hqq.clipped);
	return code;
}

static enum err
check(const struct param_values *values, size_t rows, size_t columns)
{
	size_t size = group_weights(values, rows, columns), weights = rows * columns;

	enum err code = grid_check_divides(size, weights, "weights");

	if (code)
		return code;
	if (param_get(params, values, "quant_scale") != 0 && weights / size % META_GROUP)
		return err_at(ERR_RANGE, NULL, "quant_scale",
			      "%zu groups are no multiple of 128; use another group_size or false",
			      weights / size);
	return OK;
}

const struct quantizer quantizer_hqq = {
	.name = "hqq",
	.family = "rounding",
	.summary = "fractional zero points found by half-quadratic splitting, without data",
	.paper = "Badri and Shaji 2023, https://mobiusml.github.io/hqq_blog",
	.repository = "https://github.com/mobiusml/hqq",
	.version = "0.2.8.post1",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "none",
		.bits = "1 to 8, and three values (1.58); at 4 bits in groups of 64 4.5",
		.groups = "any that divides the weights, along rows or across them; 64 usual",
		.fine_tuning = "yes: LoRA through hqq and PEFT",
		.formats = "hqq's own, in .pt and safetensors",
		.kernels = "PyTorch on CPU and GPU; torchao's and Marlin's on NVIDIA for 4 bits",
		.loss = "Qwen3-1.7B, WikiText-2, 16.67 before: 18.96 at 4 bits; Qwen3-14B, 8.64 before: 8.78",
		.sources = "SINQ arXiv 2509.22944; hqq 0.2.8.post1",
	},
	.absolute = "ranges below 1e-4 are one step, no step is below 5e-5, errors above 0.17 are "
		    "outliers",
	.check = check,
	.solve = solve,
};
