/* YaRN (Peng et al. 2023, arXiv 2309.00071): pairs that turn more than beta_fast times within the
 * original context stay, those that turn less than beta_slow times are interpolated, a ramp lies
 * between; cosine and sine grow with the logarithm of the factor. */
#include "core/rope_kind.h"

#include "core/json.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* What attention gains from a scale, unless the config says it. */
static double
gain(double scale, double by)
{
	return scale <= 1 ? 1.0 : 0.1 * by * log(scale) + 1.0;
}

static enum err
read(struct rope_numbers *n, const struct json_document *document, const struct json *object,
     size_t rotary_dim)
{
	double mscale = 0, mscale_all = 0;
	bool truncate = true;
	enum err code;

	(void)rotary_dim;
	n->factor = n->context / n->original_context;
	n->attention_factor = 0;
	if ((code = json_get_number(&n->factor, document, object, "factor", 1e-3, 1e6)) ||
	    (code = json_get_number(&n->beta_fast, document, object, "beta_fast", 0, 1e6)) ||
	    (code = json_get_number(&n->beta_slow, document, object, "beta_slow", 0, 1e6)) ||
	    (code = json_get_number(&mscale, document, object, "mscale", 0, 1e6)) ||
	    (code = json_get_number(&mscale_all, document, object, "mscale_all_dim", 0, 1e6)) ||
	    (code = json_get_number(&n->attention_factor, document, object, "attention_factor", 0,
				    1e6)) ||
	    (code = json_get_bool(&truncate, document, object, "truncate")))
		return code;
	n->beta_fast = n->beta_fast > 0 ? n->beta_fast : 32;
	n->beta_slow = n->beta_slow > 0 ? n->beta_slow : 1;
	n->truncate = truncate;
	if (!json_get(object, "attention_factor") || !(n->attention_factor > 0))
		n->attention_factor =
			mscale > 0 && mscale_all > 0
				? gain(n->factor, mscale) / gain(n->factor, mscale_all)
				: gain(n->factor, 1);
	return OK;
}

/* The pair that turns `rotations` times within the original context. */
static double
pair_of(const struct rope_numbers *n, double rotations, double d)
{
	return d * log(n->original_context / (rotations * 2 * pi)) / (2 * log(n->theta));
}

static void
frequencies(float *frequency, const struct rope_numbers *n, size_t rotary_dim, size_t length)
{
	double d = (double)rotary_dim;
	double low = pair_of(n, n->beta_fast, d), high = pair_of(n, n->beta_slow, d);

	(void)length;
	if (n->truncate > 0) {
		low = floor(low);
		high = ceil(high);
	}
	low = fmax(low, 0);
	high = fmin(high, d - 1);
	if (!(low < high) && !(low > high))
		high += 0.001;
	for (size_t i = 0; i < rotary_dim / 2; i++) {
		float period = rope_period(n->theta, i, rotary_dim);
		float ramp = (float)(((double)i - low) / (high - low));
		float kept = 1.0f - fminf(fmaxf(ramp, 0.0f), 1.0f);

		frequency[i] =
			1.0f / ((float)n->factor * period) * (1.0f - kept) + 1.0f / period * kept;
	}
}

const struct rope_kind rope_yarn = { .names = "yarn", .read = read, .frequencies = frequencies };
