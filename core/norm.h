#ifndef CORE_NORM_H
#define CORE_NORM_H

#include <stddef.h>

/* RMSNorm (Zhang and Sennrich 2019): out = x / sqrt(mean x^2 + eps) weight, for each of `tokens`
 * rows. */
void norm_rms(float *out, const float *x, const float *weight, double eps, size_t tokens,
	      size_t columns);

#endif
