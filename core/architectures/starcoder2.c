/* StarCoder 2: LayerNorm, an MLP without a gate, biases
 * (models/starcoder2/configuration_starcoder2.py).
 */
#include "core/architecture.h"

static const struct architecture_tensor tensors[] = {
	VECTOR(ATTN_NORM, "input_layernorm.weight", HIDDEN),
	VECTOR(ATTN_NORM_BIAS, "input_layernorm.bias", HIDDEN),
	MATRIX(Q, "self_attn.q_proj.weight", QUERIES, HIDDEN),
	MATRIX(K, "self_attn.k_proj.weight", KEYS, HIDDEN),
	MATRIX(V, "self_attn.v_proj.weight", KEYS, HIDDEN),
	MATRIX(O, "self_attn.o_proj.weight", HIDDEN, QUERIES),
	VECTOR_WHEN(attention_bias, Q_BIAS, "self_attn.q_proj.bias", QUERIES),
	VECTOR_WHEN(attention_bias, K_BIAS, "self_attn.k_proj.bias", KEYS),
	VECTOR_WHEN(attention_bias, V_BIAS, "self_attn.v_proj.bias", KEYS),
	VECTOR_WHEN(attention_bias, O_BIAS, "self_attn.o_proj.bias", HIDDEN),
	VECTOR(MLP_NORM, "post_attention_layernorm.weight", HIDDEN),
	VECTOR(MLP_NORM_BIAS, "post_attention_layernorm.bias", HIDDEN),
	MATRIX(UP, "mlp.c_fc.weight", INTERMEDIATE, HIDDEN),
	VECTOR_WHEN(attention_bias, UP_BIAS, "mlp.c_fc.bias", INTERMEDIATE),
	MATRIX(DOWN, "mlp.c_proj.weight", HIDDEN, INTERMEDIATE),
	VECTOR_WHEN(attention_bias, DOWN_BIAS, "mlp.c_proj.bias", HIDDEN),
	{ .name = NULL },
};

static const struct architecture_tensor outside[] = {
	VECTOR(FINAL_NORM, "norm.weight", HIDDEN),
	VECTOR(FINAL_NORM_BIAS, "norm.bias", HIDDEN),
	{ .name = NULL },
};

static const struct config_key keys[] = {
	CONFIG_SIZE("num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 30),
	CONFIG_SIZE("hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 3072),
	CONFIG_SIZE("intermediate_size", intermediate, 1, CONFIG_WIDTH_MAX, 12288),
	CONFIG_SIZE("num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 24),
	CONFIG_SIZE("num_key_value_heads", kv_heads, 1, CONFIG_HEADS_MAX, 2),
	CONFIG_SIZE("head_dim", head_dim, 1, CONFIG_HEADS_MAX, CONFIG_DERIVED),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 49152),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 4096),
	CONFIG_SIZE_OR_NULL("sliding_window", window, 0, CONFIG_CONTEXT_MAX, 0),
	CONFIG_NUMBER("norm_epsilon", norm_eps, 0, 1, 1e-5),
	CONFIG_ACTIVATION("hidden_act", ACTIVATION_GELU_TANH),
	CONFIG_BOOL("use_bias", attention_bias, true),
	CONFIG_BOOL("tie_word_embeddings", tied_head, true),
	{ .name = NULL },
};

static enum err (*const readers[])(const struct config_reading *) = { config_rope,
								      config_windows_all, NULL };

const struct architecture architecture_starcoder2 = {
	.name = "starcoder2",
	.model_types = "starcoder2",
	.class_names = "Starcoder2ForCausalLM|Starcoder2Model",
	.base = "model.",
	.embed = "embed_tokens.weight",
	.head = "lm_head.weight",
	.block_prefix = "layers.",
	.tensors = tensors,
	.outside = outside,
	.inputs = architecture_inputs,
	.shape = { .rope = true, .layer_norm = true },
	.config_keys = keys,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
