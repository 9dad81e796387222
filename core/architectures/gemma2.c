/* Gemma 2: norms before and behind each half, every other block slides, scores and logits are
 * capped (models/gemma2/configuration_gemma2.py). */
#include "core/architecture.h"

static const struct config_key keys[] = {
	CONFIG_SIZE("num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 26),
	CONFIG_SIZE("hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 2304),
	CONFIG_SIZE("intermediate_size", intermediate, 1, CONFIG_WIDTH_MAX, 9216),
	CONFIG_SIZE("num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 8),
	CONFIG_SIZE("num_key_value_heads", kv_heads, 1, CONFIG_HEADS_MAX, 4),
	CONFIG_SIZE("head_dim", head_dim, 1, CONFIG_HEADS_MAX, 256),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 256000),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 8192),
	CONFIG_SIZE_OR_NULL("sliding_window", window, 0, CONFIG_CONTEXT_MAX, 4096),
	CONFIG_NUMBER_OR_NULL("attn_logit_softcapping", attention_softcap, 1e-3, 1e6, 50),
	CONFIG_NUMBER_OR_NULL("final_logit_softcapping", final_softcap, 1e-3, 1e6, 30),
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
	config_rope, config_windows_others, config_embed_sqrt, config_query_scalar, NULL
};

const struct architecture architecture_gemma2 = {
	.name = "gemma2",
	.model_types = "gemma2",
	.class_names = "Gemma2ForCausalLM|Gemma2Model",
	.base = "model.",
	.embed = "embed_tokens.weight",
	.head = "lm_head.weight",
	.block_prefix = "layers.",
	.tensors = architecture_sandwich_tensors,
	.outside = architecture_rms_outside,
	.inputs = architecture_inputs,
	.shape = { .rope = true, .norm_plus_one = true },
	.config_keys = keys,
	.config_rules = rules,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
