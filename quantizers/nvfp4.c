/* nvfp4: E2M1 codes, blocks of 16 weights of a row with an E4M3 scale each, and one float32 scale
 *for the tensor (NVIDIA 2025, arXiv 2509.25149), bit for bit as compressed-tensors 0.20.0 makes it:
 *
 *	g = 2688 / max|W|  (2688 = 448 6)     s = e4m3(g (max|w| / 6)), 0.125 where that is zero
 *	code = e2m1(w / (s / g))              w ~ value(code) (s / g)
 *
 * fouroversix (Cook et al. 2025, arXiv 2512.02010; version 1.0.5) leaves room below 448, g = 1536 /
 * max|W|, and takes for each block the scale that puts its maximum at 6 or at 4, whichever errs
 *less. */
#include "quantizers/minifloat.h"
#include "quantizers/rows.h"

#include "core/buf.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 16 };

static const float most_scale = 448.0f, most_scale_expanded = 256.0f, most_value = 6.0f;

static const struct param params[] = {
	{ .name = "fouroversix",
	  .type = PARAM_BOOL,
	  .help = "for each block, scale its maximum to 6 or to 4, whichever errs less" },
	{ 0 },
};

struct nvfp4 {
	const struct kernels *kernels;
	bool fouroversix;
	float global; /* g */
	float decode; /* 1 / g of fouroversix */
	float most;   /* max|W| */
};

static float
as_e4m3(float scale)
{
	return minifloat_decode(&minifloat_e4m3fn, minifloat_encode(&minifloat_e4m3fn, scale));
}

/* The stored scales of one row by compressed-tensors' arithmetic, all blocks at once; the row's
 * codes serve as scratch. */
static void
fit_row(float *scales, uint8_t *codes, const float *w, size_t columns, const struct nvfp4 *nvfp4)
{
	const struct kernels *kernels = nvfp4->kernels;
	size_t blocks = (columns + BLOCK - 1) / BLOCK;

	for (size_t b = 0; b < blocks; b++) {
		size_t n = columns - b * BLOCK < BLOCK ? columns - b * BLOCK : BLOCK;

		scales[b] = nvfp4->global * (kernels->absmax(w + b * BLOCK, n) / most_value);
	}
	kernels->mini_encode(codes, scales, blocks, 1.0f, &minifloat_e4m3fn);
	kernels->mini_decode(scales, codes, blocks, 1.0f, &minifloat_e4m3fn);
	for (size_t b = 0; b < blocks; b++)
		scales[b] = scales[b] == 0.0f ? 0.125f : scales[b];
}

static void
round_block(uint8_t *codes, float *out, const float *w, size_t n, const struct nvfp4 *nvfp4,
	    float scale)
{
	const struct kernels *kernels = nvfp4->kernels;
	float step = scale / nvfp4->global;

	kernels->divide(out, w, n, step);
	kernels->mini_encode(codes, out, n, 1.0f, &minifloat_e2m1);
	kernels->mini_decode(out, codes, n, step, &minifloat_e2m1);
}

/* The same by fouroversix' arithmetic, with a scale that is `expansion` times as large. */
static float
round_expanded(uint8_t *codes, float *out, const float *w, size_t n, const struct nvfp4 *nvfp4,
	       float expansion)
{
	const struct kernels *kernels = nvfp4->kernels;
	float scale = as_e4m3(kernels->absmax(w, n) / most_value * nvfp4->global * expansion);
	float factor = scale != 0.0f ? 1.0f / (nvfp4->decode * scale) : 0.0f;

	kernels->mini_encode(codes, w, n, factor, &minifloat_e2m1);
	kernels->mini_decode(out, codes, n, scale, &minifloat_e2m1);
	kernels->scale(out, out, n, nvfp4->most);
	kernels->divide(out, out, n, most_value * most_scale_expanded);
	return scale;
}

static float
round_better(uint8_t *codes, float *out, const float *w, size_t n, const struct nvfp4 *nvfp4)
{
	float scale = round_expanded(codes, out, w, n, nvfp4, 1.0f), other[BLOCK], other_scale;
	uint8_t other_codes[BLOCK];

	other_scale = round_expanded(other_codes, other, w, n, nvfp4, 1.5f);
	if (!(nvfp4->kernels->sq_error(other, w, n) < nvfp4->kernels->sq_error(out, w, n)))
		return scale;
	memcpy(codes, other_codes, n);
	memcpy(out, other, n * sizeof(*out));
	return other_scale;
}

