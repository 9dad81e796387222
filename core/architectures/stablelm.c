/* StableLM: LayerNorm where Llama has RMSNorm, RoPE on a part of each head, and options for biases,
 * a norm for each head, and a parallel MLP (models/stablelm/configuration_stablelm.py). */
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
	{ .slot = SLOT_Q_NORM,
	  .name = "self_attn.q_layernorm.norms.#.weight",
	  .rows = DIMENSION_HEAD_DIM,
	  .when = WHEN(qk_norm),
	  .each = DIMENSION_HEADS },
	{ .slot = SLOT_K_NORM,
	  .name = "self_attn.k_layernorm.norms.#.weight",
	  .rows = DIMENSION_HEAD_DIM,
	  .when = WHEN(qk_norm),
	  .each = DIMENSION_KV_HEADS },
	VECTOR_WHEN(separate_norm, MLP_NORM, "post_attention_layernorm.weight", HIDDEN),
	VECTOR_WHEN(separate_norm, MLP_NORM_BIAS, "post_attention_layernorm.bias", HIDDEN),
	MATRIX(GATE, "mlp.gate_proj.weight", INTERMEDIATE, HIDDEN),
	MATRIX(UP, "mlp.up_proj.weight", INTERMEDIATE, HIDDEN),
	MATRIX(DOWN, "mlp.down_proj.weight", HIDDEN, INTERMEDIATE),
	{ .name = NULL },
};

static const struct architecture_tensor outside[] = {
	VECTOR(FINAL_NORM, "norm.weight", HIDDEN),
	VECTOR(FINAL_NORM_BIAS, "norm.bias", HIDDEN),
	{ .name = NULL },
};

static const struct config_key keys[] = {
	CONFIG_SIZE("num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 32),
	CONFIG_SIZE("hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 2560),
	CONFIG_SIZE("intermediate_size", intermediate, 1, CONFIG_WIDTH_MAX, 6912),
	CONFIG_SIZE("num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 32),
	CONFIG_SIZE("num_key_value_heads", kv_heads, 1, CONFIG_HEADS_MAX, 32),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 50304),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 4096),
	CONFIG_NUMBER("layer_norm_eps|norm_eps", norm_eps, 0, 1, 1e-5),
	CONFIG_ACTIVATION("hidden_act", ACTIVATION_SILU),
	CONFIG_BOOL("use_qkv_bias", attention_bias, false),
	CONFIG_BOOL("qk_layernorm", qk_norm, false),
	CONFIG_BOOL("use_parallel_residual", parallel, false),
	CONFIG_BOOL("tie_word_embeddings", tied_head, false),
	{ .name = NULL },
};

static enum err
separate_norms(const struct config_reading *reading)
{
	reading->out->shape.separate_norm = !reading->out->shape.parallel;
	return OK;
}

static enum err (*const readers[])(const struct config_reading *) = { separate_norms, config_rope,
								      NULL };

const struct architecture architecture_stablelm = {
	.name = "stablelm",
	.model_types = "stablelm|stablelm_epoch",
	.class_names = "StableLmForCausalLM|StableLMEpochForCausalLM",
	.base = "model.",
	.embed = "embed_tokens.weight",
	.head = "lm_head.weight",
	.block_prefix = "layers.",
	.tensors = tensors,
	.outside = outside,
	.inputs = architecture_shared_norm_inputs,
	.shape = { .rope = true, .layer_norm = true },
	.rope = { .partial = 0.25, .partial_key = "rope_pct|partial_rotary_factor" },
	.config_keys = keys,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
