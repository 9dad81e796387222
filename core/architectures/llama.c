/* Llama 1 to 3 and the many models that share their class: RMSNorm before attention and MLP, rotary
 * positions, grouped queries, SwiGLU. Names as transformers' LlamaForCausalLM writes them. */
#include "core/architecture.h"

static const char *const model_types[] = { "llama", NULL };

static const struct architecture_slot slots[] = {
	{ SLOT_ATTN_NORM, "model.layers.%d.input_layernorm.weight", NULL, "hidden", false },
	{ SLOT_Q, "model.layers.%d.self_attn.q_proj.weight", "q", "hidden", false },
	{ SLOT_K, "model.layers.%d.self_attn.k_proj.weight", "kv", "hidden", false },
	{ SLOT_V, "model.layers.%d.self_attn.v_proj.weight", "kv", "hidden", false },
	{ SLOT_O, "model.layers.%d.self_attn.o_proj.weight", "hidden", "q", false },
	{ SLOT_MLP_NORM, "model.layers.%d.post_attention_layernorm.weight", NULL, "hidden", false },
	{ SLOT_GATE, "model.layers.%d.mlp.gate_proj.weight", "intermediate", "hidden", false },
	{ SLOT_UP, "model.layers.%d.mlp.up_proj.weight", "intermediate", "hidden", false },
	{ SLOT_DOWN, "model.layers.%d.mlp.down_proj.weight", "hidden", "intermediate", false },
	{ .tensor = NULL },
};

static const struct architecture_input inputs[] = {
	{ "attn.in", "hidden", { SLOT_Q, SLOT_K, SLOT_V }, 3, SLOT_ATTN_NORM, -1, false },
	{ "attn.out", "q", { SLOT_O }, 1, -1, SLOT_V, true },
	{ "mlp.in", "hidden", { SLOT_GATE, SLOT_UP }, 2, SLOT_MLP_NORM, -1, false },
	{ "mlp.down", "intermediate", { SLOT_DOWN }, 1, -1, SLOT_UP, false },
	{ .name = NULL },
};

/* Buffers that older versions saved and nobody reads. */
static const char *const ignored[] = { "**.rotary_emb.inv_freq", "**.attn.masked_bias", NULL };

const struct architecture architecture_llama = {
	.name = "llama",
	.model_types = model_types,
	.embed = "model.embed_tokens.weight",
	.head = "lm_head.weight",
	.final_norm = "model.norm.weight",
	.slots = slots,
	.inputs = inputs,
	.ignored = ignored,
	.norm_eps = 1e-6,
	.rope_theta = 10000.0,
	.context = 2048,
	.tied_head = false,
	.activation = "silu",
};
