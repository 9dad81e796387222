/* SINQ: tiles of the matrix are divided by factors of their rows and of their columns that make
 * standard deviations alike (sinkhorn.h), and rounded to the range of each row of a tile (Müller et
 * al. 2025, arXiv 2509.22944), as sinq 0.2.0 computes it:
 *
 *	t = w / column / row, s = max(range, 1e-4) / most, z = -rint(min / s)
 *	code = clamp(rint(t / s + z), 0, most), w ~ (code - z) (s row) column
 *
 * A matrix with outliers, of kurtosis above 5, is rounded without the factors (the reference takes
 * them and puts them back, which moves ties). What is called SINQ there, its method "sinq", also
 * quantizes scales and zero points (quant_aux). Its asinq, which searches AWQ's scales within the
 * tiles, needs calibration and is not computed here; nor are its grids of NF4 and NF3. */
#include "quantizers/rows.h"
#include "quantizers/sinkhorn.h"
#include "quantizers/sinq.h"

#include "core/buf.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double widths[] = { 1, 1.58, 2, 3, 4, 5, 6, 8 };
static const char *const tilings[] = { "1d", "2d", NULL };
static const char *const dtypes[] = { "f16", "f32", NULL };

static const struct param params[] = {
	{ .name = "bits",
	  .type = PARAM_FLOAT,
	  .min = 1,
	  .max = 8,
	  .def = 4,
	  .values = widths,
	  .value_count = sizeof(widths) / sizeof(widths[0]),
	  .help = "bits of one code; 1.58 is three values, stored in 2 bits" },
	{ .name = "group_size",
	  .type = PARAM_INT,
	  .min = -1,
	  .max = 1048576,
	  .def = 64,
	  .help = "columns of a tile, halved until they divide the row; -1 the whole row" },
	{ .name = "tiling",
	  .type = PARAM_CHOICE,
	  .choices = tilings,
	  .help = "1d: a tile has all rows; 2d: as many rows as columns" },
	{ .name = "iterations",
	  .type = PARAM_INT,
	  .min = 0,
	  .max = 200,
	  .def = 16,
	  .help = "steps of the normalisation at most; 0 rounds the weights as they are" },
	{ .name = "kurtosis",
	  .type = PARAM_FLOAT,
	  .min = 0,
	  .max = 1e6,
	  .def = 5,
	  .help = "above this kurtosis of the matrix it is not normalised; 0 is no limit" },
	{ .name = "quant_aux",
	  .type = PARAM_BOOL,
	  .def = 1,
	  .help = "store scales in 8 bits on grids of 32, zero points in 8 bits on one" },
	{ .name = "scale_dtype",
	  .type = PARAM_CHOICE,
	  .choices = dtypes,
	  .help = "type that weights are taken in and factors and scales are stored in" },
	{ 0 },
};

enum { ON_ONE_GRID = 32, SOLVING = 8 };

static const float least_range = 1e-4f;
/* Scales of 16-bit floats hold no more, at 1 bit and after the division. */
static const float most_half = 16384.0f;
/* Zero points of ranges far from zero go no further: products stay finite. */
static const float most_zero = 1e30f;

struct sinq {
	const struct quant_task *task;
	const struct quant_layer *layer;
	struct quantized *out;
	enum scale_dtype dtype;
	size_t width, tile_rows, groups; /* of a tile; tiles side by side */
	int iterations;
	float most;        /* the last code */
	float *columns;    /* (rows / tile_rows, columns) the column factors as stored */
	uint64_t *clipped; /* (tiles) */
};

static double
value(const struct sinq *sinq, const char *name)
{
	return param_get(params, sinq->task->params, name);
}

/* ------------------------------------------------------------------------- tiles */

/* One row of a normalised tile. A row of zeros has scale 0, so that it stays zero. */
static size_t
encode_row(struct sinq *sinq, const float *t, uint8_t *codes, size_t at, float factor)
{
	const struct kernels *kernels = sinq->task->kernels;
	struct quantized *out = sinq->out;
	float min, max, scale, zero;

	kernels->minmax(&min, &max, t, sinq->width);
	if (min == 0.0f && max == 0.0f) {
		memset(codes, 0, sinq->width);
		return 0;
	}
	scale = fmaxf(max - min, least_range) / sinq->most;
	zero = fmaxf(fminf(-rintf(min / scale), most_zero), -most_zero);
	out->scales[at] = grid_narrow(scale * factor, sinq->dtype);
	out->zero_points[at] = grid_narrow(zero, sinq->dtype) + 0.0f;
	return kernels->affine(
		codes, NULL, t, sinq->width,
		&(struct affine){ .scale = scale, .zero = zero, .high = sinq->most });
}

