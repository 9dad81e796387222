/* Qwen 1.5 and 2 with experts: some blocks, beside a shared expert behind a gate of its own
 * (models/qwen2_moe/configuration_qwen2_moe.py). */
#include "core/architecture.h"

static const struct config_key keys[] = {
	CONFIG_SIZE("num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 24),
	CONFIG_SIZE("hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 2048),
	CONFIG_SIZE("intermediate_size", intermediate, 1, CONFIG_WIDTH_MAX, 5632),
	CONFIG_SIZE("moe_intermediate_size", expert_intermediate, 1, CONFIG_WIDTH_MAX, 1408),
	CONFIG_SIZE("shared_expert_intermediate_size", shared_intermediate, 1, CONFIG_WIDTH_MAX,
		    5632),
	CONFIG_SIZE("num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 16),
	CONFIG_SIZE("num_key_value_heads", kv_heads, 1, CONFIG_HEADS_MAX, 16),
	CONFIG_SIZE("head_dim", head_dim, 1, CONFIG_HEADS_MAX, CONFIG_DERIVED),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 151936),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 32768),
	CONFIG_SIZE_OR_NULL("sliding_window", window, 0, CONFIG_CONTEXT_MAX, 4096),
	CONFIG_SIZE("num_experts|num_local_experts", experts, 0, CONFIG_EXPERTS_MAX, 60),
	CONFIG_SIZE("num_experts_per_tok", experts_per_token, 1, CONFIG_EXPERTS_MAX, 4),
	CONFIG_NUMBER("rms_norm_eps", norm_eps, 0, 1, 1e-6),
	CONFIG_ACTIVATION("hidden_act", ACTIVATION_SILU),
	CONFIG_BOOL("qkv_bias", attention_bias, true),
	CONFIG_BOOL("norm_topk_prob", experts_normed, false),
	CONFIG_BOOL("tie_word_embeddings", tied_head, false),
	{ .name = NULL },
};

static enum err (*const readers[])(const struct config_reading *) = {
	config_rope, config_windows_below, config_experts_stepped, NULL
};

const struct architecture architecture_qwen2_moe = {
	.name = "qwen2_moe",
	.model_types = "qwen2_moe",
	.class_names = "Qwen2MoeForCausalLM|Qwen2MoeModel",
	.base = "model.",
	.embed = "embed_tokens.weight",
	.head = "lm_head.weight",
	.block_prefix = "layers.",
	.tensors = architecture_qwen_moe_tensors,
	.outside = architecture_rms_outside,
	.inputs = architecture_expert_inputs,
	.shape = { .rope = true, .output_bare = true, .shared_expert = true },
	.config_keys = keys,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
