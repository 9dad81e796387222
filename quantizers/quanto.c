/* quanto: affine 2- and 4-bit codes in groups, symmetric 8-bit integers and 8-bit floats for each
 * row, as optimum-quanto 0.2.7 quantizes linear layers on the CPU, bit for bit. Its hqq optimizer
 * (Badri and Shaji 2023) is solved in float32 whatever the type. */
#include "quantizers/half_quadratic.h"
#include "quantizers/minifloat.h"
#include "quantizers/rows.h"
#include "quantizers/stepwise.h"

#include "core/buf.h"

#include <math.h>
#include <stdio.h>

enum variant { QINT2, QINT4, QINT8, QFLOAT8_E4M3, QFLOAT8_E5M2 };
enum optimizer { BY_VARIANT, ABSMAX, MAX, HQQ };

static const char *const variants[] = { "qint2",        "qint4",        "qint8",
					"qfloat8_e4m3", "qfloat8_e5m2", NULL };
static const char *const optimizers[] = { "default", "absmax", "max", "hqq", NULL };

static const struct param params[] = {
	{ .name = "variant",
	  .type = PARAM_CHOICE,
	  .choices = variants,
	  .def = QINT4,
	  .help = "2 and 4 bits are affine in groups, 8 symmetric for each row" },
	{ .name = "optimizer",
	  .type = PARAM_CHOICE,
	  .choices = optimizers,
	  .help = "what finds the scales: absmax for 8 bits, max (its default) or hqq below" },
	{ .name = "group_size",
	  .type = PARAM_INT,
	  .min = -1,
	  .max = 65536,
	  .def = 128,
	  .help = "of 2 and 4 bits: less by 32s, to 32, until it divides a longer row, else the "
		  "row" },
	STEPWISE_PARAM(FLOAT_32),
	{ 0 },
};

/* hqq's own settings for it. */
enum { HQQ_ITERATIONS = 20, GROUP_STEP = 32, TILE_GROUPS = 1024, CHUNK = 512 };

struct quanto {
	const struct quant_task *task;
	const struct quant_layer *layer;
	struct quantized *out;
	enum float_type type;
	size_t width;                   /* weights that share a scale */
	int bits;                       /* of a code */
	const struct minifloat *format; /* of floats */
	float *shifts;                  /* (groups) of affine codes */
	bool solved;                    /* scales and shifts are known before codes are */
	float *inverse, *zeros;         /* (groups) while hqq solves */
};

static size_t
group_width(double size, size_t columns)
{
	size_t width = (size_t)size;

	if (size <= 0 || columns <= width)
		return columns;
	while (columns % width && width > GROUP_STEP)
		width -= GROUP_STEP;
	return columns % width ? columns : width;
}

static float
rounded(const struct quanto *quanto, float x)
{
	return stepwise_round(x, quanto->type);
}

/* The range of a group as the type holds it: rounding keeps order. */
static void
range_of(float *min, float *max, const struct quanto *quanto, size_t group)
{
	quanto->task->kernels->minmax(min, max, quanto->layer->weight + group * quanto->width,
				      quanto->width);
	*min = rounded(quanto, *min);
	*max = rounded(quanto, *max);
}

static void
fit_affine(const struct quanto *quanto, size_t group)
{
	float min, max, most = (float)((1 << quanto->bits) - 1);

	range_of(&min, &max, quanto, group);
	quanto->out->scales[group] = rounded(quanto, rounded(quanto, max - min) / most);
	quanto->shifts[group] = -min;
}

static enum err
start_tile(void *arg, size_t tile, int worker)
{
	const struct quanto *quanto = arg;
	size_t groups = quanto->out->scale_count, first = tile * TILE_GROUPS;
	size_t end = groups - first < TILE_GROUPS ? groups : first + TILE_GROUPS;

	(void)worker;
	for (size_t g = first; g < end; g++) {
		float scale;

		fit_affine(quanto, g);
		scale = quanto->out->scales[g];
		quanto->inverse[g] = scale > 0.0f ? 1.0f / scale : 1.0f;
		quanto->zeros[g] = quanto->shifts[g] * quanto->inverse[g];
	}
	return work_check(quanto->task->work);
}

