/* The formats of OCP's 8-bit floating point (OFP8, 2023) and Microscaling (MX 1.0, 2023)
 * specifications, as torch 2.15 converts them. */
#include "quantizers/minifloat.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

const struct minifloat minifloat_e4m3fn = {
	.bits = 8,
	.mantissa = 3,
	.bias = 7,
	.most_code = 0x7e,
	.most = 448.0f,
	.least_normal = 0x1p-6f,
	.step = 0x1p-9f,
};

const struct minifloat minifloat_e5m2 = {
	.bits = 8,
	.mantissa = 2,
	.bias = 15,
	.most_code = 0x7b,
	.most = 57344.0f,
	.least_normal = 0x1p-14f,
	.step = 0x1p-16f,
};

const struct minifloat minifloat_e2m1 = {
	.bits = 4,
	.mantissa = 1,
	.bias = 1,
	.most_code = 7,
	.most = 6.0f,
	.least_normal = 1.0f,
	.step = 0.5f,
};

enum { E8M0_NAN = 0xff };

uint8_t
minifloat_encode(const struct minifloat *format, float value)
{
	uint8_t code;

	kernels_current()->mini_encode(&code, &value, 1, 1.0f, format);
	return code;
}

/* Beyond the largest finite value lie, in order, an infinity where the format has one (its code
 * follows directly and its mantissa is zero) and the NaNs. */
float
minifloat_decode(const struct minifloat *format, uint8_t code)
{
	uint32_t magnitude = code & ((1u << (format->bits - 1)) - 1);
	bool infinite = !(magnitude & ((1u << format->mantissa) - 1));
	float value;

	if (magnitude > format->most_code)
		return infinite ? copysignf(INFINITY, code >> (format->bits - 1) ? -1.0f : 1.0f)
				: NAN;
	kernels_current()->mini_decode(&value, &code, 1, 1.0f, format);
	return value;
}

/* A tie goes up but from zero's exponent, whose last bit is even by torch's reckoning. */
uint8_t
minifloat_e8m0_encode(float value)
{
	uint32_t bits, exponent, mantissa;

	memcpy(&bits, &value, sizeof(bits));
	exponent = bits >> 23 & 0xff;
	mantissa = bits & 0x7fffff;
	if (exponent == E8M0_NAN)
		return E8M0_NAN;
	return (uint8_t)(exponent + (mantissa > 0x400000 || (mantissa == 0x400000 && exponent)));
}

float
minifloat_e8m0_decode(uint8_t code)
{
	return code == E8M0_NAN ? NAN : ldexpf(1.0f, (int)code - 127);
}
