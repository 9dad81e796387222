/* Phi 3, 3.5 and 4: Llama with queries, keys and values in one matrix, gate and up in another
 * (models/phi3/configuration_phi3.py). */
#include "core/architecture.h"

static const struct architecture_tensor tensors[] = {
	VECTOR(ATTN_NORM, "input_layernorm.weight", HIDDEN),
	MATRIX(QKV, "self_attn.qkv_proj.weight", QKV, HIDDEN),
	MATRIX(O, "self_attn.o_proj.weight", HIDDEN, QUERIES),
	VECTOR(MLP_NORM, "post_attention_layernorm.weight", HIDDEN),
	MATRIX(GATE_UP, "mlp.gate_up_proj.weight", GATE_UP, HIDDEN),
	MATRIX(DOWN, "mlp.down_proj.weight", HIDDEN, INTERMEDIATE),
	{ .name = NULL },
};

static const struct config_key keys[] = {
	CONFIG_SIZE("num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 32),
	CONFIG_SIZE("hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 3072),
	CONFIG_SIZE("intermediate_size", intermediate, 1, CONFIG_WIDTH_MAX, 8192),
	CONFIG_SIZE("num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 32),
	CONFIG_SIZE("num_key_value_heads", kv_heads, 1, CONFIG_HEADS_MAX, CONFIG_DERIVED),
	CONFIG_SIZE("head_dim", head_dim, 1, CONFIG_HEADS_MAX, CONFIG_DERIVED),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 32064),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 4096),
	CONFIG_SIZE_OR_NULL("sliding_window", window, 0, CONFIG_CONTEXT_MAX, 0),
	CONFIG_NUMBER("rms_norm_eps", norm_eps, 0, 1, 1e-5),
	CONFIG_ACTIVATION("hidden_act", ACTIVATION_SILU),
	CONFIG_BOOL("tie_word_embeddings", tied_head, false),
	{ .name = NULL },
};

static enum err (*const readers[])(const struct config_reading *) = { config_rope,
								      config_windows_all, NULL };

const struct architecture architecture_phi3 = {
	.name = "phi3",
	.model_types = "phi3",
	.class_names = "Phi3ForCausalLM|Phi3Model",
	.base = "model.",
	.embed = "embed_tokens.weight",
	.head = "lm_head.weight",
	.block_prefix = "layers.",
	.tensors = tensors,
	.outside = architecture_rms_outside,
	.inputs = architecture_inputs,
	.shape = { .rope = true },
	.rope = { .original_context = 4096 },
	.config_keys = keys,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
