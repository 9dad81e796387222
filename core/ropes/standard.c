/* RoPE as published (Su et al. 2021, arXiv 2104.09864). */
#include "core/rope_kind.h"

static void
frequencies(float *frequency, const struct rope_numbers *numbers, size_t rotary_dim, size_t length)
{
	(void)length;
	for (size_t i = 0; i < rotary_dim / 2; i++)
		frequency[i] = 1.0f / rope_period(numbers->theta, i, rotary_dim);
}

/* "mrope" gives text the same position in each of its parts. */
const struct rope_kind rope_standard = { .names = "default|mrope", .frequencies = frequencies };
