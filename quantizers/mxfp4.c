/* mxfp4: 0, 0.5, 1, 1.5, 2, 3, 4 or 6 with a sign, blocks of 32 that share a power of two (OCP
 * Microscaling Formats 1.0, 2023; Rouhani et al. 2023, arXiv 2310.10537), bit for bit as
 * compressed-tensors 0.20.0 makes it with exponent=even. */
#include "quantizers/effects.h"
#include "quantizers/mx.h"

static const char *const activations[] = { "none", "mxfp4", NULL };

static const struct param params[] = {
	MX_PARAM_EXPONENT,
	{ .name = "activations",
	  .type = PARAM_CHOICE,
	  .choices = activations,
	  .help = "mxfp4: the layer's input too, each 32 columns of a token" },
	{ 0 },
};

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	struct mx mx = { .format = &minifloat_e2m1, .offset = 2 };

	mx.exponent = (enum mx_exponent)param_get(params, task->params, "exponent");
	return mx_solve(out, task, &mx);
}

const struct quantizer quantizer_mxfp4 = {
	.name = "mxfp4",
	.family = "floats",
	.summary = "4-bit floats, blocks of 32 with a power of two each",
	.paper = "OCP Microscaling Formats 1.0; Rouhani et al. 2023, arXiv 2310.10537",
	.repository = "https://github.com/vllm-project/compressed-tensors",
	.version = "0.20.0",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "none",
		.bits = "4 (4.25 with the exponents), inputs too where asked for",
		.groups = "32 weights of a row",
		.fine_tuning = "no loader trains on it",
		.formats = "compressed-tensors mxfp4-pack-quantized; the experts of gpt-oss in transformers' mxfp4",
		.kernels = "AMD MI350 and NVIDIA from compute capability 10.0; gpt-oss kernels in Triton from 7.5",
		.loss = "relative weight error 0.0125 even, 0.0132 floor (19.0, 18.8 dB) on Gaussian weights",
		.sources = "compressed-tensors 0.20.0; transformers 5.23.0; OCP MX 1.0",
	},
	.solve = solve,
};
