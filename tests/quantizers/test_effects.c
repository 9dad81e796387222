/* What methods do to activations, against the real tools (fixtures/effects, by
 * tests/peers/make_*_fixtures.py). */
#include "quantizers/effects.h"
#include "support/support.h"

#include "core/buf.h"
#include "support/golden.h"
#include "support/solve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void
check(const char *line)
{
	struct activation_effect effect;
	size_t tokens, columns;
	unsigned seed;
	float level, scale, *x;
	char name[24], hash[GOLDEN_HEX];

	assert_int_equal(sscanf(line, "%23s %f %zu %zu %u %f %64s", name, &level, &tokens, &columns,
				&seed, &scale, hash),
			 7);
	assert_non_null(effects_find(name));
	effect = *effects_find(name);
	effect.level = level;
	x = buf_alloc(tokens * columns, sizeof(*x));
	assert_non_null(x);
	golden_values(x, tokens * columns, seed, scale);
	effect.apply(&effect, x, tokens, columns);
	for (size_t i = 0; i < tokens * columns; i++)
		x[i] += 0.0f; /* one kind of zero */
	if (strcmp(sha256_hex(x, tokens * columns * sizeof(*x)), hash))
		fail_msg("%s: other values", line);
	buf_free(x);
}

static void
test_effects__values_equal_the_peers(void **state)
{
	(void)state;
	support_each_line("tests/quantizers/fixtures/effects", check);
}

/* Two planted columns: one that a single token takes past the level, one that all tokens do. */
static void
test_effects__the_split_keeps_planted_columns_in_16_bits(void **state)
{
	enum { TOKENS = 9, COLUMNS = 70 };
	struct activation_effect effect = *effects_find("int8_split");
	float x[TOKENS * COLUMNS], before[TOKENS * COLUMNS];

	(void)state;
	effect.level = 6.0f;
	golden_values(x, TOKENS * COLUMNS, 3, 8.0f);
	x[4 * COLUMNS + 11] = -7.25f;
	for (size_t t = 0; t < TOKENS; t++)
		x[t * COLUMNS + 65] = 40.0f + (float)t;
	memcpy(before, x, sizeof(x));
	effect.apply(&effect, x, TOKENS, COLUMNS);
	for (size_t t = 0; t < TOKENS; t++) {
		assert_true(fabsf(x[t * COLUMNS + 11] - before[t * COLUMNS + 11]) < 1e-3f);
		assert_true(x[t * COLUMNS + 65] == before[t * COLUMNS + 65]);
	}
	assert_true(x[4 * COLUMNS + 11] == -7.25f);
	assert_true(fabsf(x[0] - before[0]) < 8.0f / 127.0f);
}

static void
test_effects__zeros_stay_and_unknown_names_are_none(void **state)
{
	static const char *const names[] = {
		"int8_token", "int8_bitnet",  "int8_split",          "fp8_token",
		"fp8_block",  "int8_torchao", "int8_torchao_tensor", "int8_torchao_affine",
		"fp8_tensor", "int8_static",  "int8_range",          "mxfp4",
		"mxfp8"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct activation_effect effect = *effects_find(names[i]);
		float x[2 * 130] = { 0 };

		effect.level = 6.0f;
		effect.apply(&effect, x, 2, 130);
		for (size_t j = 0; j < 2 * 130; j++)
			assert_true(x[j] == 0.0f);
	}
	assert_null(effects_find("none"));
	assert_null(effects_find("int9_token"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_effects__values_equal_the_peers),
		cmocka_unit_test(test_effects__the_split_keeps_planted_columns_in_16_bits),
		cmocka_unit_test(test_effects__zeros_stay_and_unknown_names_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
