#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include "core/work.h"
#include "kernels/kernels.h"

/* x_r H x_r' for each row r, H a symmetric matrix or a diagonal block of one: what a row of weight
 * errors costs in the output. Products in float32 tiles whose shape depends on rows and n alone,
 * sums in double. H is symmetric, so half of x H is enough. */
enum { TRACE_ROWS = 256, TRACE_COLUMNS = 256 };

struct trace {
	const struct kernels *kernels;
	const struct work *work; /* a cancel leaves the sums unfinished */
	const float *x;          /* (rows, n), at most TRACE_ROWS rows */
	size_t rows, n, ldx;
	const float *h; /* (n, n) */
	size_t ldh;
	float *product; /* (TRACE_ROWS, TRACE_COLUMNS) scratch */
};

void trace_rows(double *out /* (rows) */, const struct trace *trace);

#endif
