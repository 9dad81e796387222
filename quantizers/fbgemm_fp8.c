/* fbgemm_fp8: e4m3 with a float32 scale for each row, s = max|w| / 448, and dynamic e4m3 of each
 * token of the input, whose scale is taken from at most activation_scale_ub: FBGEMM's row-wise fp8
 * as transformers integrates it (integrations/fbgemm_fp8.py). It runs on GPUs alone, so the peer is
 * the formula on torch.float8_e4m3fn. */
#include "quantizers/effects.h"
#include "quantizers/fp8.h"
#include "quantizers/rows.h"

static const char *const activations[] = { "none", "fp8_token", NULL };

static const struct param params[] = {
	{ .name = "activation_scale_ub",
	  .type = PARAM_FLOAT,
	  .min = 0,
	  .max = 65504,
	  .def = 1200,
	  .help = "a token's scale comes from at most this; what lies beyond saturates; 0 is off" },
	{ .name = "activations",
	  .type = PARAM_CHOICE,
	  .choices = activations,
	  .def = 1,
	  .help = "fp8_token: e4m3 of each token of the layer's input; none: the weights alone" },
	{ 0 },
};

static size_t
quantize(const struct rows *rows, size_t first, size_t count)
{
	const struct kernels *kernels = rows->task->kernels;
	size_t columns = rows->layer->columns;

	for (size_t r = first; r < first + count; r++) {
		const float *w = rows->layer->weight + r * columns;
		struct fp8_scale scale = fp8_scale(FP8_DIVIDE, &minifloat_e4m3fn,
						   kernels->absmax(w, columns), false);

		rows->out->scales[r] = scale.step;
		fp8_round(rows->out->codes + r * columns, rows->out->dequantized + r * columns, w,
			  columns, kernels, &minifloat_e4m3fn, &scale);
	}
	return 0;
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	struct rows rows = { task, layer, out, 1, quantize, NULL };
	enum err code = rows_alloc(out, layer, layer->rows, false);

	out->group_count = 1;
	if (!code)
		code = rows_run(&rows);
	out->part_bits[PART_CODES] = 8.0 * (double)layer->rows * (double)layer->columns;
	out->part_bits[PART_SCALES] = 32.0 * (double)layer->rows;
	return code;
}

const struct quantizer quantizer_fbgemm_fp8 = {
	.name = "fbgemm_fp8",
	.family = "floats",
	.summary = "8-bit floats with a scale for each row, inputs too, their scales bounded",
	.paper = "the fp8 of Grattafiori et al. 2024, arXiv 2407.21783",
	.repository = "https://github.com/pytorch/FBGEMM",
	.version = "as integrated in transformers 5.23.0; unverified by a CPU peer",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "none",
		.bits = "8, inputs too",
		.groups = "each row; each token of the input",
		.fine_tuning = "no: transformers lists it as not trainable with PEFT",
		.formats = "fbgemm_fp8 of transformers; the same numbers fit compressed-tensors "
			   "float-quantized",
		.kernels = "NVIDIA from compute capability 9.0, Intel XPU; no CPU",
		.loss = "relative weight error 0.0007 (31.5 dB) on Gaussian and heavy-tailed weights alike",
		.sources = "transformers 5.23.0 and its quantization overview; formula on torch 2.15",
	},
	.effect_level = "activation_scale_ub",
	.solve = solve,
};
