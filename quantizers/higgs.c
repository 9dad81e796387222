/* HIGGS: blocks of a row are rotated by a Hadamard matrix, which makes their weights nearly normal,
 * and rounded to the grid that is best for normal numbers or pairs of them (Malinovskii et al.
 *2024, arXiv 2411.17525), as transformers 5.23.0 does it (integrations/higgs.py), with grids of our
 *own. With H the Hadamard matrix of +1 and -1 and n the size of a block w:
 *
 *	code = nearest point to H w / |w|     s = |w| / sqrt(n)     w ~ H point(code) s / sqrt(n)
 */
#include "quantizers/higgs.h"

#include "quantizers/grid.h"
#include "quantizers/rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double widths[] = { 2, 3, 4 };
static const double sizes[] = { 64, 128, 256, 512, 1024, 2048, 4096 };
static const double groups[] = { -1, 32, 64, 128, 256 };

static const struct param params[] = {
	{ .name = "bits",
	  .type = PARAM_INT,
	  .min = 2,
	  .max = 4,
	  .def = 4,
	  .values = widths,
	  .value_count = sizeof(widths) / sizeof(widths[0]),
	  .help = "bits of one weight" },
	{ .name = "p",
	  .type = PARAM_INT,
	  .min = 1,
	  .max = 2,
	  .def = 2,
	  .help = "weights that are rounded together, to a grid of as many dimensions" },
	{ .name = "hadamard_size",
	  .type = PARAM_INT,
	  .min = 64,
	  .max = 4096,
	  .def = 512,
	  .values = sizes,
	  .value_count = sizeof(sizes) / sizeof(sizes[0]),
	  .help = "weights of a row that are rotated together and share a scale, at most" },
	{ .name = "group_size",
	  .type = PARAM_INT,
	  .min = -1,
	  .max = 256,
	  .def = 256,
	  .values = groups,
	  .value_count = sizeof(groups) / sizeof(groups[0]),
	  .help = "FLUTE stores a copy of a block's scale for each so many weights; -1: one copy" },
	{ .name = "pad",
	  .type = PARAM_BOOL,
	  .def = 0,
	  .help = "fill rows up to a multiple of hadamard_size, as transformers does, where "
		  "smaller blocks would be stored in fewer bits" },
	{ .name = "scale_dtype",
	  .type = PARAM_CHOICE,
	  .def = SCALE_F16,
	  .choices = grid_scale_dtypes,
	  .help = "type that scales and grids are stored in" },
	{ 0 },
};

enum { SIZE_MOST = 4096, POINTS_MOST = 256, LINE_MOST = 16 };

struct higgs {
	const struct kernels *kernels;
	int bits, p;
	enum scale_dtype dtype;
	size_t size, blocks;         /* weights in a block, blocks in a row */
	uint8_t *padded;             /* (rows, blocks * size) or NULL */
	float bounds[LINE_MOST - 1]; /* p = 1: infinite beyond the last */
	float x[POINTS_MOST], y[POINTS_MOST], half[POINTS_MOST]; /* p = 2 */
	float stored_x[POINTS_MOST], stored_y[POINTS_MOST];      /* as they read back; p = 1: x */
};

/* In place, as they read back. Unlike a scale that is divided by, one that is too small becomes
 * zero. */
static void
narrow(const struct higgs *higgs, float *x, size_t n)
{
	if (higgs->dtype == SCALE_F16)
		higgs->kernels->round_f16(x, x, n);
	else if (higgs->dtype == SCALE_BF16)
		higgs->kernels->round_bf16(x, x, n);
}

static double
type_bits(enum scale_dtype dtype)
{
	return dtype == SCALE_F32 ? 32.0 : 16.0;
}

/* The power of two that stores a row in the fewest bits, the largest of equals: scales weigh
 * against filling up. */
static size_t
block_size(const struct higgs *higgs, size_t most, size_t columns)
{
	size_t best = most;
	double least = INFINITY;

	for (size_t size = 2; size <= most; size *= 2) {
		size_t blocks = (columns + size - 1) / size;
		double bits =
			(double)blocks * ((double)size * higgs->bits + type_bits(higgs->dtype));

		if (bits <= least) {
			best = size;
			least = bits;
		}
	}
	return best;
}

