/* OLMo: Llama whose norms are LayerNorms without weights; queries, keys and values may be clipped
 * (models/olmo/configuration_olmo.py). The norms' epsilon is no key. */
#include "core/architecture.h"

static const struct architecture_tensor tensors[] = {
	MATRIX(Q, "self_attn.q_proj.weight", QUERIES, HIDDEN),
	MATRIX(K, "self_attn.k_proj.weight", KEYS, HIDDEN),
	MATRIX(V, "self_attn.v_proj.weight", KEYS, HIDDEN),
	MATRIX(O, "self_attn.o_proj.weight", HIDDEN, QUERIES),
	VECTOR_WHEN(attention_bias, Q_BIAS, "self_attn.q_proj.bias", QUERIES),
	VECTOR_WHEN(attention_bias, K_BIAS, "self_attn.k_proj.bias", KEYS),
	VECTOR_WHEN(attention_bias, V_BIAS, "self_attn.v_proj.bias", KEYS),
	VECTOR_WHEN(attention_bias, O_BIAS, "self_attn.o_proj.bias", HIDDEN),
	MATRIX(GATE, "mlp.gate_proj.weight", INTERMEDIATE, HIDDEN),
	MATRIX(UP, "mlp.up_proj.weight", INTERMEDIATE, HIDDEN),
	MATRIX(DOWN, "mlp.down_proj.weight", HIDDEN, INTERMEDIATE),
	{ .name = NULL },
};

static const struct architecture_tensor outside[] = {
	{ .name = NULL },
};

static const struct config_key keys[] = {
	CONFIG_SIZE("num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 32),
	CONFIG_SIZE("hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 4096),
	CONFIG_SIZE("intermediate_size", intermediate, 1, CONFIG_WIDTH_MAX, 11008),
	CONFIG_SIZE("num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 32),
	CONFIG_SIZE("num_key_value_heads", kv_heads, 1, CONFIG_HEADS_MAX, CONFIG_DERIVED),
	CONFIG_SIZE("head_dim", head_dim, 1, CONFIG_HEADS_MAX, CONFIG_DERIVED),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 50304),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 2048),
	CONFIG_NUMBER_OR_NULL("clip_qkv", qkv_clip, 1e-9, 1e9, 0),
	CONFIG_ACTIVATION("hidden_act", ACTIVATION_SILU),
	CONFIG_BOOL("attention_bias", attention_bias, false),
	CONFIG_BOOL("tie_word_embeddings", tied_head, false),
	{ .name = NULL },
};

static enum err (*const readers[])(const struct config_reading *) = { config_rope, NULL };

const struct architecture architecture_olmo = {
	.name = "olmo",
	.model_types = "olmo",
	.class_names = "OlmoForCausalLM|OlmoModel",
	.base = "model.",
	.embed = "embed_tokens.weight",
	.head = "lm_head.weight",
	.block_prefix = "layers.",
	.tensors = tensors,
	.outside = outside,
	.inputs = architecture_inputs,
	.shape = { .norm_eps = 1e-5,
		   .rope = true,
		   .layer_norm = true,
		   .norm_bare = true,
		   .final_norm = true },
	.config_keys = keys,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
