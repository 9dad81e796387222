/* A divisor for the frequency of each pair, whatever the length: what GGUF's rope_freqs.weight
 * holds. No config of Hugging Face names it. */
#include "core/rope_kind.h"

#include "core/json.h"

static enum err
read(struct rope_numbers *n, const struct json_document *document, const struct json *object,
     size_t rotary_dim)
{
	if (rotary_dim / 2 > ROPE_FACTORS_MAX)
		return err_at(ERR_UNSUPPORTED, json_path(document), "factors",
			      "has %zu pairs; qscope reads up to %d", rotary_dim / 2,
			      ROPE_FACTORS_MAX);
	return rope_read_factors(n->short_factor, document, object, "factors", rotary_dim / 2);
}

static void
frequencies(float *frequency, const struct rope_numbers *n, size_t rotary_dim, size_t length)
{
	(void)length;
	for (size_t i = 0; i < rotary_dim / 2; i++)
		frequency[i] =
			1.0f / ((float)n->short_factor[i] * rope_period(n->theta, i, rotary_dim));
}

const struct rope_kind rope_factors = { .names = "factors",
					.read = read,
					.frequencies = frequencies };
