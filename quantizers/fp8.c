/* fp8: 8-bit floats with float32 scales for the tensor, for each row or for each 128 x 128 block,
 * the grid of DeepSeek-V3 (DeepSeek-AI 2024, arXiv 2412.19437): bit for bit the `fp8` that
 * transformers makes (integrations/finegrained_fp8.py) and the float-quantized weights of
 * compressed-tensors, on torch.float8_e4m3fn and torch.float8_e5m2. */
#include "quantizers/fp8.h"

#include "quantizers/effects.h"
#include "quantizers/rows.h"

#include <math.h>
#include <stdio.h>

enum { BLOCK = 128 };
enum granularity { TENSOR, CHANNEL, BLOCKS };

static const char *const variants[] = { "e4m3", "e5m2", NULL };
static const char *const granularities[] = { "tensor", "channel", "block", NULL };
static const char *const rules[] = { "transformers", "compressed_tensors", NULL };
static const char *const formats[] = { "float32", "ue8m0", NULL };
static const char *const activations[] = { "none", "fp8_token", "fp8_block", NULL };

static const struct param params[] = {
	{ .name = "variant",
	  .type = PARAM_CHOICE,
	  .choices = variants,
	  .help = "3 bits of mantissa and a range to 448, or 2 and to 57344" },
	{ .name = "granularity",
	  .type = PARAM_CHOICE,
	  .choices = granularities,
	  .def = BLOCKS,
	  .help = "what shares a scale: the tensor, each row, each block of 128 x 128" },
	{ .name = "rule",
	  .type = PARAM_CHOICE,
	  .choices = rules,
	  .help = "whose arithmetic: multiply by 448 / max, or divide by max / 448" },
	{ .name = "scale_format",
	  .type = PARAM_CHOICE,
	  .choices = formats,
	  .help = "how scales are stored; ue8m0 rounds them up to powers of two" },
	{ .name = "activations",
	  .type = PARAM_CHOICE,
	  .choices = activations,
	  .help = "e4m3 of the layer's input, with a scale for each token or 128 of its columns" },
	{ 0 },
};

struct fp8 {
	const struct minifloat *format;
	enum granularity granularity;
	enum fp8_rule rule;
	bool power_of_two;
	struct fp8_scale tensor;
};

static float
block_absmax(const struct rows *rows, size_t first, size_t count, size_t column, size_t width)
{
	size_t columns = rows->layer->columns;
	float most = 0.0f;

	for (size_t r = first; r < first + count; r++)
		most = fmaxf(most, rows->task->kernels->absmax(
					   rows->layer->weight + r * columns + column, width));
	return most;
}

/* A band of rows is a row of blocks, a row, or part of the tensor: each stretch of `width` columns
 * has one scale. */
static size_t
quantize(const struct rows *rows, size_t first, size_t count)
{
	const struct fp8 *fp8 = rows->scheme;
	size_t columns = rows->layer->columns, blocks = (columns + BLOCK - 1) / BLOCK;
	size_t width = fp8->granularity == BLOCKS ? BLOCK : columns;

	for (size_t at = 0; at < columns; at += width) {
		size_t n = columns - at < width ? columns - at : width;
		struct fp8_scale scale = fp8->tensor;

		if (fp8->granularity != TENSOR) {
			scale = fp8_scale(fp8->rule, fp8->format,
					  block_absmax(rows, first, count, at, n),
					  fp8->power_of_two);
			rows->out->scales[fp8->granularity == BLOCKS
						  ? first / BLOCK * blocks + at / BLOCK
						  : first] = scale.step;
		}
		for (size_t r = first; r < first + count; r++)
			fp8_round(rows->out->codes + r * columns + at,
				  rows->out->dequantized + r * columns + at,
				  rows->layer->weight + r * columns + at, n, rows->task->kernels,
				  fp8->format, &scale);
	}
	return 0;
}

static enum err
fit_tensor(struct fp8 *fp8, struct quantized *out, const struct quant_task *task)
{
	float min, max;
	enum err code = rows_range(&min, &max, task, &task->layers[0]);

	if (code)
		return code;
	fp8->tensor = fp8_scale(fp8->rule, fp8->format, fmaxf(-min, max), fp8->power_of_two);
	out->scales[0] = fp8->tensor.step;
	return OK;
}

static void
describe(struct quantized *out, const struct fp8 *fp8)
{
	if (fp8->granularity == BLOCKS && (out->rows % BLOCK || out->columns % BLOCK))
		snprintf(out->note, sizeof(out->note),
			 "%zu x %zu is no whole number of 128 x 128 blocks: transformers leaves "
			 "such a layer in 16 bits",
			 out->rows, out->columns);
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	struct fp8 fp8 = {
		.format = param_get(params, task->params, "variant") != 0.0 ? &minifloat_e5m2
									    : &minifloat_e4m3fn,
		.granularity = (enum granularity)param_get(params, task->params, "granularity"),
		.rule = (enum fp8_rule)param_get(params, task->params, "rule"),
		.power_of_two = param_get(params, task->params, "scale_format") != 0.0,
	};
	size_t blocks =
		((layer->rows + BLOCK - 1) / BLOCK) * ((layer->columns + BLOCK - 1) / BLOCK);
	size_t counts[] = { 1, layer->rows, blocks }, bands[] = { 1, 1, BLOCK };
	struct rows rows = { task, layer, out, bands[fp8.granularity], quantize, &fp8 };
	enum err code = rows_alloc(out, layer, counts[fp8.granularity], false);

	out->group_count = fp8.granularity == CHANNEL;
	if (!code && fp8.granularity == TENSOR)
		code = fit_tensor(&fp8, out, task);
	if (!code)
		code = rows_run(&rows);
	out->part_bits[PART_CODES] = 8.0 * (double)layer->rows * (double)layer->columns;
	out->part_bits[PART_SCALES] = (fp8.power_of_two ? 8.0 : 32.0) * (double)out->scale_count;
	describe(out, &fp8);
	return code;
}

const struct quantizer quantizer_fp8 = {
	.name = "fp8",
	.family = "floats",
	.summary = "8-bit floats with a scale for the tensor, each row or each 128 x 128 block",
	.paper = "DeepSeek-AI 2024, arXiv 2412.19437",
	.repository = "https://github.com/huggingface/transformers",
	.version = "5.23.0",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "none; static activation scales, not simulated here, would need some",
		.bits = "8",
		.groups = "the tensor, each row, blocks of 128 x 128",
		.fine_tuning = "no: transformers lists fine-grained fp8 as not trainable with PEFT",
		.formats = "fp8 of transformers (blocks, both sides multiples of 128); compressed-tensors "
			   "float-quantized",
		.kernels = "NVIDIA from compute capability 8.9, AMD MI300, Intel XPU; CPUs dequantize it",
		.loss = "relative weight error 0.0007 (31.5 dB) on Gaussian and heavy-tailed weights alike",
		.sources = "transformers 5.23.0 and its quantization overview; compressed-tensors 0.20.0",
	},
	.solve = solve,
};
