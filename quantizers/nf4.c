/* NF4: the quantiles of a normal distribution (Dettmers et al. 2023, arXiv 2305.14314). The float32
 * values themselves, from bitsandbytes 0.50.2. */
#include "quantizers/bnb4.h"

static const struct bnb4_map map = {
	.values = {
	-1.0f,         -0.6961928f, -0.52507305f, -0.3949175f, -0.28444138f, -0.18477343f,
	-0.091050036f, 0.0f,        0.0795803f,   0.1609302f,  0.2461123f,   0.33791524f,
	0.44070983f,   0.562617f,   0.72295684f,  1.0f,
	},
	.order = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
};

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	return bnb4_solve(out, task, &map);
}

const struct quantizer quantizer_nf4 = {
	.name = "nf4",
	.family = "codebook",
	.summary = "4-bit NormalFloat codes over blocks, as bitsandbytes stores them",
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
		.fine_tuning = "yes: QLoRA was made for it",
		.formats = "bitsandbytes in safetensors, through transformers",
		.kernels = "bitsandbytes: NVIDIA, AMD and Intel GPUs, CPU; vLLM on NVIDIA",
		.loss = "Qwen3-1.7B, WikiText-2, 16.67 before: 18.00; Qwen3-14B, 8.64 before: 8.89",
		.sources = "SINQ arXiv 2509.22944; transformers' quantization overview; bitsandbytes 0.50.2",
	},
	.solve = solve,
};
