#include "quantizers/fp8.h"

#include <math.h>

struct fp8_scale
fp8_scale(enum fp8_rule rule, const struct minifloat *format, float most, bool power_of_two)
{
	struct fp8_scale scale = { .rule = rule, .factor = 1.0f, .divisor = 1.0f, .step = 1.0f };
	int exponent;

	if (!(most > 0.0f)) {
		/* Zeros: what the peers store where a scale would be zero. */
		scale.step = scale.divisor = rule == FP8_DIVIDE ? 0x1p-23f : 1.0f;
		return scale;
	}
	scale.factor = 1.0f / most * format->most; /* a number over a tensor, as torch divides */
	scale.divisor = most / format->most;
	if (!isfinite(scale.factor) || !(scale.divisor >= 0x1p-126f)) {
		/* Too small for a scale in float32: the least one there is. */
		scale.factor = 0x1p126f;
		scale.divisor = 0x1p-126f;
	}
	scale.step = rule == FP8_DIVIDE ? scale.divisor : 1.0f / scale.factor;
	if (power_of_two) {
		scale.step =
			frexpf(scale.step, &exponent) == 0.5f ? scale.step : ldexpf(1.0f, exponent);
		scale.factor = 1.0f / scale.step;
		scale.divisor = scale.step;
	}
	return scale;
}

void
fp8_round(uint8_t *codes, float *out, const float *w, size_t n, const struct kernels *kernels,
	  const struct minifloat *format, const struct fp8_scale *scale)
{
	if (scale->rule == FP8_DIVIDE) {
		kernels->divide(out, w, n, scale->divisor);
		kernels->mini_encode(codes, out, n, 1.0f, format);
	} else {
		kernels->mini_encode(codes, w, n, scale->factor, format);
	}
	kernels->mini_decode(out, codes, n, scale->step, format);
}
