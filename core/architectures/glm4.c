/* GLM-4-0414: GLM with norms behind each half as well (models/glm4/configuration_glm4.py). */
#include "core/architecture.h"

static const struct architecture_tensor tensors[] = {
	VECTOR(ATTN_NORM, "input_layernorm.weight", HIDDEN),
	MATRIX(Q, "self_attn.q_proj.weight", QUERIES, HIDDEN),
	MATRIX(K, "self_attn.k_proj.weight", KEYS, HIDDEN),
	MATRIX(V, "self_attn.v_proj.weight", KEYS, HIDDEN),
	MATRIX(O, "self_attn.o_proj.weight", HIDDEN, QUERIES),
	VECTOR_WHEN(attention_bias, Q_BIAS, "self_attn.q_proj.bias", QUERIES),
	VECTOR_WHEN(attention_bias, K_BIAS, "self_attn.k_proj.bias", KEYS),
	VECTOR_WHEN(attention_bias, V_BIAS, "self_attn.v_proj.bias", KEYS),
	VECTOR(ATTN_POST_NORM, "post_self_attn_layernorm.weight", HIDDEN),
	VECTOR(MLP_NORM, "post_attention_layernorm.weight", HIDDEN),
	MATRIX(GATE_UP, "mlp.gate_up_proj.weight", GATE_UP, HIDDEN),
	MATRIX(DOWN, "mlp.down_proj.weight", HIDDEN, INTERMEDIATE),
	VECTOR(MLP_POST_NORM, "post_mlp_layernorm.weight", HIDDEN),
	{ .name = NULL },
};

static const struct config_key keys[] = {
	CONFIG_SIZE("num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 40),
	CONFIG_SIZE("hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 4096),
	CONFIG_SIZE("intermediate_size", intermediate, 1, CONFIG_WIDTH_MAX, 13696),
	CONFIG_SIZE("num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 32),
	CONFIG_SIZE("num_key_value_heads", kv_heads, 1, CONFIG_HEADS_MAX, 2),
	CONFIG_SIZE("head_dim", head_dim, 1, CONFIG_HEADS_MAX, 128),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 151552),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 131072),
	CONFIG_NUMBER("rms_norm_eps", norm_eps, 0, 1, 1.5625e-7),
	CONFIG_ACTIVATION("hidden_act", ACTIVATION_SILU),
	CONFIG_BOOL("attention_bias", attention_bias, true),
	CONFIG_BOOL("tie_word_embeddings", tied_head, false),
	{ .name = NULL },
};

static enum err (*const readers[])(const struct config_reading *) = { config_rope, NULL };

const struct architecture architecture_glm4 = {
	.name = "glm4",
	.model_types = "glm4",
	.class_names = "Glm4ForCausalLM|Glm4Model",
	.base = "model.",
	.embed = "embed_tokens.weight",
	.head = "lm_head.weight",
	.block_prefix = "layers.",
	.tensors = tensors,
	.outside = architecture_rms_outside,
	.inputs = architecture_inputs,
	.shape = { .rope = true, .rope_interleaved = true },
	.rope = { .partial = 0.5 },
	.config_keys = keys,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
