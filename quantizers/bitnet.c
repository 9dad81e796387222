/* bitnet: one scale for the tensor, m = mean|w| (at least 1e-5), and codes -1, 0, 1: rint(w / m),
 * clamped (Ma et al. 2024, arXiv 2402.17764), as transformers' bitnet integration rounds weights;
 * its inputs are int8 for each token. The mean is summed in double here and in float32 there, so
 * the two are within 1 ulp. As post-training quantization it destroys a model that was not trained
 * for it. */
#include "quantizers/effects.h"
#include "quantizers/grid.h"
#include "quantizers/narrow.h"
#include "quantizers/rows.h"

#include <math.h>

enum { PACKED = 4 }; /* rows in one byte */

static const char *const activations[] = { "none", "int8_bitnet", NULL };

static const struct param params[] = {
	GRID_PARAM_SCALE_DTYPE,
	{ .name = "activations",
	  .type = PARAM_CHOICE,
	  .choices = activations,
	  .def = 1,
	  .help = "int8_bitnet: each token of the layer's input in 8 bits; none: the weights "
		  "alone" },
	{ 0 },
};

static size_t
quantize(const struct rows *rows, size_t first, size_t count)
{
	const struct affine *grid = rows->scheme;
	size_t columns = rows->layer->columns, clipped = 0;

	for (size_t r = first; r < first + count; r++)
		clipped += rows_affine(rows, r, rows->layer->weight + r * columns, grid);
	return clipped;
}

static float
narrow(float value, enum scale_dtype dtype)
{
	return dtype == SCALE_F16    ? narrow_f16(value)
	       : dtype == SCALE_BF16 ? narrow_bf16(value)
				     : value;
}

static void
count_bits(struct quantized *out, enum scale_dtype dtype)
{
	double rows = (double)out->rows, columns = (double)out->columns;

	out->part_bits[PART_CODES] = 2.0 * rows * columns;
	out->part_bits[PART_PADDING] = 2.0 * columns * (PACKED * ceil(rows / PACKED) - rows);
	out->part_bits[PART_SCALES] = dtype == SCALE_F32 ? 32.0 : 16.0;
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	enum scale_dtype dtype = (enum scale_dtype)param_get(params, task->params, "scale_dtype");
	struct affine grid = { .low = -1.0f, .high = 1.0f, .multiplies = 1 };
	struct rows rows = { task, layer, out, 1, quantize, &grid };
	double sum;
	enum err code = rows_alloc(out, layer, 1, false);

	if (!code)
		code = rows_abs_sum(&sum, task, layer);
	if (code)
		return code;
	grid.scale =
		1.0f / fmaxf((float)(sum / (double)layer->rows / (double)layer->columns), 1e-5f);
	grid.step = out->scales[0] = narrow(1.0f / grid.scale, dtype);
	code = rows_run(&rows);
	count_bits(out, dtype);
	return code;
}

const struct quantizer quantizer_bitnet = {
	.name = "bitnet",
	.family = "ternary",
	.summary = "-1, 0 or 1 times the mean magnitude; for models trained so, ruin for others",
	.paper = "Ma et al. 2024, arXiv 2402.17764",
	.repository = "https://github.com/huggingface/transformers",
	.version = "5.23.0",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "none, but the model must have been trained with it",
		.bits = "2 stored (1.58 of information), inputs 8",
		.groups = "the tensor; each token of the input",
		.fine_tuning = "no: training with rounded weights from the start or from a checkpoint",
		.formats = "bitnet of transformers: four rows to a byte",
		.kernels = "bitnet.cpp on CPUs; transformers' own, slow, on CPUs and GPUs",
		.loss = "relative weight error 0.26 (5.8 dB) on Gaussian weights: ruin without training",
		.sources = "arXiv 2402.17764; transformers 5.23.0 integrations/bitnet.py",
	},
	.solve = solve,
};
