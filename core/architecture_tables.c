/* Tables that several families share. */
#include "core/architecture.h"

const struct architecture_tensor architecture_llama_tensors[] = {
	VECTOR(ATTN_NORM, "input_layernorm.weight", HIDDEN),
	MATRIX(Q, "self_attn.q_proj.weight", QUERIES, HIDDEN),
	MATRIX(K, "self_attn.k_proj.weight", KEYS, HIDDEN),
	MATRIX(V, "self_attn.v_proj.weight", KEYS, HIDDEN),
	MATRIX(O, "self_attn.o_proj.weight", HIDDEN, QUERIES),
	VECTOR_WHEN(attention_bias, Q_BIAS, "self_attn.q_proj.bias", QUERIES),
	VECTOR_WHEN(attention_bias, K_BIAS, "self_attn.k_proj.bias", KEYS),
	VECTOR_WHEN(attention_bias, V_BIAS, "self_attn.v_proj.bias", KEYS),
	{ .slot = SLOT_O_BIAS,
	  .name = "self_attn.o_proj.bias",
	  .rows = DIMENSION_HIDDEN,
	  .when = WHEN(attention_bias),
	  .unless = WHEN(output_bare) },
	VECTOR_WHEN(qk_norm, Q_NORM, "self_attn.q_norm.weight", HEAD_DIM),
	VECTOR_WHEN(qk_norm, K_NORM, "self_attn.k_norm.weight", HEAD_DIM),
	VECTOR(MLP_NORM, "post_attention_layernorm.weight", HIDDEN),
	MATRIX(GATE, "mlp.gate_proj.weight", INTERMEDIATE, HIDDEN),
	MATRIX(UP, "mlp.up_proj.weight", INTERMEDIATE, HIDDEN),
	MATRIX(DOWN, "mlp.down_proj.weight", HIDDEN, INTERMEDIATE),
	VECTOR_WHEN(mlp_bias, GATE_BIAS, "mlp.gate_proj.bias", INTERMEDIATE),
	VECTOR_WHEN(mlp_bias, UP_BIAS, "mlp.up_proj.bias", INTERMEDIATE),
	VECTOR_WHEN(mlp_bias, DOWN_BIAS, "mlp.down_proj.bias", HIDDEN),
	{ .name = NULL },
};

/* Norms before and behind each half. */
const struct architecture_tensor architecture_sandwich_tensors[] = {
	VECTOR(ATTN_NORM, "input_layernorm.weight", HIDDEN),
	MATRIX(Q, "self_attn.q_proj.weight", QUERIES, HIDDEN),
	MATRIX(K, "self_attn.k_proj.weight", KEYS, HIDDEN),
	MATRIX(V, "self_attn.v_proj.weight", KEYS, HIDDEN),
	MATRIX(O, "self_attn.o_proj.weight", HIDDEN, QUERIES),
	VECTOR_WHEN(attention_bias, Q_BIAS, "self_attn.q_proj.bias", QUERIES),
	VECTOR_WHEN(attention_bias, K_BIAS, "self_attn.k_proj.bias", KEYS),
	VECTOR_WHEN(attention_bias, V_BIAS, "self_attn.v_proj.bias", KEYS),
	VECTOR_WHEN(attention_bias, O_BIAS, "self_attn.o_proj.bias", HIDDEN),
	VECTOR_WHEN(qk_norm, Q_NORM, "self_attn.q_norm.weight", HEAD_DIM),
	VECTOR_WHEN(qk_norm, K_NORM, "self_attn.k_norm.weight", HEAD_DIM),
	VECTOR(ATTN_POST_NORM, "post_attention_layernorm.weight", HIDDEN),
	VECTOR(MLP_NORM, "pre_feedforward_layernorm.weight", HIDDEN),
	MATRIX(GATE, "mlp.gate_proj.weight", INTERMEDIATE, HIDDEN),
	MATRIX(UP, "mlp.up_proj.weight", INTERMEDIATE, HIDDEN),
	MATRIX(DOWN, "mlp.down_proj.weight", HIDDEN, INTERMEDIATE),
	VECTOR(MLP_POST_NORM, "post_feedforward_layernorm.weight", HIDDEN),
	{ .name = NULL },
};

#define SHARED_EXPERT(id, spelling, height, width)                                               \
	{                                                                                        \
		.slot = SLOT_##id, .name = spelling, .rows = DIMENSION_##height,                 \
		.columns = DIMENSION_##width, .block = SPARSE_BLOCK, .when = WHEN(shared_expert) \
	}