static void
take_line(struct higgs *higgs)
{
	static const float *const lines[] = { higgs_line_4, higgs_line_8, higgs_line_16 };
	const float *line = lines[higgs->bits - 2];
	size_t n = (size_t)1 << higgs->bits;

	for (size_t i = 0; i + 1 < LINE_MOST; i++)
		higgs->bounds[i] = i + 1 < n ? 0.5f * (line[i] + line[i + 1]) : INFINITY;
	memcpy(higgs->stored_x, line, n * sizeof(*line));
	narrow(higgs, higgs->stored_x, n);
}

static void
take_plane(struct higgs *higgs)
{
	static const float *const planes[] = { higgs_plane_16, higgs_plane_64, higgs_plane_256 };
	const float *points = planes[higgs->bits - 2];
	size_t n = (size_t)1 << 2 * higgs->bits;

	for (size_t i = 0; i < n; i++) {
		float x = points[2 * i], y = points[2 * i + 1];

		higgs->x[i] = higgs->stored_x[i] = x;
		higgs->y[i] = higgs->stored_y[i] = y;
		higgs->half[i] = 0.5f * (x * x + y * y);
	}
	narrow(higgs, higgs->stored_x, n);
	narrow(higgs, higgs->stored_y, n);
}

/* The point's number has twice the bits of a code: its upper half is the first weight's code. */
static void
round_pairs(const struct higgs *higgs, float *x, uint8_t *codes)
{
	struct plane_grid grid = { (size_t)1 << 2 * higgs->bits, higgs->x, higgs->y, higgs->half };
	uint8_t mask = (uint8_t)((1 << higgs->bits) - 1), points[SIZE_MOST / 2];

	higgs->kernels->nearest_point(points, x, higgs->size / 2, &grid);
	for (size_t i = 0; i < higgs->size / 2; i++) {
		codes[2 * i] = (uint8_t)(points[i] >> higgs->bits);
		codes[2 * i + 1] = points[i] & mask;
		x[2 * i] = higgs->stored_x[points[i]];
		x[2 * i + 1] = higgs->stored_y[points[i]];
	}
}

/* A block x (size) becomes H x / norm. Sums are up to 64 times the norm: where those would be
 * beyond the floats, a power of two comes out first. */
static void
rotate(const struct higgs *higgs, float *x, float norm)
{
	const struct kernels *kernels = higgs->kernels;
	float down = norm < 0x1p100f ? 1.0f : 0x1p-64f;

	if (down != 1.0f)
		kernels->scale(x, x, higgs->size, down);
	kernels->hadamard(x, higgs->size);
	kernels->divide(x, x, higgs->size, norm > 0.0f ? norm * down : 1.0f);
}

/* A block x (size) becomes what its codes stand for; returns the stored scale. */
static float
round_block(const struct higgs *higgs, float *x, uint8_t *codes)
{
	const struct kernels *kernels = higgs->kernels;
	float norm = (float)sqrt(kernels->sq_sum(x, higgs->size));
	float root = sqrtf((float)higgs->size), scale = norm / root;

	narrow(higgs, &scale, 1);
	if (higgs->dtype == SCALE_F16)
		scale = fminf(scale, 65504.0f);
	rotate(higgs, x, norm);
	if (higgs->p == 1) {
		kernels->lookup_encode(codes, x, higgs->size, 1.0f, higgs->bounds);
		kernels->lookup_decode(x, codes, higgs->size, 1.0f, higgs->stored_x);
	} else {
		round_pairs(higgs, x, codes);
	}
	kernels->hadamard(x, higgs->size);
	kernels->scale(x, x, higgs->size, scale / root);
	return scale;
}

static size_t
quantize(const struct rows *rows, size_t row, size_t count)
{
	const struct higgs *higgs = rows->scheme;
	size_t columns = rows->layer->columns, wide = higgs->blocks * higgs->size;
	float x[SIZE_MOST];
	uint8_t codes[SIZE_MOST];

	(void)count; /* bands are rows */
	for (size_t b = 0; b < higgs->blocks; b++) {
		size_t first = b * higgs->size, at = row * columns + first;
		size_t n = columns - first < higgs->size ? columns - first : higgs->size;

		memcpy(x, rows->layer->weight + at, n * sizeof(*x));
		memset(x + n, 0, (higgs->size - n) * sizeof(*x));
		rows->out->scales[row * higgs->blocks + b] = round_block(higgs, x, codes);
		memcpy(rows->out->dequantized + at, x, n * sizeof(*x));
		memcpy(rows->out->codes + at, codes, n);
		if (higgs->padded)
			memcpy(higgs->padded + row * wide + first, codes, higgs->size);
	}
	return 0;
}

