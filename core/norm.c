#include "core/norm.h"

#include "kernels/forward.h"
#include "kernels/kernels.h"

#include <math.h>

void
norm_rms(float *out, const float *x, const float *weight, double eps, size_t tokens, size_t columns)
{
	const struct kernels *kernels = kernels_current();

	for (size_t t = 0; t < tokens; t++, x += columns, out += columns) {
		double mean = kernels->sq_sum(x, columns) / (double)columns;

		kernels->forward->norm_scale(out, x, weight, (float)(1.0 / sqrt(mean + eps)),
					     columns);
	}
}