/* The solver finds zero points, in codes; quanto's shifts are in weights. */
static enum err
solve_shifts(struct quanto *quanto)
{
	size_t groups = quanto->out->scale_count;
	struct half_quadratic problem = { .weights = quanto->layer->weight,
					  .size = quanto->width,
					  .count = groups,
					  .most = (float)((1 << quanto->bits) - 1),
					  .iterations = HQQ_ITERATIONS,
					  .norm = 0.7f,
					  .beta = 10.0f,
					  .kappa = 1.01f,
					  .early_stop = true,
					  .keep_best = true };
	const struct quant_task *task = quanto->task;
	int steps = 0;
	enum err code;

	work_expect(task->work, (uint64_t)groups * quanto->width * HALF_QUADRATIC_UNITS);
	code = work_each(task->work, (groups + TILE_GROUPS - 1) / TILE_GROUPS, start_tile, quanto);
	if (!code)
		code = half_quadratic_solve(quanto->zeros, &steps, quanto->inverse, &problem,
					    task->kernels, task->work);
	for (size_t g = 0; g < groups && !code; g++)
		quanto->shifts[g] = rounded(quanto, quanto->zeros[g] / quanto->inverse[g]);
	snprintf(quanto->out->note, sizeof(quanto->out->note), "hqq: %d steps", steps);
	return code;
}

static enum err
optimize(struct quanto *quanto)
{
	size_t groups = quanto->out->scale_count;
	enum err code = ERR_NOMEM;

	quanto->solved = true;
	quanto->inverse = buf_alloc_dirty(groups, sizeof(*quanto->inverse));
	quanto->zeros = buf_alloc_dirty(groups, sizeof(*quanto->zeros));
	if (quanto->inverse && quanto->zeros)
		code = solve_shifts(quanto);
	buf_free(quanto->inverse);
	buf_free(quanto->zeros);
	return code;
}

/* A range of zero has a scale of zero, which cannot be divided by: all its codes are the middle. */
static size_t
quantize_affine(const struct quanto *quanto, size_t at, size_t group)
{
	float scale = quanto->out->scales[group];
	struct stepwise map = { .add = quanto->shifts[group],
				.multiply = 1.0f,
				.divide = scale > 0.0f ? scale : 1.0f,
				.most = (float)((1 << quanto->bits) - 1),
				.scale = scale,
				.shift = -quanto->shifts[group],
				.held = quanto->type,
				.encode = quanto->type,
				.decode = quanto->type };

	return quanto->task->kernels->stepwise(quanto->out->codes + at,
					       quanto->out->dequantized + at,
					       quanto->layer->weight + at, quanto->width, &map);
}

static size_t
quantize_int8(const struct quanto *quanto, size_t at, float scale)
{
	struct stepwise map = { .multiply = 1.0f,
				.divide = scale > 0.0f ? scale : 1.0f,
				.zero = 128.0f,
				.most = 255.0f,
				.middle = 128.0f,
				.scale = scale,
				.held = quanto->type,
				.encode = quanto->type,
				.decode = quanto->type };

	return quanto->task->kernels->stepwise(quanto->out->codes + at,
					       quanto->out->dequantized + at,
					       quanto->layer->weight + at, quanto->width, &map);
}

static void
round_run(const struct quanto *quanto, float *x, size_t n)
{
	if (quanto->type == FLOAT_16)
		quanto->task->kernels->round_f16(x, x, n);
	else if (quanto->type == FLOAT_B16)
		quanto->task->kernels->round_bf16(x, x, n);
}

static void
quantize_float8(const struct quanto *quanto, size_t at, float scale)
{
	const struct kernels *kernels = quanto->task->kernels;
	float *out = quanto->out->dequantized + at;
	uint8_t *codes = quanto->out->codes + at;
	size_t n = quanto->width;

	kernels->scale(out, quanto->layer->weight + at, n, 1.0f);
	round_run(quanto, out, n);
	kernels->divide(out, out, n, scale > 0.0f ? scale : 1.0f);
	round_run(quanto, out, n);
	kernels->mini_encode(codes, out, n, 1.0f, quanto->format);
	kernels->mini_decode(out, codes, n, scale, quanto->format);
	round_run(quanto, out, n);
}

static size_t
quantize_row(const struct quanto *quanto, size_t row)
{
	size_t at = row * quanto->width;
	float most = quanto->format ? quanto->format->most : 127.0f;
	float absmax = quanto->task->kernels->absmax(quanto->layer->weight + at, quanto->width);
	float scale = rounded(quanto, rounded(quanto, absmax) / most);

	quanto->out->scales[row] = scale;
	if (!quanto->format)
		return quantize_int8(quanto, at, scale);
	quantize_float8(quanto, at, scale);
	return 0;
}

static size_t
quantize(const struct rows *rows, size_t first, size_t count)
{
	const struct quanto *quanto = rows->scheme;
	size_t groups = rows->layer->columns / quanto->width, clipped = 0;

	(void)count; /* bands are rows */
	if (quanto->bits == 8)
		return quantize_row(quanto, first);
	for (size_t g = first * groups; g < (first + 1) * groups; g++) {
		if (!quanto->solved)
			fit_affine(quanto, g);
		clipped += quantize_affine(quanto, g * quanto->width, g);
	}
	return clipped;
}

