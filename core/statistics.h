#ifndef CORE_STATISTICS_H
#define CORE_STATISTICS_H

#include "core/work.h"

#include <stddef.h>
#include <stdint.h>

/* What calibration knows of one input, that is of the rows x of X (tokens, columns) that every
 * layer of a model_input multiplies. Immutable once made. */
struct statistics {
	size_t columns;
	uint64_t tokens;
	float *gram; /* (columns, columns) X'X / tokens, both triangles; NULL when not asked for */
	float *mean_abs; /* (columns) mean |x| */
	float *mean_sq;  /* (columns) mean x^2: the Gram's diagonal */
	float *max_abs;  /* (columns) */
};

/* The lower triangle of a symmetric matrix (columns, columns) from the upper one. */
enum err statistics_mirror(float *gram, size_t columns, const struct work *work);

/* What is to be said of an input that no token reached: every channel counts alike (the unit matrix
 * as the Gram matrix, tokens 1), so that solvers round to nearest. The caller's. */
enum err statistics_neutral(struct statistics **out, size_t columns);

void statistics_free(struct statistics *statistics); /* contents and itself; NULL is fine */

#endif
