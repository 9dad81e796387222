#include "quantizers/stepwise.h"

#include <stddef.h>

const char *const stepwise_types[] = { "float32", "float16", "bfloat16", NULL };

float
stepwise_round(float x, enum float_type type)
{
	if (type == FLOAT_16)
		kernels_current()->round_f16(&x, &x, 1);
	else if (type == FLOAT_B16)
		kernels_current()->round_bf16(&x, &x, 1);
	return x;
}

double
stepwise_bits(enum float_type type)
{
	return type == FLOAT_32 ? 32.0 : 16.0;
}
