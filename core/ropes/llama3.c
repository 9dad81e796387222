/* Llama 3.1's scaling: long waves are stretched by `factor`, short ones stay, those between are
 * blended. */
#include "core/rope_kind.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

static enum err
read(struct rope_numbers *numbers, const struct json_document *document, const struct json *object,
     size_t rotary_dim)
{
	enum err code = rope_need(&numbers->factor, document, object, "factor", 1e-3, 1e6);

	(void)rotary_dim;
	if (!code)
		code = rope_need(&numbers->low_freq_factor, document, object, "low_freq_factor",
				 1e-3, 1e6);
	if (!code)
		code = rope_need(&numbers->high_freq_factor, document, object, "high_freq_factor",
				 1e-3, 1e6);
	return code;
}

static float
scaled(const struct rope_numbers *n, float frequency)
{
	double wave = 2 * pi / (double)frequency;
	float factor = (float)n->factor, smooth;

	if (wave < n->original_context / n->high_freq_factor)
		return frequency;
	if (wave > n->original_context / n->low_freq_factor)
		return frequency / factor;
	smooth = (float)((n->original_context / wave - n->low_freq_factor) /
			 (n->high_freq_factor - n->low_freq_factor));
	return (1.0f - smooth) * frequency / factor + smooth * frequency;
}

static void
frequencies(float *frequency, const struct rope_numbers *numbers, size_t rotary_dim, size_t length)
{
	(void)length;
	for (size_t i = 0; i < rotary_dim / 2; i++)
		frequency[i] = scaled(numbers, 1.0f / rope_period(numbers->theta, i, rotary_dim));
}

const struct rope_kind rope_llama3 = { .names = "llama3",
				       .read = read,
				       .frequencies = frequencies };
