#ifndef CORE_NORM_H
#define CORE_NORM_H

#include <stdbool.h>
#include <stddef.h>

/* Norms of rows; out and x do not overlap. */
struct norm {
	bool layer; /* LayerNorm (Ba et al. 2016), else RMSNorm (Zhang, Sennrich 2019) */
	double eps;
	const float *weight; /* (columns) */
	const float *bias;   /* (columns) or NULL */
	size_t columns;
};

/* out = (x - mean) / sqrt(variance + eps) weight + bias, or x / sqrt(mean x^2 + eps) weight + bias,
 * for each of `rows`. */
void norm_run(float *out, const float *x, const struct norm *norm, size_t rows);

#endif