/* The tile is normalised where it lies and its codes are set. */
static enum err
encode_tile(struct sinq *sinq, size_t tile, float *t, const float *row, const float *column)
{
	size_t first = tile / sinq->groups * sinq->tile_rows, group = tile % sinq->groups;
	size_t columns = sinq->layer->columns, n = sinq->width;
	float *stored = sinq->columns + tile / sinq->groups * columns + group * n;
	enum err code = OK;

	for (size_t r = 0; r < sinq->tile_rows && !code; r++) {
		float *x = t + r * n;

		for (size_t c = 0; c < n; c++)
			x[c] = x[c] / column[c] / row[r];
		sinq->clipped[tile] +=
			encode_row(sinq, x, sinq->out->codes + (first + r) * columns + group * n,
				   (first + r) * sinq->groups + group, row[r]);
		code = work_check(sinq->task->work);
	}
	for (size_t c = 0; c < n; c++)
		stored[c] = grid_narrow(column[c], sinq->dtype);
	return code;
}

/* Until all codes are known, the room of the dequantized weights holds tile after tile. */
static enum err
solve_tile(void *arg, size_t tile, int worker)
{
	struct sinq *sinq = arg;
	size_t rows = sinq->tile_rows, n = sinq->width, columns = sinq->layer->columns;
	const float *w = sinq->layer->weight + tile / sinq->groups * rows * columns +
			 tile % sinq->groups * n;
	float *t = sinq->out->dequantized + tile * rows * n;
	float *factors = buf_alloc(rows + n, sizeof(*factors));
	struct sinkhorn_part part = { t, rows };
	struct sinkhorn sinkhorn = { .parts = &part,
				     .part_count = 1,
				     .columns = n,
				     .iterations = sinq->iterations,
				     .kernels = sinq->task->kernels,
				     .work = sinq->task->work };
	enum err code = factors ? OK : ERR_NOMEM;

	(void)worker;
	for (size_t r = 0; r < rows && !code; r++) {
		sinq_take(t + r * n, w + r * columns, n, sinq->dtype, sinq->task->kernels);
		code = work_check(sinq->task->work);
	}
	if (!code)
		code = sinkhorn_solve(factors, factors + rows, &sinkhorn);
	if (!code)
		code = encode_tile(sinq, tile, t, factors, factors + rows);
	buf_free(factors);
	work_advance(sinq->task->work, (uint64_t)SOLVING * rows * n);
	return code;
}

/* ----------------------------------------------------------------------- storing */

static enum err
quantize_aux(struct sinq *sinq, float *values, size_t grids, const char *codes, float *steps,
	     float *least)
{
	bool by_tile = value(sinq, "tiling") != 0.0;
	struct sinq_aux aux = { .values = values,
				.count = sinq->out->scale_count,
				.grids = grids,
				.tile_rows = by_tile ? sinq->tile_rows : 1,
				.tiles = sinq->groups,
				.steps = steps,
				.least = least,
				.dtype = sinq->dtype };

	aux.codes = quantized_extra_add(sinq->out, codes, QUANT_U8, aux.count);
	if (!aux.codes || !steps)
		return ERR_NOMEM;
	return sinq_aux_quantize(&aux, sinq->task->work);
}

/* Grids of 32 scales: the n-th of each 32nd part. Fewer in the last ones where 32 does not divide
 * them, which the reference refuses. */
static size_t
scale_grids(const struct sinq *sinq)
{
	return (sinq->out->scale_count + ON_ONE_GRID - 1) / ON_ONE_GRID;
}

