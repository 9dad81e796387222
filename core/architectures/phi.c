/* Phi 1, 1.5 and 2: attention and MLP read one norm side by side, biases everywhere, RoPE turns a
 * part of each head (models/phi/configuration_phi.py). */
#include "core/architecture.h"

static const struct architecture_tensor tensors[] = {
	VECTOR(ATTN_NORM, "input_layernorm.weight", HIDDEN),
	VECTOR(ATTN_NORM_BIAS, "input_layernorm.bias", HIDDEN),
	MATRIX(Q, "self_attn.q_proj.weight", QUERIES, HIDDEN),
	MATRIX(K, "self_attn.k_proj.weight", KEYS, HIDDEN),
	MATRIX(V, "self_attn.v_proj.weight", KEYS, HIDDEN),
	MATRIX(O, "self_attn.dense.weight", HIDDEN, QUERIES),
	VECTOR(Q_BIAS, "self_attn.q_proj.bias", QUERIES),
	VECTOR(K_BIAS, "self_attn.k_proj.bias", KEYS),
	VECTOR(V_BIAS, "self_attn.v_proj.bias", KEYS),
	VECTOR(O_BIAS, "self_attn.dense.bias", HIDDEN),
	VECTOR_WHEN(qk_norm, Q_NORM, "self_attn.q_layernorm.weight", HEAD_DIM),
	VECTOR_WHEN(qk_norm, Q_NORM_BIAS, "self_attn.q_layernorm.bias", HEAD_DIM),
	VECTOR_WHEN(qk_norm, K_NORM, "self_attn.k_layernorm.weight", HEAD_DIM),
	VECTOR_WHEN(qk_norm, K_NORM_BIAS, "self_attn.k_layernorm.bias", HEAD_DIM),
	MATRIX(UP, "mlp.fc1.weight", INTERMEDIATE, HIDDEN),
	VECTOR(UP_BIAS, "mlp.fc1.bias", INTERMEDIATE),
	MATRIX(DOWN, "mlp.fc2.weight", HIDDEN, INTERMEDIATE),
	VECTOR(DOWN_BIAS, "mlp.fc2.bias", HIDDEN),
	{ .name = NULL },
};

static const struct architecture_tensor outside[] = {
	VECTOR(FINAL_NORM, "final_layernorm.weight", HIDDEN),
	VECTOR(FINAL_NORM_BIAS, "final_layernorm.bias", HIDDEN),
	VECTOR(HEAD_BIAS, "lm_head.bias", VOCAB),
	{ .name = NULL },
};

static const struct config_key keys[] = {
	CONFIG_SIZE("num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 24),
	CONFIG_SIZE("hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 2048),
	CONFIG_SIZE("intermediate_size", intermediate, 1, CONFIG_WIDTH_MAX, 8192),
	CONFIG_SIZE("num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 32),
	CONFIG_SIZE("num_key_value_heads", kv_heads, 1, CONFIG_HEADS_MAX, CONFIG_DERIVED),
	CONFIG_SIZE("head_dim", head_dim, 1, CONFIG_HEADS_MAX, CONFIG_DERIVED),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 51200),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 2048),
	CONFIG_NUMBER("layer_norm_eps", norm_eps, 0, 1, 1e-5),
	CONFIG_ACTIVATION("hidden_act", ACTIVATION_GELU_TANH),
	CONFIG_BOOL("qk_layernorm", qk_norm, false),
	CONFIG_BOOL("tie_word_embeddings", tied_head, false),
	{ .name = NULL },
};

static enum err (*const readers[])(const struct config_reading *) = { config_rope, NULL };

const struct architecture architecture_phi = {
	.name = "phi",
	.model_types = "phi",
	.class_names = "PhiForCausalLM",
	.base = "model.",
	.embed = "embed_tokens.weight",
	.head = "lm_head.weight",
	.block_prefix = "layers.",
	.tensors = tensors,
	.outside = outside,
	.inputs = architecture_shared_norm_inputs,
	.shape = { .rope = true, .layer_norm = true, .parallel = true },
	.rope = { .partial = 0.5 },
	.config_keys = keys,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
