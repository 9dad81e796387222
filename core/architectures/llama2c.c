/* Llama as llama2.c's model.py names it. The tensors stand in the order of its version 0 files,
 * which core/formats/llama2c.c relies on. RoPE turns neighbouring pairs. */
#include "core/architecture.h"

static const struct architecture_tensor tensors[] = {
	{ .slot = SLOT_ATTN_NORM, "attention_norm.weight", DIMENSION_HIDDEN, DIMENSION_NONE },
	{ .slot = SLOT_Q, "attention.wq.weight", DIMENSION_QUERIES, DIMENSION_HIDDEN },
	{ .slot = SLOT_K, "attention.wk.weight", DIMENSION_KEYS, DIMENSION_HIDDEN },
	{ .slot = SLOT_V, "attention.wv.weight", DIMENSION_KEYS, DIMENSION_HIDDEN },
	{ .slot = SLOT_O, "attention.wo.weight", DIMENSION_HIDDEN, DIMENSION_QUERIES },
	{ .slot = SLOT_MLP_NORM, "ffn_norm.weight", DIMENSION_HIDDEN, DIMENSION_NONE },
	{ .slot = SLOT_GATE, "feed_forward.w1.weight", DIMENSION_INTERMEDIATE, DIMENSION_HIDDEN },
	{ .slot = SLOT_DOWN, "feed_forward.w2.weight", DIMENSION_HIDDEN, DIMENSION_INTERMEDIATE },
	{ .slot = SLOT_UP, "feed_forward.w3.weight", DIMENSION_INTERMEDIATE, DIMENSION_HIDDEN },
	{ .name = NULL },
};

static const char *const leftovers[] = { NULL };

const struct architecture architecture_llama2c = {
	.name = "llama",
	.rope_interleaved = true,
	.embed = "tok_embeddings.weight",
	.final_norm = "norm.weight",
	.head = "output.weight",
	.block_prefix = "layers.",
	.tensors = tensors,
	.inputs = architecture_llama_inputs,
	.leftovers = leftovers,
};
