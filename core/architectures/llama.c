/* Llama 1 to 3 as transformers stores it (models/llama/configuration_llama.py gives the defaults of
 * absent keys). */
#include "core/architecture.h"

static const struct architecture_tensor tensors[] = {
	{ .slot = SLOT_ATTN_NORM, "input_layernorm.weight", DIMENSION_HIDDEN, DIMENSION_NONE },
	{ .slot = SLOT_Q, "self_attn.q_proj.weight", DIMENSION_QUERIES, DIMENSION_HIDDEN },
	{ .slot = SLOT_K, "self_attn.k_proj.weight", DIMENSION_KEYS, DIMENSION_HIDDEN },
	{ .slot = SLOT_V, "self_attn.v_proj.weight", DIMENSION_KEYS, DIMENSION_HIDDEN },
	{ .slot = SLOT_O, "self_attn.o_proj.weight", DIMENSION_HIDDEN, DIMENSION_QUERIES },
	{ .slot = SLOT_MLP_NORM,
	  "post_attention_layernorm.weight",
	  DIMENSION_HIDDEN,
	  DIMENSION_NONE },
	{ .slot = SLOT_GATE, "mlp.gate_proj.weight", DIMENSION_INTERMEDIATE, DIMENSION_HIDDEN },
	{ .slot = SLOT_UP, "mlp.up_proj.weight", DIMENSION_INTERMEDIATE, DIMENSION_HIDDEN },
	{ .slot = SLOT_DOWN, "mlp.down_proj.weight", DIMENSION_HIDDEN, DIMENSION_INTERMEDIATE },
	{ .name = NULL },
};

const struct architecture_input architecture_llama_inputs[] = {
	{ .name = "attn.in",
	  .slots = { SLOT_Q, SLOT_K, SLOT_V, SLOT_COUNT },
	  .fold_norm = SLOT_ATTN_NORM,
	  .fold_layer = SLOT_COUNT },
	{ .name = "attn.out",
	  .slots = { SLOT_O, SLOT_COUNT },
	  .fold_norm = SLOT_COUNT,
	  .fold_layer = SLOT_V },
	{ .name = "mlp.in",
	  .slots = { SLOT_GATE, SLOT_UP, SLOT_COUNT },
	  .fold_norm = SLOT_MLP_NORM,
	  .fold_layer = SLOT_COUNT },
	{ .name = "mlp.down",
	  .slots = { SLOT_DOWN, SLOT_COUNT },
	  .fold_norm = SLOT_COUNT,
	  .fold_layer = SLOT_UP },
	{ .name = NULL },
};

static const struct config_key keys[] = {
	CONFIG_SIZE("num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 32),
	CONFIG_SIZE("hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 4096),
	CONFIG_SIZE("intermediate_size", intermediate, 1, CONFIG_WIDTH_MAX, 11008),
	CONFIG_SIZE("num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 32),
	CONFIG_SIZE("num_key_value_heads", kv_heads, 1, CONFIG_HEADS_MAX, CONFIG_DERIVED),
	CONFIG_SIZE("head_dim", head_dim, 1, CONFIG_HEADS_MAX, CONFIG_DERIVED),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 32000),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 2048),
	CONFIG_NUMBER("rms_norm_eps", norm_eps, 0, 1, 1e-6),
	CONFIG_BOOL("tie_word_embeddings", tied_head, false),
	{ .name = NULL },
};

static const struct config_rule rules[] = {
	{ "hidden_act", "silu|swish" },
	{ "attention_bias", "false" },
	{ "mlp_bias", "false" },
	{ NULL, NULL },
};

static const char *const leftovers[] = { ".rotary_emb.inv_freq", ".attn.masked_bias", NULL };

const struct architecture architecture_llama = {
	.name = "llama",
	.model_type = "llama",
	.class_name = "LlamaForCausalLM",
	.embed = "model.embed_tokens.weight",
	.final_norm = "model.norm.weight",
	.head = "lm_head.weight",
	.block_prefix = "model.layers.",
	.tensors = tensors,
	.inputs = architecture_llama_inputs,
	.config_keys = keys,
	.config_rules = rules,
	.leftovers = leftovers,
};
