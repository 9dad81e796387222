/* OPT: learned positions behind two spare rows; the 350M model norms behind its sums and embeds in
 * fewer columns than it computes in (models/opt/configuration_opt.py). */
#include "core/architecture.h"

#include "core/json.h"

static const struct architecture_tensor tensors[] = {
	VECTOR_UNLESS(norm_bare, ATTN_NORM, "self_attn_layer_norm.weight", HIDDEN),
	VECTOR_UNLESS(norm_bare, ATTN_NORM_BIAS, "self_attn_layer_norm.bias", HIDDEN),
	MATRIX(Q, "self_attn.q_proj.weight", QUERIES, HIDDEN),
	MATRIX(K, "self_attn.k_proj.weight", KEYS, HIDDEN),
	MATRIX(V, "self_attn.v_proj.weight", KEYS, HIDDEN),
	MATRIX(O, "self_attn.out_proj.weight", HIDDEN, QUERIES),
	VECTOR_WHEN(attention_bias, Q_BIAS, "self_attn.q_proj.bias", QUERIES),
	VECTOR_WHEN(attention_bias, K_BIAS, "self_attn.k_proj.bias", KEYS),
	VECTOR_WHEN(attention_bias, V_BIAS, "self_attn.v_proj.bias", KEYS),
	VECTOR_WHEN(attention_bias, O_BIAS, "self_attn.out_proj.bias", HIDDEN),
	VECTOR_UNLESS(norm_bare, MLP_NORM, "final_layer_norm.weight", HIDDEN),
	VECTOR_UNLESS(norm_bare, MLP_NORM_BIAS, "final_layer_norm.bias", HIDDEN),
	MATRIX(UP, "fc1.weight", INTERMEDIATE, HIDDEN),
	VECTOR_WHEN(attention_bias, UP_BIAS, "fc1.bias", INTERMEDIATE),
	MATRIX(DOWN, "fc2.weight", HIDDEN, INTERMEDIATE),
	VECTOR_WHEN(attention_bias, DOWN_BIAS, "fc2.bias", HIDDEN),
	{ .name = NULL },
};

static const struct architecture_tensor outside[] = {
	MATRIX(POSITIONS, "embed_positions.weight", POSITIONS, HIDDEN),
	{ .slot = SLOT_PROJECT_IN,
	  .name = "project_in.weight",
	  .rows = DIMENSION_HIDDEN,
	  .columns = DIMENSION_EMBED,
	  .when = WHEN(projected) },
	{ .slot = SLOT_PROJECT_OUT,
	  .name = "project_out.weight",
	  .rows = DIMENSION_EMBED,
	  .columns = DIMENSION_HIDDEN,
	  .when = WHEN(projected) },
	{ .slot = SLOT_FINAL_NORM,
	  .name = "final_layer_norm.weight",
	  .rows = DIMENSION_HIDDEN,
	  .when = WHEN(final_norm),
	  .unless = WHEN(norm_bare) },
	{ .slot = SLOT_FINAL_NORM_BIAS,
	  .name = "final_layer_norm.bias",
	  .rows = DIMENSION_HIDDEN,
	  .when = WHEN(final_norm),
	  .unless = WHEN(norm_bare) },
	{ .name = NULL },
};

static const struct config_key keys[] = {
	CONFIG_SIZE("num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 12),
	CONFIG_SIZE("hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 768),
	CONFIG_SIZE("ffn_dim", intermediate, 1, CONFIG_WIDTH_MAX, 3072),
	CONFIG_SIZE("word_embed_proj_dim", embed_columns, 1, CONFIG_WIDTH_MAX, CONFIG_DERIVED),
	CONFIG_SIZE("num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 12),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 50272),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 2048),
	CONFIG_ACTIVATION("activation_function", ACTIVATION_RELU),
	CONFIG_BOOL("enable_bias", attention_bias, true),
	CONFIG_BOOL("tie_word_embeddings", tied_head, true),
	{ .name = NULL },
};

static enum err
read_norms(const struct config_reading *r)
{
	struct model_shape *shape = &r->out->shape;
	bool before = true, removed = false, affine = true;
	enum err code = json_get_bool(&before, r->document, r->object, "do_layer_norm_before");

	if (!code)
		code = json_get_bool(&removed, r->document, r->object, "_remove_final_layer_norm");
	if (!code)
		code = json_get_bool(&affine, r->document, r->object,
				     "layer_norm_elementwise_affine");
	shape->norm_after = !before;
	shape->final_norm = before && !removed;
	shape->norm_bare = !affine;
	shape->norm_eps = 1e-5;
	return code;
}

static enum err (*const readers[])(const struct config_reading *) = { read_norms, NULL };

const struct architecture architecture_opt = {
	.name = "opt",
	.model_types = "opt",
	.class_names = "OPTForCausalLM|OPTModel",
	.base = "model.decoder.|decoder.",
	.embed = "embed_tokens.weight",
	.head = "lm_head.weight",
	.block_prefix = "layers.",
	.tensors = tensors,
	.outside = outside,
	.inputs = architecture_inputs,
	.shape = { .layer_norm = true, .position_offset = 2 },
	.config_keys = keys,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
