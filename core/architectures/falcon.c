/* Falcon: fused queries, keys and values whose layout follows from the number of key heads, RoPE or
 * ALiBi, one norm or two for parallel halves (models/falcon/configuration_falcon.py). */
#include "core/architecture.h"

#include "core/json.h"

static const struct architecture_tensor tensors[] = {
	VECTOR(ATTN_NORM, "input_layernorm.weight|ln_attn.weight", HIDDEN),
	VECTOR(ATTN_NORM_BIAS, "input_layernorm.bias|ln_attn.bias", HIDDEN),
	MATRIX(QKV, "self_attention.query_key_value.weight", QKV, HIDDEN),
	VECTOR_WHEN(attention_bias, QKV_BIAS, "self_attention.query_key_value.bias", QKV),
	MATRIX(O, "self_attention.dense.weight", HIDDEN, QUERIES),
	VECTOR_WHEN(attention_bias, O_BIAS, "self_attention.dense.bias", HIDDEN),
	VECTOR_WHEN(separate_norm, MLP_NORM, "post_attention_layernorm.weight|ln_mlp.weight",
		    HIDDEN),
	VECTOR_WHEN(separate_norm, MLP_NORM_BIAS, "post_attention_layernorm.bias|ln_mlp.bias",
		    HIDDEN),
	MATRIX(UP, "mlp.dense_h_to_4h.weight", INTERMEDIATE, HIDDEN),
	VECTOR_WHEN(attention_bias, UP_BIAS, "mlp.dense_h_to_4h.bias", INTERMEDIATE),
	MATRIX(DOWN, "mlp.dense_4h_to_h.weight", HIDDEN, INTERMEDIATE),
	VECTOR_WHEN(attention_bias, DOWN_BIAS, "mlp.dense_4h_to_h.bias", HIDDEN),
	{ .name = NULL },
};

static const struct architecture_tensor outside[] = {
	VECTOR(FINAL_NORM, "ln_f.weight", HIDDEN),
	VECTOR(FINAL_NORM_BIAS, "ln_f.bias", HIDDEN),
	{ .name = NULL },
};

static const struct config_key keys[] = {
	CONFIG_SIZE("num_hidden_layers|n_layer", blocks, 1, CONFIG_BLOCKS_MAX, 32),
	CONFIG_SIZE("hidden_size|n_embed", hidden, 1, CONFIG_WIDTH_MAX, 4544),
	CONFIG_SIZE("ffn_hidden_size", intermediate, 1, CONFIG_WIDTH_MAX, CONFIG_DERIVED),
	CONFIG_SIZE("num_attention_heads|n_head", heads, 1, CONFIG_HEADS_MAX, 71),
	CONFIG_SIZE("num_kv_heads|n_head_kv", kv_heads, 1, CONFIG_HEADS_MAX, CONFIG_DERIVED),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 65024),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 2048),
	CONFIG_NUMBER("layer_norm_epsilon", norm_eps, 0, 1, 1e-5),
	CONFIG_ACTIVATION("activation", ACTIVATION_GELU),
	CONFIG_BOOL("alibi", alibi, false),
	CONFIG_BOOL("bias", attention_bias, false),
	CONFIG_BOOL("parallel_attn", parallel, true),
	CONFIG_BOOL("tie_word_embeddings", tied_head, true),
	{ .name = NULL },
};

static const struct config_rule rules[] = {
	{ "apply_residual_connection_post_layernorm", "false" },
	{ NULL, NULL },
};

/* The first design has one key head or as many as query heads, the second any number, and by
 * default a norm for each half. RefinedWeb's configs, older than transformers' own class, tell the
 * second by n_head_kv (models/falcon/convert_custom_code_checkpoint.py). */
static enum err
read_design(const struct config_reading *r)
{
	struct model_shape *shape = &r->out->shape;
	bool second = json_get(r->object, "n_head_kv") != NULL, single = true;
	size_t norms = 0;
	enum err code = json_get_bool(&second, r->document, r->object, "new_decoder_architecture");

	if (!code)
		code = json_get_bool(&single, r->document, r->object, "multi_query");
	if (!code)
		code = json_get_size(&norms, r->document, r->object, "num_ln_in_parallel_attn", 1,
				     2);
	if (!second)
		shape->kv_heads = single ? 1 : shape->heads;
	else if (!norms)
		norms = 2;
	shape->parallel = shape->parallel || second;
	shape->separate_norm = !shape->parallel || norms == 2;
	shape->alibi_rough = shape->alibi;
	shape->rope = !shape->alibi;
	return code;
}

static enum err (*const readers[])(const struct config_reading *) = { read_design, config_rope,
								      NULL };

const struct architecture architecture_falcon = {
	.name = "falcon",
	.model_types = "falcon|RefinedWeb|RefinedWebModel",
	.class_names = "FalconForCausalLM|RWForCausalLM|FalconModel",
	.base = "transformer.",
	.embed = "word_embeddings.weight",
	.head = "lm_head.weight",
	.block_prefix = "h.",
	.tensors = tensors,
	.outside = outside,
	.inputs = architecture_shared_norm_inputs,
	.shape = { .rope = true, .layer_norm = true, .qkv_grouped = true },
	.config_keys = keys,
	.config_rules = rules,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
