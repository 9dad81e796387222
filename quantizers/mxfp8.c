/* mxfp8: e4m3, blocks of 32 that share a power of two (OCP Microscaling Formats 1.0, 2023; Rouhani
 * et al. 2023, arXiv 2310.10537), bit for bit as compressed-tensors 0.20.0 makes it with
 * exponent=even. */
#include "quantizers/effects.h"
#include "quantizers/mx.h"

static const char *const activations[] = { "none", "mxfp8", NULL };

static const struct param params[] = {
	MX_PARAM_EXPONENT,
	{ .name = "activations",
	  .type = PARAM_CHOICE,
	  .choices = activations,
	  .help = "mxfp8: the layer's input too, each 32 columns of a token" },
	{ 0 },
};

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	struct mx mx = { .format = &minifloat_e4m3fn, .offset = 8 };

	mx.exponent = (enum mx_exponent)param_get(params, task->params, "exponent");
	return mx_solve(out, task, &mx);
}

const struct quantizer quantizer_mxfp8 = {
	.name = "mxfp8",
	.family = "floats",
	.summary = "8-bit floats, blocks of 32 with a power of two each",
	.paper = "OCP Microscaling Formats 1.0; Rouhani et al. 2023, arXiv 2310.10537",
	.repository = "https://github.com/vllm-project/compressed-tensors",
	.version = "0.20.0",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "none",
		.bits = "8 (8.25 with the exponents), inputs too where asked for",
		.groups = "32 weights of a row",
		.fine_tuning = "no loader trains on it",
		.formats = "compressed-tensors mxfp8-quantized; mxfp8 of transformers",
		.kernels = "NVIDIA from compute capability 10.0, AMD MI350; CPUs dequantize it",
		.loss = "as fp8: relative weight error 0.0007 (31.5 dB) on Gaussian weights",
		.sources = "compressed-tensors 0.20.0; transformers 5.23.0; OCP MX 1.0",
	},
	.solve = solve,
};
