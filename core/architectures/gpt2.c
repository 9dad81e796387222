/* GPT-2: learned positions, matrices stored by columns (models/gpt2/configuration_gpt2.py). */
#include "core/architecture.h"

#include "core/json.h"

static const struct architecture_tensor tensors[] = {
	VECTOR(ATTN_NORM, "ln_1.weight", HIDDEN),
	VECTOR(ATTN_NORM_BIAS, "ln_1.bias", HIDDEN),
	{ .slot = SLOT_QKV,
	  .name = "attn.c_attn.weight",
	  .rows = DIMENSION_QKV,
	  .columns = DIMENSION_HIDDEN,
	  .transposed = true },
	VECTOR(QKV_BIAS, "attn.c_attn.bias", QKV),
	{ .slot = SLOT_O,
	  .name = "attn.c_proj.weight",
	  .rows = DIMENSION_HIDDEN,
	  .columns = DIMENSION_QUERIES,
	  .transposed = true },
	VECTOR(O_BIAS, "attn.c_proj.bias", HIDDEN),
	VECTOR(MLP_NORM, "ln_2.weight", HIDDEN),
	VECTOR(MLP_NORM_BIAS, "ln_2.bias", HIDDEN),
	{ .slot = SLOT_UP,
	  .name = "mlp.c_fc.weight",
	  .rows = DIMENSION_INTERMEDIATE,
	  .columns = DIMENSION_HIDDEN,
	  .transposed = true },
	VECTOR(UP_BIAS, "mlp.c_fc.bias", INTERMEDIATE),
	{ .slot = SLOT_DOWN,
	  .name = "mlp.c_proj.weight",
	  .rows = DIMENSION_HIDDEN,
	  .columns = DIMENSION_INTERMEDIATE,
	  .transposed = true },
	VECTOR(DOWN_BIAS, "mlp.c_proj.bias", HIDDEN),
	{ .name = NULL },
};

static const struct architecture_tensor outside[] = {
	MATRIX(POSITIONS, "wpe.weight", POSITIONS, HIDDEN),
	VECTOR(FINAL_NORM, "ln_f.weight", HIDDEN),
	VECTOR(FINAL_NORM_BIAS, "ln_f.bias", HIDDEN),
	{ .name = NULL },
};

static const struct config_key keys[] = {
	CONFIG_SIZE("n_layer|num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 12),
	CONFIG_SIZE("n_embd|hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 768),
	CONFIG_SIZE("n_inner", intermediate, 1, CONFIG_WIDTH_MAX, CONFIG_DERIVED),
	CONFIG_SIZE("n_head|num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 12),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 50257),
	CONFIG_SIZE("n_positions|max_position_embeddings|n_ctx", context, 1, CONFIG_CONTEXT_MAX,
		    1024),
	CONFIG_NUMBER("layer_norm_epsilon", norm_eps, 0, 1, 1e-5),
	CONFIG_ACTIVATION("activation_function", ACTIVATION_GELU_TANH),
	CONFIG_BOOL("scale_attn_by_inverse_layer_idx", scale_by_block, false),
	CONFIG_BOOL("tie_word_embeddings", tied_head, true),
	{ .name = NULL },
};

static const struct config_rule rules[] = {
	{ "add_cross_attention", "false" },
	{ NULL, NULL },
};

static enum err
read_scale(const struct config_reading *reading)
{
	bool scaled = true;
	enum err code =
		json_get_bool(&scaled, reading->document, reading->object, "scale_attn_weights");

	if (!scaled)
		reading->out->shape.attention_scale = 1;
	return code;
}

static enum err (*const readers[])(const struct config_reading *) = { read_scale, NULL };

const struct architecture architecture_gpt2 = {
	.name = "gpt2",
	.model_types = "gpt2",
	.class_names = "GPT2LMHeadModel|GPT2Model",
	.base = "transformer.",
	.embed = "wte.weight",
	.head = "lm_head.weight",
	.block_prefix = "h.",
	.tensors = tensors,
	.outside = outside,
	.inputs = architecture_inputs,
	.shape = { .layer_norm = true },
	.config_keys = keys,
	.config_rules = rules,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
