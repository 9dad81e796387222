/* Seed-OSS: Llama with head_dim of its own, and a bias of the attention's output that has a key of
 * its own (models/seed_oss/configuration_seed_oss.py). */
#include "core/architecture.h"

#include "core/json.h"

static const struct architecture_tensor tensors[] = {
	VECTOR(ATTN_NORM, "input_layernorm.weight", HIDDEN),
	MATRIX(Q, "self_attn.q_proj.weight", QUERIES, HIDDEN),
	MATRIX(K, "self_attn.k_proj.weight", KEYS, HIDDEN),
	MATRIX(V, "self_attn.v_proj.weight", KEYS, HIDDEN),
	MATRIX(O, "self_attn.o_proj.weight", HIDDEN, QUERIES),
	VECTOR_WHEN(attention_bias, Q_BIAS, "self_attn.q_proj.bias", QUERIES),
	VECTOR_WHEN(attention_bias, K_BIAS, "self_attn.k_proj.bias", KEYS),
	VECTOR_WHEN(attention_bias, V_BIAS, "self_attn.v_proj.bias", KEYS),
	VECTOR_UNLESS(output_bare, O_BIAS, "self_attn.o_proj.bias", HIDDEN),
	VECTOR(MLP_NORM, "post_attention_layernorm.weight", HIDDEN),
	MATRIX(GATE, "mlp.gate_proj.weight", INTERMEDIATE, HIDDEN),
	MATRIX(UP, "mlp.up_proj.weight", INTERMEDIATE, HIDDEN),
	MATRIX(DOWN, "mlp.down_proj.weight", HIDDEN, INTERMEDIATE),
	VECTOR_WHEN(mlp_bias, GATE_BIAS, "mlp.gate_proj.bias", INTERMEDIATE),
	VECTOR_WHEN(mlp_bias, UP_BIAS, "mlp.up_proj.bias", INTERMEDIATE),
	VECTOR_WHEN(mlp_bias, DOWN_BIAS, "mlp.down_proj.bias", HIDDEN),
	{ .name = NULL },
};

static const struct config_key keys[] = {
	CONFIG_SIZE("num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 64),
	CONFIG_SIZE("hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 4096),
	CONFIG_SIZE("intermediate_size", intermediate, 1, CONFIG_WIDTH_MAX, 27648),
	CONFIG_SIZE("num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 80),
	CONFIG_SIZE_OR_NULL("num_key_value_heads", kv_heads, 1, CONFIG_HEADS_MAX, 8),
	CONFIG_SIZE_OR_NULL("head_dim", head_dim, 1, CONFIG_HEADS_MAX, 128),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 155136),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 524288),
	CONFIG_NUMBER("rms_norm_eps", norm_eps, 0, 1, 1e-6),
	CONFIG_ACTIVATION("hidden_act", ACTIVATION_SILU),
	CONFIG_BOOL("attention_bias", attention_bias, true),
	CONFIG_BOOL("mlp_bias", mlp_bias, false),
	CONFIG_BOOL("tie_word_embeddings", tied_head, false),
	{ .name = NULL },
};

static enum err
read_output_bias(const struct config_reading *r)
{
	bool biased = false;
	enum err code = json_get_bool(&biased, r->document, r->object, "attention_out_bias");

	r->out->shape.output_bare = !biased;
	return code;
}

static enum err (*const readers[])(const struct config_reading *) = { read_output_bias, config_rope,
								      NULL };

const struct architecture architecture_seed_oss = {
	.name = "seed_oss",
	.model_types = "seed_oss",
	.class_names = "SeedOssForCausalLM|SeedOssModel",
	.base = "model.",
	.embed = "embed_tokens.weight",
	.head = "lm_head.weight",
	.block_prefix = "layers.",
	.tensors = tensors,
	.outside = architecture_rms_outside,
	.inputs = architecture_inputs,
	.shape = { .rope = true },
	.config_keys = keys,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
