/* GPT-NeoX and Pythia: one matrix with each head's query, key and value together, RoPE on a part of
 * each head, both halves on the same stream (models/gpt_neox/configuration_gpt_neox.py). */
#include "core/architecture.h"

static const struct architecture_tensor tensors[] = {
	VECTOR(ATTN_NORM, "input_layernorm.weight", HIDDEN),
	VECTOR(ATTN_NORM_BIAS, "input_layernorm.bias", HIDDEN),
	MATRIX(QKV, "attention.query_key_value.weight", QKV, HIDDEN),
	VECTOR_WHEN(attention_bias, QKV_BIAS, "attention.query_key_value.bias", QKV),
	MATRIX(O, "attention.dense.weight", HIDDEN, QUERIES),
	VECTOR_WHEN(attention_bias, O_BIAS, "attention.dense.bias", HIDDEN),
	VECTOR(MLP_NORM, "post_attention_layernorm.weight", HIDDEN),
	VECTOR(MLP_NORM_BIAS, "post_attention_layernorm.bias", HIDDEN),
	MATRIX(UP, "mlp.dense_h_to_4h.weight", INTERMEDIATE, HIDDEN),
	VECTOR(UP_BIAS, "mlp.dense_h_to_4h.bias", INTERMEDIATE),
	MATRIX(DOWN, "mlp.dense_4h_to_h.weight", HIDDEN, INTERMEDIATE),
	VECTOR(DOWN_BIAS, "mlp.dense_4h_to_h.bias", HIDDEN),
	{ .name = NULL },
};

static const struct architecture_tensor outside[] = {
	VECTOR(FINAL_NORM, "final_layer_norm.weight", HIDDEN),
	VECTOR(FINAL_NORM_BIAS, "final_layer_norm.bias", HIDDEN),
	{ .name = NULL },
};

static const struct config_key keys[] = {
	CONFIG_SIZE("num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 44),
	CONFIG_SIZE("hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 6144),
	CONFIG_SIZE("intermediate_size", intermediate, 1, CONFIG_WIDTH_MAX, 24576),
	CONFIG_SIZE("num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 64),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 50432),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 2048),
	CONFIG_NUMBER("layer_norm_eps", norm_eps, 0, 1, 1e-5),
	CONFIG_ACTIVATION("hidden_act", ACTIVATION_GELU),
	CONFIG_BOOL("use_parallel_residual", parallel, true),
	CONFIG_BOOL("attention_bias", attention_bias, true),
	CONFIG_BOOL("tie_word_embeddings", tied_head, false),
	{ .name = NULL },
};

static enum err (*const readers[])(const struct config_reading *) = { config_rope, NULL };

const struct architecture architecture_gpt_neox = {
	.name = "gpt_neox",
	.model_types = "gpt_neox",
	.class_names = "GPTNeoXForCausalLM",
	.base = "gpt_neox.",
	.embed = "embed_in.weight",
	.head = "embed_out.weight|lm_head.weight",
	.block_prefix = "layers.",
	.tensors = tensors,
	.outside = outside,
	.inputs = architecture_inputs,
	.shape = { .rope = true, .layer_norm = true, .separate_norm = true, .qkv_grouped = true },
	.rope = { .partial = 0.25, .theta_key = "rotary_emb_base", .partial_key = "rotary_pct" },
	.config_keys = keys,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
