/* Qwen 3: queries and keys are normed head by head (models/qwen3/configuration_qwen3.py). */
#include "core/architecture.h"

static const struct config_key keys[] = {
	CONFIG_SIZE("num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 32),
	CONFIG_SIZE("hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 4096),
	CONFIG_SIZE("intermediate_size", intermediate, 1, CONFIG_WIDTH_MAX, 22016),
	CONFIG_SIZE("num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 32),
	CONFIG_SIZE("num_key_value_heads", kv_heads, 1, CONFIG_HEADS_MAX, 32),
	CONFIG_SIZE("head_dim", head_dim, 1, CONFIG_HEADS_MAX, 128),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 151936),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 32768),
	CONFIG_SIZE_OR_NULL("sliding_window", window, 0, CONFIG_CONTEXT_MAX, 4096),
	CONFIG_NUMBER("rms_norm_eps", norm_eps, 0, 1, 1e-6),
	CONFIG_ACTIVATION("hidden_act", ACTIVATION_SILU),
	CONFIG_BOOL("attention_bias", attention_bias, false),
	CONFIG_BOOL("tie_word_embeddings", tied_head, false),
	{ .name = NULL },
};

static enum err (*const readers[])(const struct config_reading *) = { config_rope,
								      config_windows_above, NULL };

const struct architecture architecture_qwen3 = {
	.name = "qwen3",
	.model_types = "qwen3",
	.class_names = "Qwen3ForCausalLM|Qwen3Model",
	.base = "model.",
	.embed = "embed_tokens.weight",
	.head = "lm_head.weight",
	.block_prefix = "layers.",
	.tensors = architecture_llama_tensors,
	.outside = architecture_rms_outside,
	.inputs = architecture_inputs,
	.shape = { .rope = true, .qk_norm = true },
	.config_keys = keys,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
