#include "quantizers/stepwise.h"

#include "quantizers/rows.h"

#include <math.h>

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

enum err
stepwise_check(const struct quant_task *task, const struct quant_layer *layer, enum float_type type)
{
	float min, max;
	enum err code = type == FLOAT_16 ? rows_range(&min, &max, task, layer) : OK;

	if (code || type != FLOAT_16 || fmaxf(-min, max) <= 65504.0f)
		return code;
	return err_at(ERR_RANGE, NULL, layer->name,
		      "a weight of %g is beyond float16; take compute_dtype bfloat16 or float32",
		      (double)(-min > max ? min : max));
}

double
stepwise_bits(enum float_type type)
{
	return type == FLOAT_32 ? 32.0 : 16.0;
}
