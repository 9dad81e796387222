#ifndef QUANTIZERS_FP8_H
#define QUANTIZERS_FP8_H

#include "quantizers/minifloat.h"
#include "quantizers/quantizer.h"

/* What the schemes of 8-bit floats share: how a scale comes from the largest magnitude.
 *
 *   FP8_TRANSFORMERS  f = 1 / max|w| times most (1 for zeros), code of w f, times 1 / f
 *   FP8_DIVIDE        s = max|w| / most, code of w / s, times s: compressed-tensors, fbgemm
 *
 * They differ in last bits alone. */
enum fp8_rule { FP8_TRANSFORMERS, FP8_DIVIDE };

struct fp8_scale {
	enum fp8_rule rule;
	float divisor, step; /* step: what is stored, and multiplied by */
	float factor;        /* FP8_TRANSFORMERS */
};

/* With power_of_two the step is rounded up to one, as transformers' scale_fmt ue8m0 does. */
struct fp8_scale fp8_scale(enum fp8_rule rule, const struct minifloat *format, float most,
			   bool power_of_two);

/* Codes of n weights and what they stand for. */
void fp8_round(uint8_t *codes, float *out, const float *w, size_t n, const struct kernels *kernels,
	       const struct minifloat *format, const struct fp8_scale *scale);

#endif
