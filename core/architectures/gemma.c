/* Gemma: norms by 1 + weight, embeddings scaled by the root of their width, a gate through GELU
 * (models/gemma/configuration_gemma.py). */
#include "core/architecture.h"

static const struct config_key keys[] = {
	CONFIG_SIZE("num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 28),
	CONFIG_SIZE("hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 3072),
	CONFIG_SIZE("intermediate_size", intermediate, 1, CONFIG_WIDTH_MAX, 24576),
	CONFIG_SIZE("num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 16),
	CONFIG_SIZE("num_key_value_heads", kv_heads, 1, CONFIG_HEADS_MAX, 16),
	CONFIG_SIZE("head_dim", head_dim, 1, CONFIG_HEADS_MAX, 256),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 256000),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 8192),
	CONFIG_NUMBER("rms_norm_eps", norm_eps, 0, 1, 1e-6),
	CONFIG_ACTIVATION("hidden_act", ACTIVATION_GELU_TANH),
	CONFIG_BOOL("attention_bias", attention_bias, false),
	CONFIG_BOOL("tie_word_embeddings", tied_head, true),
	{ .name = NULL },
};

static const struct config_rule rules[] = {
	{ "use_bidirectional_attention", "false" },
	{ NULL, NULL },
};

/* The first files say "gelu" and mean its approximation. */
static enum err
mend_gelu(const struct config_reading *reading)
{
	if (reading->out->shape.activation == ACTIVATION_GELU)
		reading->out->shape.activation = ACTIVATION_GELU_TANH;
	return OK;
}

static enum err (*const readers[])(const struct config_reading *) = { config_rope,
								      config_embed_sqrt, mend_gelu,
								      NULL };

const struct architecture architecture_gemma = {
	.name = "gemma",
	.model_types = "gemma",
	.class_names = "GemmaForCausalLM|GemmaModel",
	.base = "model.",
	.embed = "embed_tokens.weight",
	.head = "lm_head.weight",
	.block_prefix = "layers.",
	.tensors = architecture_llama_tensors,
	.outside = architecture_rms_outside,
	.inputs = architecture_inputs,
	.shape = { .rope = true, .norm_plus_one = true },
	.config_keys = keys,
	.config_rules = rules,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
