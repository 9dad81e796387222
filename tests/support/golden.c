#include "support/golden.h"

#include "support/support.h"

#include "core/buf.h"

#include <math.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *
golden_text(void)
{
	static char text[1 << 17];

	if (!text[0]) {
		FILE *file = fopen(support_data("golden/golden.json"), "rb");

		assert_non_null(file);
		text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
		fclose(file);
	}
	return text;
}

static const char *
find_value(const char *key)
{
	char quoted[128];
	const char *at;

	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	at = strstr(golden_text(), quoted);
	return at ? at + strlen(quoted) : NULL;
}

const char *
golden_sha256(const char *key)
{
	static char hex[GOLDEN_HEX];
	const char *at = find_value(key);

	hex[0] = '\0';
	at = at ? strstr(at, "\"sha256\": \"") : NULL;
	if (at)
		snprintf(hex, sizeof(hex), "%s", at + strlen("\"sha256\": \""));
	return hex;
}

double
golden_number(const char *key)
{
	const char *at = find_value(key);

	assert_non_null(at);
	return strtod(at, NULL);
}

/* x <- 1664525 x + 1013904223; a value is the sum of four high halves, centred, times 2^-20. */
void
golden_values(float *out, size_t count, uint32_t x, float scale)
{
	for (size_t i = 0; i < count; i++) {
		int32_t sum = -131070;

		for (int k = 0; k < 4; k++) {
			x = x * 1664525u + 1013904223u;
			sum += (int32_t)(x >> 16);
		}
		out[i] = (float)sum * 0x1p-20f * scale;
	}
}

void
golden_weight(float *out)
{
	golden_values(out, GOLDEN_ROWS * GOLDEN_COLUMNS, 12345, 1.0f);
}

void
golden_activations(float *out)
{
	golden_values(out, GOLDEN_TOKENS * GOLDEN_COLUMNS, 777, 8.0f);
}

/* Every sum is exact in doubles. */
static void
mix_inputs(double *x, size_t columns)
{
	float *values = buf_alloc(GOLDEN_TOKENS * columns, sizeof(*values));

	assert_non_null(values);
	golden_values(values, GOLDEN_TOKENS * columns, 777, 8.0f);
	for (size_t i = 0; i < GOLDEN_TOKENS * columns; i++) {
		size_t c = i % columns;
		double before = c ? (double)values[i - 1] * 0.5 : 0.0;

		x[i] = ((double)values[i] + before) * (c % 37 == 0 ? 16.0 : 1.0);
		if (c % 50 == 7)
			x[i] = 0.0;
	}
	buf_free(values);
}

static void
sum_statistics(struct statistics *s, double *gram, const double *x)
{
	size_t n = s->columns;

	for (size_t t = 0; t < GOLDEN_TOKENS; t++)
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < n; j++)
				gram[i * n + j] += x[t * n + i] * x[t * n + j];
	for (size_t i = 0; i < n * n; i++)
		s->gram[i] = (float)(gram[i] / GOLDEN_TOKENS);
	for (size_t i = 0; i < n; i++) {
		double sum = 0.0;

		for (size_t t = 0; t < GOLDEN_TOKENS; t++)
			sum += fabs(x[t * n + i]);
		s->mean_abs[i] = (float)(sum / GOLDEN_TOKENS);
		s->mean_sq[i] = s->gram[i * (n + 1)];
	}
}

struct statistics *
golden_statistics(size_t columns)
{
	struct statistics *s = buf_alloc(1, sizeof(*s));
	double *x = buf_alloc(GOLDEN_TOKENS * columns, sizeof(*x));
	double *gram = buf_alloc(columns * columns, sizeof(*gram));

	assert_true(s && x && gram);
	*s = (struct statistics){ .columns = columns, .tokens = GOLDEN_TOKENS };
	s->gram = buf_alloc(columns * columns, sizeof(*s->gram));
	s->mean_abs = buf_alloc(columns, sizeof(*s->mean_abs));
	s->mean_sq = buf_alloc(columns, sizeof(*s->mean_sq));
	assert_true(s->gram && s->mean_abs && s->mean_sq);
	mix_inputs(x, columns);
	sum_statistics(s, gram, x);
	buf_free(x);
	buf_free(gram);
	return s;
}

void
golden_free(struct statistics *s)
{
	buf_free(s->gram);
	buf_free(s->mean_abs);
	buf_free(s->mean_sq);
	buf_free(s);
}

const char *
sha256_hex(const void *data, size_t size)
{
	static char hex[GOLDEN_HEX];
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256(data, size, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return hex;
}
