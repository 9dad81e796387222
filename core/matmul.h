#ifndef CORE_MATMUL_H
#define CORE_MATMUL_H

#include "core/work.h"

/* out (tokens, rows) = x (tokens, columns) weight' (rows, columns), plus what is there when `add`.
 * The calls to BLAS have shapes that follow from this product's alone, each some 20 ms at most;
 * they run in parallel where the pool is free. Cancellable. */
struct matmul {
	size_t tokens, rows, columns;
	const float *x; /* (tokens, columns), rows x_stride apart */
	size_t x_stride;
	const float *weight; /* (rows, columns) */
	float *out;          /* (tokens, rows), rows out_stride apart */
	size_t out_stride;
	bool add;
};

enum err matmul_run(const struct matmul *matmul, const struct work *work);

#endif