/* Groups, as rows of a matrix, are packed with groups far away; a layer's input and output scales
 * are stored even where activations are not quantized. */
static void
count_bits(const struct quanto *quanto)
{
	size_t groups = quanto->out->scale_count, shared = 8 / (size_t)quanto->bits;
	double *parts = quanto->out->part_bits, width = stepwise_bits(quanto->type);
	double packed = 8.0 * (double)((groups + shared - 1) / shared) * (double)quanto->width;

	parts[PART_CODES] = (double)quanto->bits * (double)groups * (double)quanto->width;
	parts[PART_PADDING] = packed - parts[PART_CODES];
	parts[PART_SCALES] = width * (double)groups;
	if (quanto->shifts)
		parts[PART_ZERO_POINTS] = width * (double)groups;
	parts[PART_OTHER] = 2.0 * width;
}

static enum err
allocate(struct quanto *quanto)
{
	size_t groups = quanto->layer->rows * (quanto->layer->columns / quanto->width);
	enum err code = rows_alloc(quanto->out, quanto->layer, groups, false);

	quanto->out->group_count = quanto->layer->columns / quanto->width;
	if (!code && quanto->bits < 8) {
		quanto->shifts = quantized_extra_add(quanto->out, "shifts", QUANT_F32, groups);
		code = quanto->shifts ? OK : ERR_NOMEM;
	}
	return code;
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	static const int bits[] = { 2, 4, 8, 8, 8 };
	const struct minifloat *formats[] = { NULL, NULL, NULL, &minifloat_e4m3fn,
					      &minifloat_e5m2 };
	const struct quant_layer *layer = &task->layers[0];
	size_t variant = (size_t)param_get(params, task->params, "variant");
	struct quanto quanto = {
		.task = task,
		.layer = layer,
		.out = out,
		.type = (enum float_type)param_get(params, task->params, "compute_dtype"),
		.bits = bits[variant],
		.format = formats[variant],
		.width = layer->columns,
	};
	struct rows rows = { task, layer, out, 1, quantize, &quanto };
	enum err code;

	if (quanto.bits < 8)
		quanto.width =
			group_width(param_get(params, task->params, "group_size"), layer->columns);
	code = stepwise_check(task, layer, quanto.type);
	if (!code)
		code = allocate(&quanto);
	if (!code && param_get(params, task->params, "optimizer") == HQQ)
		code = optimize(&quanto);
	if (!code)
		code = rows_run(&rows);
	if (!code)
		count_bits(&quanto);
	return code;
}

static enum err
check(const struct param_values *values, size_t rows, size_t columns)
{
	enum variant variant = (enum variant)param_get(params, values, "variant");
	enum optimizer optimizer = (enum optimizer)param_get(params, values, "optimizer");

	(void)rows;
	(void)columns;
	if (variant < QINT8 && optimizer == ABSMAX)
		return err_at(ERR_RANGE, NULL, "optimizer",
			      "absmax finds no shifts, which %s needs; use max or hqq",
			      variants[variant]);
	if (variant >= QINT8 && optimizer > ABSMAX)
		return err_at(ERR_RANGE, NULL, "optimizer",
			      "%s finds shifts, which %s has not; use absmax",
			      optimizers[optimizer], variants[variant]);
	return OK;
}

const struct quantizer quantizer_quanto = {
	.name = "quanto",
	.family = "rounding",
	.summary = "2 and 4 bits in groups, int8 and float8 for each row, as optimum-quanto does it",
	.paper = "none; its hqq optimizer: Badri and Shaji 2023",
	.repository = "https://github.com/huggingface/optimum-quanto",
	.version = "0.2.7",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "none for weights",
		.bits = "2, 4 and 8; integers and 8-bit floats",
		.groups = "128 by default at 2 and 4 bits, else whole rows",
		.fine_tuning = "yes: its layers quantize as they train until they are frozen",
		.formats = "quanto's own safetensors with a map; transformers cannot save it",
		.kernels = "PyTorch on CPU, NVIDIA, Intel XPU and Apple; faster ones for int4 and "
			   "float8 on NVIDIA",
		.loss = "relative weight error on Gaussian weights: 0.01 at 4 bits, 0.25 at 2 bits "
			"(groups of 128)",
		.sources = "optimum-quanto 0.2.7; transformers' quantization overview",
	},
	.check = check,
	.solve = solve,
};
