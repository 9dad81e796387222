#include "core/norm.h"

#include "kernels/forward.h"
#include "kernels/kernels.h"

#include <math.h>

static void
run_layer(float *out, const float *x, const struct norm *norm)
{
	const struct kernels *kernels = kernels_current();
	double n = (double)norm->columns, mean = kernels->forward->sum(x, norm->columns) / n;
	/* In double the squares of floats cancel without harm. */
	double variance = fmax(kernels->sq_sum(x, norm->columns) / n - mean * mean, 0.0);

	kernels->forward->center_scale(out, x, norm->weight, (float)mean,
				       (float)(1.0 / sqrt(variance + norm->eps)), norm->columns);
}

void
norm_run(float *out, const float *x, const struct norm *norm, size_t rows)
{
	const struct kernels *kernels = kernels_current();
	size_t n = norm->columns;

	for (size_t row = 0; row < rows; row++, x += n, out += n) {
		double mean = norm->layer ? 0.0 : kernels->sq_sum(x, n) / (double)n;

		if (norm->layer)
			run_layer(out, x, norm);
		else
			kernels->forward->norm_scale(out, x, norm->weight,
						     (float)(1.0 / sqrt(mean + norm->eps)), n);
		if (norm->bias)
			kernels->axpy(out, 1.0f, norm->bias, n);
	}
}
