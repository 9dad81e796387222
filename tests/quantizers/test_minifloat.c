/* Small floats against torch's own conversions, and against the definition of rounding. */
#include "quantizers/minifloat.h"
#include "support/support.h"

#include "core/buf.h"
#include "support/golden.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const uint32_t low[] = { 0, 1, 0x7fff, 0x8000, 0x8001, 0xffff };

/* Every finite float32 whose low half is one of a few; those of one low half follow each other. */
static size_t
make_inputs(float *out)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof(low) / sizeof(low[0]); i++)
		for (uint32_t high = 0; high < 0x10000; high++) {
			uint32_t bits = high << 16 | low[i];

			memcpy(&out[count], &bits, sizeof(bits));
			count += isfinite(out[count]) != 0;
		}
	return count;
}

static const struct minifloat *
format_named(const char *name)
{
	return !strcmp(name, "e4m3fn") ? &minifloat_e4m3fn
	       : !strcmp(name, "e5m2") ? &minifloat_e5m2
				       : &minifloat_e2m1;
}

static void
encode_all(uint8_t *codes, const char *name, const float *x, size_t count)
{
	if (strcmp(name, "e8m0")) {
		kernels_current()->mini_encode(codes, x, count, 1.0f, format_named(name));
		return;
	}
	for (size_t i = 0; i < count; i++)
		codes[i] = minifloat_e8m0_encode(x[i]);
}

static void
check_values(const char *name, const char *expected)
{
	bool exponents = !strcmp(name, "e8m0");
	size_t count = exponents ? 256 : (size_t)1 << format_named(name)->bits;
	float values[256];

	for (size_t code = 0; code < count; code++) {
		values[code] = exponents ? minifloat_e8m0_decode((uint8_t)code)
					 : minifloat_decode(format_named(name), (uint8_t)code);
		if (isnan(values[code]))
			values[code] = 12345.0f;
		if (isinf(values[code])) /* as the fixture's maker writes infinities */
			values[code] = copysignf(3.4028234663852886e38f, values[code]);
	}
	assert_string_equal(sha256_hex(values, count * sizeof(float)), expected);
}

static void
test_minifloat__codes_and_values_equal_torch(void **state)
{
	FILE *file = fopen(support_source("tests/quantizers/fixtures/minifloat.txt"), "rb");
	float *x = buf_alloc(0x60000, sizeof(*x));
	uint8_t *codes = buf_alloc(0x60000, 1);
	char name[16], hash[GOLDEN_HEX], values[GOLDEN_HEX];
	size_t count;

	(void)state;
	assert_true(file && x && codes);
	count = make_inputs(x);
	while (fscanf(file, "%15s %64s %64s", name, hash, values) == 3) {
		encode_all(codes, name, x, count);
		assert_string_equal(sha256_hex(codes, count), hash);
		check_values(name, values);
	}
	fclose(file);
	buf_free(x);
	buf_free(codes);
}

static const struct minifloat *const formats[] = { &minifloat_e4m3fn, &minifloat_e5m2,
						   &minifloat_e2m1 };

/* Between two neighbours the middle goes to the even code, one bit to either side to the nearer. */
static void
check_middle(const struct minifloat *format, uint8_t code)
{
	float below = minifloat_decode(format, code),
	      above = minifloat_decode(format, (uint8_t)(code + 1));
	float middle = 0.5f * (below + above);

	assert_int_equal(minifloat_encode(format, middle), code + (code & 1));
	assert_int_equal(minifloat_encode(format, nextafterf(middle, 0.0f)), code);
	assert_int_equal(minifloat_encode(format, nextafterf(middle, above)), code + 1);
	assert_int_equal(minifloat_encode(format, -middle),
			 (code + (code & 1)) | 1 << (format->bits - 1));
}

static void
test_minifloat__every_middle_goes_to_the_even_code(void **state)
{
	(void)state;
	for (size_t f = 0; f < 3; f++)
		for (uint8_t code = 0; code < formats[f]->most_code; code++)
			check_middle(formats[f], code);
}

static void
test_minifloat__every_value_is_its_own_code_and_beyond_saturates(void **state)
{
	(void)state;
	for (size_t f = 0; f < 3; f++) {
		const struct minifloat *format = formats[f];
		uint8_t sign = (uint8_t)(1u << (format->bits - 1));

		for (uint8_t code = 0; code <= format->most_code; code++) {
			float value = minifloat_decode(format, code);

			assert_int_equal(minifloat_encode(format, value), code);
			assert_int_equal(minifloat_encode(format, -value), code | sign);
		}
		assert_true(minifloat_decode(format, (uint8_t)format->most_code) == format->most);
		assert_int_equal(minifloat_encode(format, 1e38f), format->most_code);
		assert_int_equal(minifloat_encode(format, -INFINITY), format->most_code | sign);
		assert_int_equal(minifloat_encode(format, NAN) & ~sign, format->most_code);
	}
	assert_true(isinf(minifloat_decode(&minifloat_e5m2, 0x7c)));
	assert_true(isnan(minifloat_decode(&minifloat_e5m2, 0xfd)));
	assert_true(isnan(minifloat_decode(&minifloat_e4m3fn, 0x7f)));
}

static void
test_minifloat__exponents_round_in_the_mantissa(void **state)
{
	(void)state;
	assert_int_equal(minifloat_e8m0_encode(1.0f), 127);
	assert_int_equal(minifloat_e8m0_encode(nextafterf(1.5f, 0.0f)), 127);
	assert_int_equal(minifloat_e8m0_encode(1.5f), 128);
	assert_int_equal(minifloat_e8m0_encode(0.0f), 0);
	assert_int_equal(minifloat_e8m0_encode(INFINITY), 255);
	assert_true(minifloat_e8m0_decode(0) == 0x1p-127f);
	assert_true(minifloat_e8m0_decode(254) == 0x1p127f);
	assert_true(isnan(minifloat_e8m0_decode(255)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_minifloat__codes_and_values_equal_torch),
		cmocka_unit_test(test_minifloat__every_middle_goes_to_the_even_code),
		cmocka_unit_test(test_minifloat__every_value_is_its_own_code_and_beyond_saturates),
		cmocka_unit_test(test_minifloat__exponents_round_in_the_mantissa),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
