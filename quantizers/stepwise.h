#ifndef QUANTIZERS_STEPWISE_H
#define QUANTIZERS_STEPWISE_H

#include "kernels/kernels.h"
#include "quantizers/quantizer.h"

/* What methods share whose reference computes in the type that the model is held in, rounding each
 * step to it (struct stepwise of the kernels). The choices are in the order of enum float_type. */
extern const char *const stepwise_types[]; /* float32, float16, bfloat16 */
#define STEPWISE_PARAM(usual)                                                                   \
	{                                                                                       \
		.name = "compute_dtype", .type = PARAM_CHOICE, .choices = stepwise_types,       \
		.def = (usual),                                                                 \
		.help = "type the model is held in: weights are rounded to it, and each step's" \
			" result"                                                               \
	}

float stepwise_round(float x, enum float_type type); /* nearest, ties to even */
/* Refuse a layer whose weights the type cannot hold. */
enum err stepwise_check(const struct quant_task *task, const struct quant_layer *layer,
			enum float_type type);
double stepwise_bits(enum float_type type); /* of one number */

#endif
