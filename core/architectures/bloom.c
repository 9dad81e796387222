/* BLOOM: ALiBi, a norm behind the embedding (models/bloom/configuration_bloom.py). */
#include "core/architecture.h"

#include "core/json.h"

static const struct architecture_tensor tensors[] = {
	VECTOR(ATTN_NORM, "input_layernorm.weight", HIDDEN),
	VECTOR(ATTN_NORM_BIAS, "input_layernorm.bias", HIDDEN),
	MATRIX(QKV, "self_attention.query_key_value.weight", QKV, HIDDEN),
	VECTOR(QKV_BIAS, "self_attention.query_key_value.bias", QKV),
	MATRIX(O, "self_attention.dense.weight", HIDDEN, QUERIES),
	VECTOR_WHEN(attention_bias, O_BIAS, "self_attention.dense.bias", HIDDEN),
	VECTOR(MLP_NORM, "post_attention_layernorm.weight", HIDDEN),
	VECTOR(MLP_NORM_BIAS, "post_attention_layernorm.bias", HIDDEN),
	MATRIX(UP, "mlp.dense_h_to_4h.weight", INTERMEDIATE, HIDDEN),
	VECTOR(UP_BIAS, "mlp.dense_h_to_4h.bias", INTERMEDIATE),
	MATRIX(DOWN, "mlp.dense_4h_to_h.weight", HIDDEN, INTERMEDIATE),
	VECTOR_WHEN(attention_bias, DOWN_BIAS, "mlp.dense_4h_to_h.bias", HIDDEN),
	{ .name = NULL },
};

static const struct architecture_tensor outside[] = {
	VECTOR(EMBED_NORM, "word_embeddings_layernorm.weight", HIDDEN),
	VECTOR(EMBED_NORM_BIAS, "word_embeddings_layernorm.bias", HIDDEN),
	VECTOR(FINAL_NORM, "ln_f.weight", HIDDEN),
	VECTOR(FINAL_NORM_BIAS, "ln_f.bias", HIDDEN),
	{ .name = NULL },
};

/* ALiBi has no longest sequence; "seq_length" is what the model was trained with. */
static const struct config_key keys[] = {
	CONFIG_SIZE("n_layer|num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 2),
	CONFIG_SIZE("hidden_size|n_embed", hidden, 1, CONFIG_WIDTH_MAX, 64),
	CONFIG_SIZE("n_head|num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 8),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 250880),
	CONFIG_SIZE("seq_length", context, 1, CONFIG_CONTEXT_MAX, 2048),
	CONFIG_NUMBER("layer_norm_epsilon", norm_eps, 0, 1, 1e-5),
	CONFIG_BOOL("apply_residual_connection_post_layernorm", residual_normed, false),
	CONFIG_BOOL("tie_word_embeddings", tied_head, true),
	{ .name = NULL },
};

/* "slow_but_exact" makes transformers sum slices of a matrix as training did, and leave out the two
 * biases behind such sums. */
static enum err
read_slices(const struct config_reading *r)
{
	bool exact = false;
	size_t slices = 1;
	enum err code = json_get_bool(&exact, r->document, r->object, "slow_but_exact");

	if (!code)
		code = json_get_size(&slices, r->document, r->object, "pretraining_tp", 1,
				     CONFIG_WIDTH_MAX);
	r->out->shape.attention_bias = !exact || slices == 1;
	return code;
}

static enum err (*const readers[])(const struct config_reading *) = { read_slices, NULL };

const struct architecture architecture_bloom = {
	.name = "bloom",
	.model_types = "bloom",
	.class_names = "BloomForCausalLM|BloomModel",
	.base = "transformer.",
	.embed = "word_embeddings.weight",
	.head = "lm_head.weight",
	.block_prefix = "h.",
	.tensors = tensors,
	.outside = outside,
	.inputs = architecture_inputs,
	.shape = { .alibi = true,
		   .layer_norm = true,
		   .qkv_grouped = true,
		   .activation = ACTIVATION_GELU_TANH },
	.config_keys = keys,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
