/* Gemma 3, its text part: Gemma 2 with normed queries and keys, five sliding blocks for each that
 * sees all, and a RoPE of its own for those that slide (models/gemma3/configuration_gemma3.py). */
#include "core/architecture.h"

static const struct config_key keys[] = {
	CONFIG_SIZE("num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 26),
	CONFIG_SIZE("hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 2304),
	CONFIG_SIZE("intermediate_size", intermediate, 1, CONFIG_WIDTH_MAX, 9216),
	CONFIG_SIZE("num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 8),
	CONFIG_SIZE("num_key_value_heads", kv_heads, 1, CONFIG_HEADS_MAX, 4),
	CONFIG_SIZE("head_dim", head_dim, 1, CONFIG_HEADS_MAX, 256),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 262208),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 131072),
	CONFIG_SIZE_OR_NULL("sliding_window", window, 0, CONFIG_CONTEXT_MAX, 4096),
	CONFIG_NUMBER_OR_NULL("attn_logit_softcapping", attention_softcap, 1e-3, 1e6, 0),
	CONFIG_NUMBER_OR_NULL("final_logit_softcapping", final_softcap, 1e-3, 1e6, 0),
	CONFIG_NUMBER("rms_norm_eps", norm_eps, 0, 1, 1e-6),
	CONFIG_ACTIVATION("hidden_activation", ACTIVATION_GELU_TANH),
	CONFIG_BOOL("attention_bias", attention_bias, false),
	CONFIG_BOOL("tie_word_embeddings", tied_head, true),
	{ .name = NULL },
};

static const struct config_rule rules[] = {
	{ "use_bidirectional_attention", "false" },
	{ NULL, NULL },
};

static enum err (*const readers[])(const struct config_reading *) = {
	config_rope, config_windows_pattern, config_embed_sqrt, config_query_scalar, NULL
};

const struct architecture architecture_gemma3 = {
	.name = "gemma3",
	.model_types = "gemma3_text",
	.class_names = "Gemma3ForCausalLM|Gemma3TextModel",
	.base = "model.",
	.embed = "embed_tokens.weight",
	.head = "lm_head.weight",
	.block_prefix = "layers.",
	.tensors = architecture_sandwich_tensors,
	.outside = architecture_rms_outside,
	.inputs = architecture_inputs,
	.shape = { .rope = true, .rope_local = true, .norm_plus_one = true, .qk_norm = true },
	.rope = { .theta = 1e6, .local_theta = 10000, .local_theta_key = "rope_local_base_freq" },
	.config_keys = keys,
	.config_rules = rules,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
