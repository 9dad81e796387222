/* Dynamic NTK scaling: beyond the context the base grows with the sequence's length, by
 * (factor length / context - (factor - 1))^(d / (d - 2)). */
#include "core/rope_kind.h"

#include <math.h>

static enum err
read(struct rope_numbers *numbers, const struct json_document *document, const struct json *object,
     size_t rotary_dim)
{
	(void)rotary_dim;
	return rope_need(&numbers->factor, document, object, "factor", 1, 1e6);
}

static void
frequencies(float *frequency, const struct rope_numbers *numbers, size_t rotary_dim, size_t length)
{
	double longest = fmax((double)length, numbers->context), d = (double)rotary_dim;
	double stretch = numbers->factor * longest / numbers->context - (numbers->factor - 1);
	double theta = d > 2 ? numbers->theta * pow(stretch, d / (d - 2)) : numbers->theta;

	for (size_t i = 0; i < rotary_dim / 2; i++)
		frequency[i] = 1.0f / rope_period(theta, i, rotary_dim);
}

const struct rope_kind rope_dynamic = { .names = "dynamic",
					.by_length = true,
					.grows = true,
					.read = read,
					.frequencies = frequencies };
