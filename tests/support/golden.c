#include "support/golden.h"

#include "support/support.h"

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
static void
fill(float *out, size_t count, uint32_t x, float scale)
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
	fill(out, GOLDEN_ROWS * GOLDEN_COLUMNS, 12345, 1.0f);
}

void
golden_activations(float *out)
{
	fill(out, GOLDEN_TOKENS * GOLDEN_COLUMNS, 777, 8.0f);
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
