/* OLMo 2: norms stand behind each half and over all queries and keys at once
 * (models/olmo2/configuration_olmo2.py). */
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
	VECTOR(Q_NORM, "self_attn.q_norm.weight", QUERIES),
	VECTOR(K_NORM, "self_attn.k_norm.weight", KEYS),
	VECTOR(ATTN_POST_NORM, "post_attention_layernorm.weight", HIDDEN),
	MATRIX(GATE, "mlp.gate_proj.weight", INTERMEDIATE, HIDDEN),
	MATRIX(UP, "mlp.up_proj.weight", INTERMEDIATE, HIDDEN),
	MATRIX(DOWN, "mlp.down_proj.weight", HIDDEN, INTERMEDIATE),
	VECTOR(MLP_POST_NORM, "post_feedforward_layernorm.weight", HIDDEN),
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
	CONFIG_NUMBER("rms_norm_eps", norm_eps, 0, 1, 1e-5),
	CONFIG_ACTIVATION("hidden_act", ACTIVATION_SILU),
	CONFIG_BOOL("attention_bias", attention_bias, false),
	CONFIG_BOOL("tie_word_embeddings", tied_head, false),
	{ .name = NULL },
};

static enum err (*const readers[])(const struct config_reading *) = { config_rope, NULL };

const struct architecture architecture_olmo2 = {
	.name = "olmo2",
	.model_types = "olmo2",
	.class_names = "Olmo2ForCausalLM|Olmo2Model",
	.base = "model.",
	.embed = "embed_tokens.weight",
	.head = "lm_head.weight",
	.block_prefix = "layers.",
	.tensors = tensors,
	.outside = architecture_rms_outside,
	.inputs = architecture_inputs,
	.shape = { .rope = true, .qk_norm_whole = true },
	.config_keys = keys,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
