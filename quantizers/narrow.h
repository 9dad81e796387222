#ifndef QUANTIZERS_NARROW_H
#define QUANTIZERS_NARROW_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* A scale as it reads back from a 16-bit float: nearest even, but never zero and never infinite,
 * since a scale is divided by. For values >= 0. */
static inline float
narrow_bf16(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	bits = (bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u;
	if (bits > 0x7f7f0000u)
		bits = 0x7f7f0000u;
	if (bits == 0 && value > 0.0f)
		bits = 0x00010000u;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline float
narrow_f16(float value)
{
	int exponent;
	float step, rounded;

	frexpf(value, &exponent);
	/* 11 significant bits; below 2^-14 the step stays at 2^-24. */
	step = ldexpf(1.0f, (exponent > -13 ? exponent : -13) - 11);
	rounded = rintf(value / step) * step;
	if (rounded > 65504.0f)
		return 65504.0f;
	return rounded == 0.0f && value > 0.0f ? 0x1p-24f : rounded;
}

#endif