static enum err
store_aux(struct sinq *sinq)
{
	struct quantized *out = sinq->out;
	size_t grids = scale_grids(sinq);
	float *steps = quantized_extra_add(out, "scale_steps", QUANT_F32, grids);
	float *least = steps ? quantized_extra_add(out, "scale_least", QUANT_F32, grids) : NULL;
	float *zero = least ? quantized_extra_add(out, "zero_grid", QUANT_F32, 2) : NULL;
	enum err code = ERR_NOMEM;

	if (zero)
		code = quantize_aux(sinq, out->scales, grids, "scale_codes", steps, least);
	if (!code)
		code = quantize_aux(sinq, out->zero_points, 1, "zero_codes", zero, zero + 1);
	return code;
}

static void
count_bits(struct sinq *sinq)
{
	double *parts = sinq->out->part_bits, width = sinq->dtype == SCALE_F16 ? 16.0 : 32.0;
	double scales = (double)sinq->out->scale_count;
	double factors = (double)(sinq->layer->rows / sinq->tile_rows * sinq->layer->columns);
	double grids = (double)scale_grids(sinq);

	parts[PART_CODES] = value(sinq, "bits") * scales * (double)sinq->width;
	parts[PART_PADDING] =
		sinq_packed_bits(value(sinq, "bits"), sinq->out->scale_count, sinq->width) -
		parts[PART_CODES];
	parts[PART_SCALES] = width * scales;
	parts[PART_ZERO_POINTS] = width * scales;
	if (value(sinq, "quant_aux") != 0.0) {
		parts[PART_SCALES] = 8.0 * scales + 2.0 * width * grids;
		parts[PART_ZERO_POINTS] = 8.0 * scales + 2.0 * width;
	}
	parts[PART_SCALES] += width * factors;
}

static size_t
decode(const struct rows *rows, size_t row, size_t count)
{
	const struct sinq *sinq = rows->scheme;
	const struct kernels *kernels = sinq->task->kernels;
	struct quantized *out = sinq->out;
	size_t columns = sinq->layer->columns;

	(void)count;
	for (size_t g = 0; g < sinq->groups; g++) {
		size_t at = row * columns + g * sinq->width, scale = row * sinq->groups + g;
		struct grid grid = { .scale = out->scales[scale], .zero = out->zero_points[scale] };

		kernels->dequantize(out->dequantized + at, out->codes + at, sinq->width, grid);
	}
	kernels->multiply(out->dequantized + row * columns, out->dequantized + row * columns,
			  sinq->columns + row / sinq->tile_rows * columns, columns);
	return 0;
}

/* ------------------------------------------------------------------------ solving */

/* Columns of a tile, 0 when the row cannot be cut. */
static size_t
tile_width(const struct param_values *values, size_t columns)
{
	double size = param_get(params, values, "group_size");

	return size > 0 ? sinkhorn_width((size_t)size, columns) : columns;
}

static enum err
check_range(const struct sinq *sinq)
{
	float min, max;
	enum err code = rows_range(&min, &max, sinq->task, sinq->layer);

	if (code || sinq->dtype != SCALE_F16 || fmaxf(-min, max) <= most_half)
		return code;
	return err_at(ERR_RANGE, NULL, sinq->layer->name,
		      "a weight of %g is too large for 16-bit scales, at most %g; use "
		      "scale_dtype=f32",
		      (double)fmaxf(-min, max), (double)most_half);
}

static void
note_width(struct sinq *sinq)
{
	if (value(sinq, "group_size") > (double)sinq->width)
		snprintf(sinq->out->note, sizeof(sinq->out->note), "tiles of %zu columns",
			 sinq->width);
}

static enum err
choose_iterations(struct sinq *sinq)
{
	double limit = value(sinq, "kurtosis"), kurtosis = 0.0;
	char *note = sinq->out->note;
	size_t at = strlen(note);
	enum err code = OK;

	sinq->iterations = (int)value(sinq, "iterations");
	if (limit > 0.0)
		code = sinq_kurtosis(&kurtosis, sinq->task, sinq->layer, sinq->dtype);
	if (kurtosis <= limit)
		return code;
	sinq->iterations = 0;
	snprintf(note + at, sizeof(sinq->out->note) - at,
		 "%snot normalised: its kurtosis of %.1f is above %g", at ? "; " : "", kurtosis,
		 limit);
	return code;
}

