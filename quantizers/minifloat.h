#ifndef QUANTIZERS_MINIFLOAT_H
#define QUANTIZERS_MINIFLOAT_H

#include "kernels/kernels.h"

/* Floats of 4 and 8 bits. Codes are unpacked, one in a byte.
 *
 *   e4m3fn  1.4.3, bias 7, to 448; no infinity, 0x7f is NaN     torch.float8_e4m3fn
 *   e5m2    1.5.2, bias 15, to 57344; 0x7c is infinite          torch.float8_e5m2
 *   e2m1    1.2.1, bias 1: 0 0.5 1 1.5 2 3 4 6; all are finite  OCP Microscaling 1.0
 *   e8m0    an exponent alone: 2^(code - 127), 0xff is NaN      torch.float8_e8m0fnu
 *
 * Encoding rounds to the nearest value, ties to even, and saturates: what torch makes of values
 * clamped to the range first. For whole rows use mini_encode and mini_decode of the kernels:
 *
 *	kernels->mini_encode(codes, row, columns, 448.0f / absmax, &minifloat_e4m3fn);
 */
extern const struct minifloat minifloat_e4m3fn, minifloat_e5m2, minifloat_e2m1;

uint8_t minifloat_encode(const struct minifloat *format, float value); /* NaN saturates too */
float minifloat_decode(const struct minifloat *format, uint8_t code);  /* NaN, infinities too */

/* The magnitude's exponent, nearest in the mantissa (up from 1.5), as torch rounds it; 0xff for
 * what is not finite. */
uint8_t minifloat_e8m0_encode(float value);
float minifloat_e8m0_decode(uint8_t code);

#endif
