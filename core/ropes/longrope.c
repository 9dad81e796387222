/* LongRoPE (Ding et al. 2024, arXiv 2402.13753): a factor for each pair, one list for sequences up
 * to the original context and one for longer ones. */
#include "core/rope_kind.h"

#include "core/json.h"

#include <math.h>

static enum err
read(struct rope_numbers *n, const struct json_document *document, const struct json *object,
     size_t rotary_dim)
{
	enum err code;

	if (rotary_dim / 2 > ROPE_FACTORS_MAX)
		return err_at(ERR_UNSUPPORTED, json_path(document), "short_factor",
			      "has %zu pairs; qscope reads up to %d", rotary_dim / 2,
			      ROPE_FACTORS_MAX);
	n->factor = n->context / n->original_context;
	n->attention_factor = 0;
	if ((code = rope_read_factors(n->short_factor, document, object, "short_factor",
				      rotary_dim / 2)) ||
	    (code = rope_read_factors(n->long_factor, document, object, "long_factor",
				      rotary_dim / 2)) ||
	    (code = json_get_number(&n->factor, document, object, "factor", 1e-3, 1e6)) ||
	    (code = json_get_number(&n->attention_factor, document, object, "attention_factor", 0,
				    1e6)))
		return code;
	if (!(n->attention_factor > 0))
		n->attention_factor = n->factor <= 1 || n->original_context <= 1
					      ? 1
					      : sqrt(1 + log(n->factor) / log(n->original_context));
	return OK;
}

static void
frequencies(float *frequency, const struct rope_numbers *n, size_t rotary_dim, size_t length)
{
	const double *factor =
		(double)length > n->original_context ? n->long_factor : n->short_factor;

	for (size_t i = 0; i < rotary_dim / 2; i++)
		frequency[i] = 1.0f / ((float)factor[i] * rope_period(n->theta, i, rotary_dim));
}

const struct rope_kind rope_longrope = {
	.names = "longrope|su", .by_length = true, .read = read, .frequencies = frequencies
};
