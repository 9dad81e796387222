/* Llama as llama2.c's model.py names it. The tensors stand in the order of its version 0 files,
 * which core/formats/llama2c.c relies on. RoPE turns neighbouring pairs. */
#include "core/architecture.h"

static const struct architecture_tensor tensors[] = {
	VECTOR(ATTN_NORM, "attention_norm.weight", HIDDEN),
	MATRIX(Q, "attention.wq.weight", QUERIES, HIDDEN),
	MATRIX(K, "attention.wk.weight", KEYS, HIDDEN),
	MATRIX(V, "attention.wv.weight", KEYS, HIDDEN),
	MATRIX(O, "attention.wo.weight", HIDDEN, QUERIES),
	VECTOR(MLP_NORM, "ffn_norm.weight", HIDDEN),
	MATRIX(GATE, "feed_forward.w1.weight", INTERMEDIATE, HIDDEN),
	MATRIX(DOWN, "feed_forward.w2.weight", HIDDEN, INTERMEDIATE),
	MATRIX(UP, "feed_forward.w3.weight", INTERMEDIATE, HIDDEN),
	{ .name = NULL },
};

static const char *const leftovers[] = { NULL };

const struct architecture architecture_llama2c = {
	.name = "llama",
	.base = "",
	.embed = "tok_embeddings.weight",
	.head = "output.weight",
	.block_prefix = "layers.",
	.tensors = tensors,
	.outside = architecture_rms_outside,
	.inputs = architecture_inputs,
	.shape = { .rope = true, .rope_interleaved = true },
	.leftovers = leftovers,
};
