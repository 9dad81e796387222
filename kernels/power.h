#ifndef KERNELS_POWER_H
#define KERNELS_POWER_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* x^norm for x >= 0 in float32, within 4e-7 relative, from additions, products and fmaf alone: so
 * it is the same bits on any C library, and vector sets repeat it step by step. log2 of the
 * mantissa in [sqrt(1/2), sqrt(2)) and exp2 on [-1/2, 1/2] are least-squares polynomials at
 * Chebyshev points. Below FLT_MIN and NaN give 0, beyond FLT_MAX infinity. */
enum { POWER_LOG2_TERMS = 10, POWER_EXP2_TERMS = 7, POWER_ROOT_HALF = 0x3f3504f3 };

static const float power_log2[POWER_LOG2_TERMS] = {
	1.4426950216293335f,  -0.7213473320007324f,  0.4808982014656067f, -0.3606966435909271f,
	0.2885688841342926f,  -0.23961904644966125f, 0.2045752853155136f, -0.19102497398853302f,
	0.18631209433078766f, -0.11020159721374512f,
};
static const float power_exp2[POWER_EXP2_TERMS] = {
	1.0f,
	0.6931471824645996f,
	0.24022646248340607f,
	0.05550329014658928f,
	0.009618519805371761f,
	0.0013399859890341759f,
	0.00015337577497120947f,
};

static inline float
kernel_pow(float x, float norm)
{
	float m, l = power_log2[POWER_LOG2_TERMS - 1], e = power_exp2[POWER_EXP2_TERMS - 1], n,
		 fraction, two_n;
	int32_t bits, k;

	if (norm == 2.0f)
		return x * x;
	if (!(x >= FLT_MIN))
		return 0.0f;
	if (x > FLT_MAX)
		return INFINITY;
	memcpy(&bits, &x, sizeof(bits));
	k = (bits - POWER_ROOT_HALF) >> 23;
	bits -= k * (1 << 23);
	memcpy(&m, &bits, sizeof(m));
	m -= 1.0f;
	for (int i = POWER_LOG2_TERMS - 2; i >= 0; i--)
		l = fmaf(l, m, power_log2[i]);
	l = m * l;
	n = rintf(fmaf(norm, (float)k, norm * l));
	if (n < -126.0f)
		return 0.0f;
	if (n > 127.0f)
		return INFINITY;
	fraction = fmaf(norm, l, fmaf(norm, (float)k, -n));
	for (int i = POWER_EXP2_TERMS - 2; i >= 0; i--)
		e = fmaf(e, fraction, power_exp2[i]);
	bits = ((int32_t)n + 127) * (1 << 23);
	memcpy(&two_n, &bits, sizeof(two_n));
	return e * two_n;
}

#endif
