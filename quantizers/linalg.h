#ifndef QUANTIZERS_LINALG_H
#define QUANTIZERS_LINALG_H

#include "core/work.h"
#include "kernels/kernels.h"

#include <stdbool.h>

enum { LINALG_UNIT = 1024 };

/* A = U'U of a symmetric (n, n) matrix, row by row; its upper triangle is read and becomes U, what
 * lies below is spoilt. Blocked over tiles of fixed shape, so that the bits do not depend on
 * threads and a cancel is seen within milliseconds. *positive is false when A is not positive
 * definite in float32. Advances the progress by linalg_cholesky_cost. */
struct cholesky {
	const struct kernels *kernels;
	const struct work *work;
	float *a;
	size_t n, ld; /* ld: floats from one row to the next */
};
uint64_t linalg_cholesky_cost(size_t n); /* in LINALG_UNIT multiplications */
enum err linalg_cholesky(bool *positive, const struct cholesky *cholesky);

/* B becomes the solution X of A X = B, A upper triangular with ones for its diagonal (whatever is
 * stored there). */
struct unit_solve {
	size_t n, columns;
	const float *a; /* (n, n) */
	size_t lda;
	float *b; /* (n, columns) */
	size_t ldb;
};
void linalg_solve_unit(const struct unit_solve *solve);

#endif
