#ifndef KERNELS_POWER_H
#define KERNELS_POWER_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* x^norm for x >= 0 in float32, within 1e-6 relative, from sums and products alone: so it is the
 * same bits on any C library and in any kernel set, and has no branch. log2 of the mantissa in
 * [sqrt(1/2), sqrt(2)) and exp2 on [-1/2, 1/2] are least-squares polynomials at Chebyshev points.
 * Below FLT_MIN and NaN give 0; results beyond float32's range give 0 and infinity. */
struct power {
	float norm, high, low; /* norm in two parts: high times an exponent is exact */
};

static inline struct power
kernel_power(float norm)
{
	struct power power = { .norm = norm };
	int32_t bits;

	memcpy(&bits, &norm, sizeof(bits));
	bits &= ~0xfff;
	memcpy(&power.high, &bits, sizeof(bits));
	power.low = norm - power.high;
	return power;
}

static inline float
power_log2(float m) /* log2(1 + m) */
{
	float l = -0.11020159721374512f;

	l = l * m + 0.18631209433078766f;
	l = l * m + -0.19102497398853302f;
	l = l * m + 0.2045752853155136f;
	l = l * m + -0.23961904644966125f;
	l = l * m + 0.2885688841342926f;
	l = l * m + -0.3606966435909271f;
	l = l * m + 0.4808982014656067f;
	l = l * m + -0.7213473320007324f;
	l = l * m + 1.4426950216293335f;
	return l * m;
}

static inline float
power_exp2(float f)
{
	float e = 0.00015337577497120947f;

	e = e * f + 0.0013399859890341759f;
	e = e * f + 0.009618519805371761f;
	e = e * f + 0.05550329014658928f;
	e = e * f + 0.24022646248340607f;
	e = e * f + 0.6931471824645996f;
	return e * f + 1.0f;
}

static inline float
kernel_pow(float x, struct power power)
{
	const float rounder = 12582912.0f; /* 1.5 2^23: adding it rounds to a whole number */
	float bounded = x >= FLT_MIN ? x : FLT_MIN, m, l, k, n, result, two_n;
	int32_t bits, exponent;

	bounded = bounded < FLT_MAX ? bounded : FLT_MAX;
	memcpy(&bits, &bounded, sizeof(bits));
	exponent = (bits - 0x3f3504f3) >> 23; /* of a mantissa from sqrt(1/2) */
	bits -= exponent * (1 << 23);
	memcpy(&m, &bits, sizeof(m));
	l = power_log2(m - 1.0f);
	k = (float)exponent;
	n = power.norm * (k + l) + rounder - rounder;
	result = power_exp2((power.high * k - n) + (power.low * k + power.norm * l));
	two_n = n > -126.0f ? n : -126.0f;
	two_n = two_n < 127.0f ? two_n : 127.0f;
	bits = ((int32_t)two_n + 127) * (1 << 23);
	memcpy(&two_n, &bits, sizeof(two_n));
	result *= two_n;
	result = n < -126.0f ? 0.0f : result;
	result = n > 127.0f ? INFINITY : result;
	return x >= FLT_MIN ? result : 0.0f;
}

#endif
