/* FP4 of bitsandbytes 0.50.2: the values 0, 1/16, 2, 3, 4, 6, 8 and 12, over 12, with a sign
 * (Dettmers et al. 2023, arXiv 2305.14314, appendix A). Codes are a sign bit and an index that does
 * not ascend; of the two zeros the CPU gives 0 to what is not positive, 8 to tiny positive values.
 */
#include "quantizers/bnb4.h"

static const struct bnb4_map map = {
	.values = { 0.0f, 0.0052083335f, 0.6666667f, 1.0f, 0.33333334f, 0.5f, 0.16666667f, 0.25f,
		    -0.0f, -0.0052083335f, -0.6666667f, -1.0f, -0.33333334f, -0.5f, -0.16666667f,
		    -0.25f },
	.order = { 11, 10, 13, 12, 15, 14, 9, 0, 8, 1, 6, 7, 4, 5, 2, 3 },
};

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	return bnb4_solve(out, task, &map);
}

const struct quantizer quantizer_fp4 = {
	.name = "fp4",
	.family = "codebook",
	.summary = "4-bit floats of an odd kind over blocks, as bitsandbytes stores them",
	.paper = "Dettmers et al. 2023, arXiv 2305.14314",
	.repository = "https://github.com/bitsandbytes-foundation/bitsandbytes",
	.version = "0.50.2",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = bnb4_params,
	.facts = {
		.calibration = "none",
		.bits = "4 (4.5 with blocks of 64; 4.13 with double quantization)",
		.groups = "blocks of 32 to 4096 weights, 64 usual",
		.fine_tuning = "yes, as nf4, which loses less",
		.formats = "bitsandbytes in safetensors, through transformers, whose default it is",
		.kernels = "bitsandbytes: NVIDIA, AMD and Intel GPUs, CPU; vLLM on NVIDIA",
		.loss = "Qwen3-1.7B, WikiText-2, 16.67 before: 24.05 (nf4: 18.00)",
		.sources = "SINQ arXiv 2509.22944; transformers' quantization overview; bitsandbytes 0.50.2",
	},
	.solve = solve,
};
