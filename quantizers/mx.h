#ifndef QUANTIZERS_MX_H
#define QUANTIZERS_MX_H

#include "quantizers/minifloat.h"
#include "quantizers/quantizer.h"

/* Microscaling (OCP MX 1.0): blocks of 32 small floats of a row share a power of two, stored as
 * E8M0. What mxfp4 and mxfp8 share, and the effects that do the same to activations. */
enum { MX_BLOCK = 32 };

/* How the exponent comes from the largest magnitude m:
 *   MX_EVEN   that of m after rounding to one bit of mantissa, so from 1.75 up the next one:
 *             compressed-tensors
 *   MX_FLOOR  that of m: the specification, and GGUF
 *   MX_MSE    of MX_FLOOR's and its two neighbours the one with the least squared error */
enum mx_exponent { MX_EVEN, MX_FLOOR, MX_MSE };
extern const char *const mx_exponents[]; /* "even", "floor", "mse" */

#define MX_PARAM_EXPONENT                                                               \
	{                                                                               \
		.name = "exponent", .type = PARAM_CHOICE, .choices = mx_exponents,      \
		.help = "a block's power of two: even as compressed-tensors, floor as " \
			"GGUF, mse the least error"                                     \
	}

struct mx {
	const struct minifloat *format;
	int offset; /* floor(log2(largest value)) */
	enum mx_exponent exponent;
};

/* One block of n <= MX_BLOCK values, `out` may be x unless the exponent is searched for. Returns
 * the stored exponent and adds how many values saturate to *clipped. */
uint8_t mx_round(uint8_t *codes, float *out, const float *x, size_t n, const struct mx *mx,
		 size_t *clipped);

enum err mx_solve(struct quantized *out, const struct quant_task *task, const struct mx *mx);

#endif
