#ifndef QUANTIZERS_SINKHORN_H
#define QUANTIZERS_SINKHORN_H

#include "core/work.h"
#include "kernels/kernels.h"

/* The normalisation of SINQ (Müller et al. 2025, arXiv 2509.22944): factors for the rows and the
 * columns of a matrix, divided by which their standard deviations are alike. In the manner of
 * Sinkhorn both are multiplied, step by step, by the deviation over that of the least row or
 * column, as long as the imbalance, the largest deviation over the least, does not grow.
 *
 *	struct sinkhorn_part part = { x, rows };
 *	struct sinkhorn sinkhorn = { &part, 1, columns, 16, kernels, work };
 *
 *	code = sinkhorn_solve(row, column, &sinkhorn);
 *
 * A deviation of one value is 0. The bits depend on nothing but the values. */
struct sinkhorn_part {
	const float *x; /* (rows, columns) */
	size_t rows;
};

struct sinkhorn {
	const struct sinkhorn_part *parts; /* one below the other: one matrix */
	size_t part_count, columns;
	int iterations; /* 0: all factors are 1 */
	const struct kernels *kernels;
	const struct work *work; /* asked whether to stop, told of no progress */
};

enum err sinkhorn_solve(float *row,    /* (rows of all parts) */
			float *column, /* (columns) */
			const struct sinkhorn *sinkhorn);

/* Width of the tiles that columns are cut into: `width`, or, where that does not divide them, its
 * half, and so on down to 16; 0 when none does. */
size_t sinkhorn_width(size_t width, size_t columns);

#endif
