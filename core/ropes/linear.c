/* Position interpolation (Chen et al. 2023, arXiv 2306.15595): positions divided by `factor`. */
#include "core/rope_kind.h"

static enum err
read(struct rope_numbers *numbers, const struct json_document *document, const struct json *object,
     size_t rotary_dim)
{
	(void)rotary_dim;
	return rope_need(&numbers->factor, document, object, "factor", 1e-3, 1e6);
}

static void
frequencies(float *frequency, const struct rope_numbers *numbers, size_t rotary_dim, size_t length)
{
	(void)length;
	for (size_t i = 0; i < rotary_dim / 2; i++)
		frequency[i] =
			1.0f / rope_period(numbers->theta, i, rotary_dim) / (float)numbers->factor;
}

const struct rope_kind rope_linear = { .names = "linear",
				       .read = read,
				       .frequencies = frequencies };