/* As HiggsLinear holds them: beside codes and scales a table of the codes and one of all pairs of
 * codes, whatever p is. */
static void
count_bits(struct quantized *out, const struct higgs *higgs, double group)
{
	double rows = (double)out->rows, wide = (double)(higgs->blocks * higgs->size);
	double width = type_bits(higgs->dtype), *parts = out->part_bits;
	double copies = group > 0.0 ? fmax((double)higgs->size / group, 1.0) : 1.0;

	parts[PART_CODES] = (double)higgs->bits * rows * (double)out->columns;
	parts[PART_PADDING] = (double)higgs->bits * rows * wide - parts[PART_CODES];
	parts[PART_SCALES] = width * rows * (double)higgs->blocks * copies;
	parts[PART_CODEBOOKS] = width * (exp2((double)higgs->bits) + 2.0 * exp2(2.0 * higgs->bits));
}

static enum err
allocate(struct quantized *out, const struct quant_layer *layer, struct higgs *higgs)
{
	size_t wide = higgs->blocks * higgs->size;
	enum err code = rows_alloc(out, layer, layer->rows * higgs->blocks, false);

	out->group_count = wide == layer->columns ? higgs->blocks : 0;
	if (code || wide == layer->columns)
		return code;
	higgs->padded = quantized_extra_add(out, "padded_codes", QUANT_U8, layer->rows * wide);
	return higgs->padded ? OK : ERR_NOMEM;
}

static void
describe(struct quantized *out, const struct higgs *higgs, size_t asked)
{
	size_t wide = higgs->blocks * higgs->size;

	if (wide != out->columns)
		snprintf(out->note, sizeof(out->note),
			 "blocks of %zu: rows filled up from %zu to %zu weights", higgs->size,
			 out->columns, wide);
	else if (higgs->size != asked)
		snprintf(out->note, sizeof(out->note),
			 "blocks of %zu, since %zu do not divide %zu columns", higgs->size, asked,
			 out->columns);
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	size_t asked = (size_t)param_get(params, task->params, "hadamard_size");
	struct higgs higgs = {
		.kernels = task->kernels,
		.bits = (int)param_get(params, task->params, "bits"),
		.p = (int)param_get(params, task->params, "p"),
		.dtype = (enum scale_dtype)param_get(params, task->params, "scale_dtype"),
		.size = asked,
	};
	struct rows rows = { task, layer, out, 1, quantize, &higgs };
	enum err code;

	if (param_get(params, task->params, "pad") == 0.0)
		higgs.size = block_size(&higgs, asked, layer->columns);
	higgs.blocks = (layer->columns + higgs.size - 1) / higgs.size;
	if (higgs.p == 1)
		take_line(&higgs);
	else
		take_plane(&higgs);
	code = allocate(out, layer, &higgs);
	if (!code)
		code = rows_run(&rows);
	if (!code) {
		count_bits(out, &higgs, param_get(params, task->params, "group_size"));
		describe(out, &higgs, asked);
	}
	return code;
}

const struct quantizer quantizer_higgs = {
	.name = "higgs",
	.family = "codebook",
	.summary = "rotated blocks rounded to the grid that is best for normal weights",
	.paper = "Malinovskii et al. 2024, arXiv 2411.17525",
	.repository = "https://github.com/huggingface/transformers",
	.version = "5.23.0",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "none",
		.bits = "2, 3 and 4 (4.06 with the scales of groups of 256)",
		.groups = "rotated in blocks of a power of two, 512 usual; scales copied for 64 to 256 "
			  "weights",
		.fine_tuning = "no, transformers says that it is not trainable",
		.formats = "safetensors through transformers, packed for one kind of GPU and packed "
			   "again on others",
		.kernels = "FLUTE on NVIDIA A100, A6000 and RTX 4090, no CPU; 16-bit floats",
		.loss = "relative weight error 0.0077 at 4 bits, 0.0295 at 3, 0.107 at 2, whatever the "
			"weights",
		.sources = "HIGGS arXiv 2411.17525; transformers 5.23.0; FLUTE arXiv 2407.10960",
	},
	.solve = solve,
};
