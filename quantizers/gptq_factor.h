#ifndef QUANTIZERS_GPTQ_FACTOR_H
#define QUANTIZERS_GPTQ_FACTOR_H

#include "quantizers/quantizer.h"

/* The order in which gptq takes the columns of one input, and how the error of one is made up for
 * by those that follow. Columns lie in slots, the last slot is taken first. */
enum { GPTQ_BLOCK = 128 };

struct gptq_factor {
	size_t n, ld;     /* ld: floats from one row to the next; no power of two, for the caches */
	uint32_t *column; /* (n) of each slot */
	bool *dead;       /* (n) by column: never active in calibration */
	/* (n, n) by slots. Right of the diagonal in row s: what an error in slot t > s adds to slot
	 * s before that is rounded. Left of it, inside the diagonal blocks that start at
	 * gptq_block_first: the same transposed, so that a column of it lies side by side. */
	float *feed;
	double damp; /* share of the mean diagonal that was added */
};

struct gptq_order {
	bool act_order;
	double damp; /* to begin with; raised by 0.01 until the factorization succeeds */
};

enum err gptq_factor_make(struct gptq_factor *out, const struct quant_task *task,
			  const struct gptq_order *order);
void gptq_factor_free(struct gptq_factor *factor);

/* Blocks of 128 are counted from the last slot; the first slot of the block that `slot` is in. */
static inline size_t
gptq_block_first(size_t n, size_t slot)
{
	size_t from_end = (n - 1 - slot) / GPTQ_BLOCK * GPTQ_BLOCK + GPTQ_BLOCK;

	return from_end < n ? n - from_end : 0;
}

#endif