static enum err
allocate(struct sinq *sinq)
{
	size_t rows = sinq->layer->rows, columns = sinq->layer->columns;
	size_t bands = rows / sinq->tile_rows;
	struct quantized *out = sinq->out;
	enum err code = rows_alloc(out, sinq->layer, rows * sinq->groups, true);

	out->group_count = sinq->groups;
	sinq->clipped = buf_alloc(bands * sinq->groups, sizeof(*sinq->clipped));
	if (code || !sinq->clipped)
		return ERR_NOMEM;
	sinq->columns = quantized_extra_add(out, "column_factors", QUANT_F32, bands * columns);
	if (bands == 1)
		out->method_scale = buf_alloc(columns, sizeof(*out->method_scale));
	return sinq->columns && (bands > 1 || out->method_scale) ? OK : ERR_NOMEM;
}

static enum err
quantize(struct sinq *sinq)
{
	const struct quant_layer *layer = sinq->layer;
	struct rows rows = { sinq->task, layer, sinq->out, 1, decode, sinq };
	size_t tiles = layer->rows / sinq->tile_rows * sinq->groups;
	enum err code;

	work_expect(sinq->task->work, (uint64_t)(SOLVING + 1) * layer->rows * layer->columns);
	code = work_each(sinq->task->work, tiles, solve_tile, sinq);
	if (!code && value(sinq, "quant_aux") != 0.0)
		code = store_aux(sinq);
	if (!code)
		code = rows_run_expected(&rows);
	for (size_t tile = 0; tile < tiles && !code; tile++)
		sinq->out->clipped += sinq->clipped[tile];
	if (!code && sinq->out->method_scale)
		memcpy(sinq->out->method_scale, sinq->columns,
		       layer->columns * sizeof(*sinq->columns));
	return code;
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	struct sinq sinq = { .task = task, .layer = layer, .out = out };
	enum err code;

	sinq.dtype = value(&sinq, "scale_dtype") == 0.0 ? SCALE_F16 : SCALE_F32;
	sinq.most = (float)nearbyint(exp2(value(&sinq, "bits")) - 1.0);
	sinq.width = tile_width(task->params, layer->columns);
	sinq.groups = layer->columns / sinq.width;
	sinq.tile_rows = value(&sinq, "tiling") == 0.0 ? layer->rows : sinq.width;
	note_width(&sinq);
	code = check_range(&sinq);
	if (!code)
		code = choose_iterations(&sinq);
	if (!code)
		code = allocate(&sinq);
	if (!code)
		code = quantize(&sinq);
	if (!code)
		count_bits(&sinq);
	buf_free(sinq.clipped);
	return code;
}

static enum err
check(const struct param_values *values, size_t rows, size_t columns)
{
	double size = param_get(params, values, "group_size");
	size_t width = tile_width(values, columns);

	if (!width)
		return grid_check_divides((size_t)size, columns, "columns");
	if (param_get(params, values, "tiling") != 0.0 && rows % width)
		return err_at(ERR_RANGE, NULL, "tiling",
			      "%zu rows are no whole number of tiles of %zu; use 1d or another "
			      "group_size",
			      rows, width);
	return OK;
}

const struct quantizer quantizer_sinq = {
	.name = "sinq",
	.family = "rounding",
	.summary = "rounds tiles whose rows and columns are first made alike, without data",
	.paper = "Müller et al. 2025, arXiv 2509.22944",
	.repository = "https://github.com/huawei-csl/SINQ",
	.version = "0.2.0",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "none; its asinq, not computed here, takes AWQ's scales from a calibration text",
		.bits = "1 to 6 and 8, and three values (1.58); at 4 bits in groups of 64 4.27",
		.groups = "any of 16 or more that divides the row, 64 usual; squares; the row",
		.fine_tuning = "no loader trains on it",
		.formats = "sinq's own, in .pt and safetensors; transformers loads it through sinq",
		.kernels = "PyTorch on CPU and GPU; GemLite's on NVIDIA for 4 bits",
		.loss = "Qwen3-1.7B, WikiText-2, 16.67 before: 17.14 at 4 bits, 22.39 at 3, groups of 64",
		.sources = "arXiv 2509.22944; sinq 0.2.0",
	},
	.absolute = "ranges below 1e-4 are one step, deviations below 1e-3 are 1e-3, no kurtosis is "
		    "above 5 of variances below 1e-6",
	.check = check,
	.solve = solve,
};
