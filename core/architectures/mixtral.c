/* Mixtral: Mistral with experts (models/mixtral/configuration_mixtral.py). Files name the experts'
 * matrices w1 (gate), w3 (up) and w2 (down). */
#include "core/architecture.h"

static const struct architecture_tensor tensors[] = {
	VECTOR(ATTN_NORM, "input_layernorm.weight", HIDDEN),
	MATRIX(Q, "self_attn.q_proj.weight", QUERIES, HIDDEN),
	MATRIX(K, "self_attn.k_proj.weight", KEYS, HIDDEN),
	MATRIX(V, "self_attn.v_proj.weight", KEYS, HIDDEN),
	MATRIX(O, "self_attn.o_proj.weight", HIDDEN, QUERIES),
	VECTOR(MLP_NORM, "post_attention_layernorm.weight", HIDDEN),
	MATRIX(ROUTER, "block_sparse_moe.gate.weight|mlp.gate.weight", EXPERTS, HIDDEN),
	EXPERTS_FUSED("mlp.experts.gate_up_proj"),
	MATRIX(EXPERT_GATE, "block_sparse_moe.experts.#.w1.weight|mlp.experts.#.w1.weight",
	       EXPERT_INTERMEDIATE, HIDDEN),
	MATRIX(EXPERT_UP, "block_sparse_moe.experts.#.w3.weight|mlp.experts.#.w3.weight",
	       EXPERT_INTERMEDIATE, HIDDEN),
	MATRIX(EXPERT_DOWN,
	       "block_sparse_moe.experts.#.w2.weight|mlp.experts.#.w2.weight|"
	       "mlp.experts.down_proj",
	       HIDDEN, EXPERT_INTERMEDIATE),
	{ .name = NULL },
};

static const struct config_key keys[] = {
	CONFIG_SIZE("num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 32),
	CONFIG_SIZE("hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 4096),
	CONFIG_SIZE("intermediate_size", expert_intermediate, 1, CONFIG_WIDTH_MAX, 14336),
	CONFIG_SIZE("num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 32),
	CONFIG_SIZE("num_key_value_heads", kv_heads, 1, CONFIG_HEADS_MAX, 8),
	CONFIG_SIZE("head_dim", head_dim, 1, CONFIG_HEADS_MAX, CONFIG_DERIVED),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 32000),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 131072),
	CONFIG_SIZE_OR_NULL("sliding_window", window, 0, CONFIG_CONTEXT_MAX, 0),
	CONFIG_SIZE("num_local_experts|num_experts", experts, 1, CONFIG_EXPERTS_MAX, 8),
	CONFIG_SIZE("num_experts_per_tok", experts_per_token, 1, CONFIG_EXPERTS_MAX, 2),
	CONFIG_NUMBER("rms_norm_eps", norm_eps, 0, 1, 1e-5),
	CONFIG_ACTIVATION("hidden_act", ACTIVATION_SILU),
	CONFIG_BOOL("tie_word_embeddings", tied_head, false),
	{ .name = NULL },
};

static enum err (*const readers[])(const struct config_reading *) = { config_rope,
								      config_windows_all,
								      config_experts_all, NULL };

const struct architecture architecture_mixtral = {
	.name = "mixtral",
	.model_types = "mixtral",
	.class_names = "MixtralForCausalLM|MixtralModel",
	.base = "model.",
	.embed = "embed_tokens.weight",
	.head = "lm_head.weight",
	.block_prefix = "layers.",
	.tensors = tensors,
	.outside = architecture_rms_outside,
	.inputs = architecture_expert_inputs,
	.shape = { .rope = true, .experts_normed = true },
	.rope = { .theta = 1e6 },
	.config_keys = keys,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