const struct architecture_tensor architecture_qwen_moe_tensors[] = {
	VECTOR(ATTN_NORM, "input_layernorm.weight", HIDDEN),
	MATRIX(Q, "self_attn.q_proj.weight", QUERIES, HIDDEN),
	MATRIX(K, "self_attn.k_proj.weight", KEYS, HIDDEN),
	MATRIX(V, "self_attn.v_proj.weight", KEYS, HIDDEN),
	MATRIX(O, "self_attn.o_proj.weight", HIDDEN, QUERIES),
	VECTOR_WHEN(attention_bias, Q_BIAS, "self_attn.q_proj.bias", QUERIES),
	VECTOR_WHEN(attention_bias, K_BIAS, "self_attn.k_proj.bias", KEYS),
	VECTOR_WHEN(attention_bias, V_BIAS, "self_attn.v_proj.bias", KEYS),
	{ .slot = SLOT_O_BIAS,
	  .name = "self_attn.o_proj.bias",
	  .rows = DIMENSION_HIDDEN,
	  .when = WHEN(attention_bias),
	  .unless = WHEN(output_bare) },
	VECTOR_WHEN(qk_norm, Q_NORM, "self_attn.q_norm.weight", HEAD_DIM),
	VECTOR_WHEN(qk_norm, K_NORM, "self_attn.k_norm.weight", HEAD_DIM),
	VECTOR(MLP_NORM, "post_attention_layernorm.weight", HIDDEN),
	MATRIX_IN(DENSE, GATE, "mlp.gate_proj.weight", INTERMEDIATE, HIDDEN),
	MATRIX_IN(DENSE, UP, "mlp.up_proj.weight", INTERMEDIATE, HIDDEN),
	MATRIX_IN(DENSE, DOWN, "mlp.down_proj.weight", HIDDEN, INTERMEDIATE),
	MATRIX_IN(SPARSE, ROUTER, "mlp.gate.weight", EXPERTS, HIDDEN),
	EXPERTS_FUSED("mlp.experts.gate_up_proj"),
	MATRIX_IN(SPARSE, EXPERT_GATE, "mlp.experts.#.gate_proj.weight", EXPERT_INTERMEDIATE,
		  HIDDEN),
	MATRIX_IN(SPARSE, EXPERT_UP, "mlp.experts.#.up_proj.weight", EXPERT_INTERMEDIATE, HIDDEN),
	MATRIX_IN(SPARSE, EXPERT_DOWN, "mlp.experts.#.down_proj.weight|mlp.experts.down_proj",
		  HIDDEN, EXPERT_INTERMEDIATE),
	SHARED_EXPERT(SHARED_ROUTER, "mlp.shared_expert_gate.weight", ONE, HIDDEN),
	SHARED_EXPERT(SHARED_GATE, "mlp.shared_expert.gate_proj.weight", SHARED_INTERMEDIATE,
		      HIDDEN),
	SHARED_EXPERT(SHARED_UP, "mlp.shared_expert.up_proj.weight", SHARED_INTERMEDIATE, HIDDEN),
	SHARED_EXPERT(SHARED_DOWN, "mlp.shared_expert.down_proj.weight", HIDDEN,
		      SHARED_INTERMEDIATE),
	{ .name = NULL },
};

const struct architecture_tensor architecture_rms_outside[] = {
	VECTOR(FINAL_NORM, "norm.weight", HIDDEN),
	{ .name = NULL },
};

/* Each names the norm or the layer that may take up its scales, or SLOT_COUNT. */
#define INPUT(file_name, norm, layer, ...)                                                         \
	{                                                                                          \
		.name = file_name, .slots = { __VA_ARGS__, SLOT_COUNT }, .fold_norm = SLOT_##norm, \
		.fold_layer = SLOT_##layer                                                         \
	}
#define ATTENTION SLOT_QKV, SLOT_Q, SLOT_K, SLOT_V

const struct architecture_input architecture_inputs[] = {
	INPUT("attn.in", ATTN_NORM, COUNT, ATTENTION),
	INPUT("attn.out", COUNT, V, SLOT_O),
	INPUT("mlp.in", MLP_NORM, COUNT, SLOT_GATE_UP, SLOT_GATE, SLOT_UP),
	INPUT("mlp.down", COUNT, UP, SLOT_DOWN),
	{ .name = NULL },
};

const struct architecture_input architecture_shared_norm_inputs[] = {
	{ .name = "attn.in",
	  .slots = { ATTENTION, SLOT_GATE_UP, SLOT_GATE, SLOT_UP, SLOT_COUNT },
	  .fold_norm = SLOT_ATTN_NORM,
	  .fold_layer = SLOT_COUNT,
	  .unless = WHEN(separate_norm) },
	{ .name = "attn.in",
	  .slots = { ATTENTION, SLOT_COUNT },
	  .fold_norm = SLOT_ATTN_NORM,
	  .fold_layer = SLOT_COUNT,
	  .when = WHEN(separate_norm) },
	INPUT("attn.out", COUNT, V, SLOT_O),
	{ .name = "mlp.in",
	  .slots = { SLOT_GATE_UP, SLOT_GATE, SLOT_UP, SLOT_COUNT },
	  .fold_norm = SLOT_MLP_NORM,
	  .fold_layer = SLOT_COUNT,
	  .when = WHEN(separate_norm) },
	INPUT("mlp.down", COUNT, UP, SLOT_DOWN),
	{ .name = NULL },
};

/* What experts read, all of them read: no scale of one can be folded into the norm before them. */
const struct architecture_input architecture_expert_inputs[] = {
	INPUT("attn.in", ATTN_NORM, COUNT, ATTENTION),
	INPUT("attn.out", COUNT, V, SLOT_O),
	INPUT("mlp.in", MLP_NORM, COUNT, SLOT_GATE, SLOT_UP),
	INPUT("mlp.down", COUNT, UP, SLOT_DOWN),
	INPUT("mlp.router.in", COUNT, COUNT, SLOT_ROUTER, SLOT_SHARED_ROUTER),
	INPUT("mlp.shared.in", COUNT, COUNT, SLOT_SHARED_GATE, SLOT_SHARED_UP),
	INPUT("mlp.shared.down", COUNT, SHARED_UP, SLOT_SHARED_DOWN),
	INPUT("mlp.experts.#.in", COUNT, COUNT, SLOT_EXPERT_GATE_UP, SLOT_EXPERT_GATE,
	      SLOT_EXPERT_UP),
	INPUT("mlp.experts.#.down", COUNT, EXPERT_UP, SLOT_EXPERT_DOWN),
	{ .name = NULL },
};

const char *const architecture_leftovers[] = { ".rotary_emb.inv_freq", ".attn.masked_bias",
					       ".attn.bias",           ".attention.masked_bias",
					       ".attention.bias",      NULL };