static void
quantize_row(const struct rows *rows, size_t row)
{
	const struct nvfp4 *nvfp4 = rows->scheme;
	size_t columns = rows->layer->columns;
	const float *w = rows->layer->weight + row * columns;
	float *out = rows->out->dequantized + row * columns;
	float *scales = rows->out->scales + row * rows->out->group_count;
	uint8_t *codes = rows->out->codes + row * columns;

	if (!nvfp4->fouroversix)
		fit_row(scales, codes, w, columns, nvfp4);
	for (size_t c = 0; c < columns; c += BLOCK, scales++) {
		size_t n = columns - c < BLOCK ? columns - c : BLOCK;

		if (nvfp4->fouroversix)
			*scales = round_better(codes + c, out + c, w + c, n, nvfp4);
		else
			round_block(codes + c, out + c, w + c, n, nvfp4, *scales);
	}
}

static size_t
quantize(const struct rows *rows, size_t first, size_t count)
{
	for (size_t row = first; row < first + count; row++)
		quantize_row(rows, row);
	return 0;
}

/* A tensor of zeros, or one too small for its scale, has a global scale of 1. */
static enum err
fit(struct nvfp4 *nvfp4, struct quantized *out, const struct quant_task *task)
{
	float min, max, *stored = buf_alloc(1, sizeof(*stored));
	enum err code = stored ? rows_range(&min, &max, task, &task->layers[0]) : ERR_NOMEM;

	out->extras[0] = (struct quant_array){ "global_scale", QUANT_F32, 1, stored };
	if (code)
		return code;
	nvfp4->most = fmaxf(fmaxf(-min, max), FLT_MIN);
	/* A number over a tensor, as torch divides; fouroversix divides two tensors. */
	nvfp4->global = nvfp4->fouroversix ? most_value * most_scale_expanded / nvfp4->most
					   : 1.0f / nvfp4->most * (most_value * most_scale);
	if (!isfinite(nvfp4->global))
		nvfp4->global = 1.0f;
	nvfp4->decode = 1.0f / nvfp4->global;
	*stored = nvfp4->global;
	return OK;
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	struct nvfp4 nvfp4 = { .kernels = task->kernels,
			       .fouroversix =
				       param_get(params, task->params, "fouroversix") != 0.0 };
	struct rows rows = { task, layer, out, 1, quantize, &nvfp4 };
	size_t blocks = (layer->columns + BLOCK - 1) / BLOCK;
	enum err code = rows_alloc(out, layer, layer->rows * blocks, false);

	out->group_count = blocks;
	if (!code)
		code = fit(&nvfp4, out, task);
	if (!code)
		code = rows_run(&rows);
	out->part_bits[PART_CODES] = 4.0 * (double)layer->rows * (double)layer->columns;
	out->part_bits[PART_PADDING] = layer->columns % 2 ? 4.0 * (double)layer->rows : 0.0;
	out->part_bits[PART_SCALES] = 8.0 * (double)out->scale_count + 32.0;
	if (layer->columns % BLOCK)
		snprintf(out->note, sizeof(out->note),
			 "%zu columns are no whole number of blocks of 16: the last block of each "
			 "row is shorter here, and compressed-tensors refuses such a layer",
			 layer->columns);
	return code;
}

const struct quantizer quantizer_nvfp4 = {
	.name = "nvfp4",
	.family = "floats",
	.summary = "4-bit floats, blocks of 16 with an 8-bit scale each and one for the tensor",
	.paper = "NVIDIA 2025, arXiv 2509.25149; fouroversix: Cook et al. 2025, arXiv 2512.02010",
	.repository = "https://github.com/vllm-project/compressed-tensors",
	.version = "0.20.0; fouroversix 1.0.5",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "none for weights; 4-bit inputs, not simulated here, need their maxima",
		.bits = "4 (4.5 with the scales)",
		.groups = "16 weights of a row",
		.fine_tuning = "no loader trains on it",
		.formats = "compressed-tensors nvfp4-pack-quantized, fouroversix' result too",
		.kernels = "NVIDIA from compute capability 10.0; Marlin from 8.0 for weights alone",
		.loss = "relative weight error 0.0090 (20.4 dB), fouroversix 0.0076, on Gaussian weights",
		.sources = "compressed-tensors 0.20.0; fouroversix 1.0.5; vLLM's kernel checks",
	},
	.solve = solve,
};
