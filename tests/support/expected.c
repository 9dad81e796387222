#include "support/support.h"

#include "support/expected.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/forward.h"

#include <math.h>

static const double within = 1e-4; /* of logits that span up to `span`; in proportion above */
static const double span = 32.0;

/* The file, read from front to back. */
struct expected {
	char *data;
	size_t size, at;
};

static const void *
take(struct expected *expected, size_t count)
{
	const void *at = expected->data + expected->at;

	assert_true(count <= (expected->size - expected->at) / 4);
	expected->at += 4 * count;
	return at;
}

static int32_t
take_int(struct expected *expected)
{
	return *(const int32_t *)take(expected, 1);
}

struct difference {
	double worst, low, high;
};

static void
add_differences(struct difference *out, const float *got, const float *expected, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		double difference = fabs((double)got[i] - (double)expected[i]);

		if (!(difference <= out->worst))
			out->worst = difference;
		out->low = fmin(out->low, (double)expected[i]);
		out->high = fmax(out->high, (double)expected[i]);
	}
}

bool
expected_logits(const struct model *model, const char *what, const char *path)
{
	struct difference difference = { 0 };
	struct expected expected = { 0 };
	int32_t sequences, vocab;

	assert_ok(file_read(&expected.data, &expected.size, path, 1 << 24));
	sequences = take_int(&expected);
	vocab = take_int(&expected);
	assert_int_equal(model->shape.vocab, vocab);
	for (int32_t s = 0; s < sequences; s++) {
		size_t count = (size_t)take_int(&expected), values = count * (size_t)vocab;
		struct sequence sequence = { take(&expected, count), count };
		const float *logits = take(&expected, values);
		float *got = buf_alloc(values, sizeof(*got));
		enum err err = forward_logits(got, model, NULL, sequence, NULL);

		if (!err)
			add_differences(&difference, got, logits, values);
		buf_free(got);
		if (err) {
			print_message("%s: %s\n", what, err_line());
			buf_free(expected.data);
			return false;
		}
	}
	assert_int_equal(expected.at, expected.size);
	buf_free(expected.data);
	if (difference.worst <= within * fmax(1.0, (difference.high - difference.low) / span))
		return true;
	print_message("%s: logits from %.1f to %.1f differ by %.3g\n", what, difference.low,
		      difference.high, difference.worst);
	return false;
}
