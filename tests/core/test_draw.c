/* The generator against an independent one, and the windows that it draws. */
#include "core/calibration.h"
#include "support/support.h"

#include "core/buf.h"
#include "core/rng.h"

/* First outputs for seed 0 and 42, made by a Python program written from docs/calibration.md. */
static void
test_draw__numbers_are_those_of_the_description(void **state)
{
	static const uint64_t zero[] = { 0x99ec5f36cb75f2b4, 0xbf6e1f784956452a, 0x1a5f849d4933e6e0,
					 0x6aa594f1262d2d2c };
	static const uint64_t other[] = { 0x15780b2e0c2ec716, 0x6104d9866d113a7e,
					  0xae17533239e499a1, 0xecb8ad4703b360a1 };
	struct rng rng;

	(void)state;
	rng_seed(&rng, 0);
	for (size_t i = 0; i < 4; i++)
		assert_true(rng_next(&rng) == zero[i]);
	rng_seed(&rng, 42);
	for (size_t i = 0; i < 4; i++)
		assert_true(rng_next(&rng) == other[i]);
}

static void
test_draw__shuffle_is_that_of_the_description(void **state)
{
	static const size_t expected[] = { 4, 2, 1, 7, 5, 6, 3, 9, 8, 0 };
	size_t items[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	struct rng rng;

	(void)state;
	rng_seed(&rng, 0);
	rng_shuffle(&rng, items, 10);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(items[i], expected[i]);
}

static void
test_draw__numbers_below_a_bound_are_spread_evenly(void **state)
{
	size_t seen[7] = { 0 };
	struct rng rng;

	(void)state;
	rng_seed(&rng, 7);
	for (int i = 0; i < 70000; i++)
		seen[rng_below(&rng, 7)]++;
	for (int i = 0; i < 7; i++)
		assert_in_range(seen[i], 9600, 10400);
	assert_int_equal(rng_below(&rng, 1), 0);
}

enum { LENGTH = 5, TOKENS = 53, WINDOWS = 10 };

static void
count_up(int32_t ids[TOKENS])
{
	for (int i = 0; i < TOKENS; i++)
		ids[i] = i;
}

static void
test_draw__windows_are_whole_disjoint_and_repeatable(void **state)
{
	int32_t ids[TOKENS], *first, *second;
	struct sequence a[WINDOWS], b[WINDOWS];
	bool seen[WINDOWS] = { false };
	size_t n, m;

	(void)state;
	count_up(ids);
	assert_ok(calibration_draw(a, &first, &n, ids, TOKENS, WINDOWS, LENGTH, -1, 3));
	assert_ok(calibration_draw(b, &second, &m, ids, TOKENS, 4, LENGTH, -1, 3));
	assert_int_equal(n, WINDOWS);
	assert_int_equal(m, 4);
	for (size_t i = 0; i < n; i++) {
		size_t window = (size_t)a[i].ids[0] / LENGTH;

		assert_int_equal(a[i].count, LENGTH);
		assert_int_equal(a[i].ids[0] % LENGTH, 0);
		assert_false(seen[window]);
		seen[window] = true;
		for (int32_t k = 1; k < LENGTH; k++)
			assert_int_equal(a[i].ids[k], a[i].ids[0] + k);
		if (i < m)
			assert_memory_equal(a[i].ids, b[i].ids, LENGTH * sizeof(int32_t));
	}
	buf_free(first);
	buf_free(second);
}

static void
test_draw__bos_overwrites_the_first_token(void **state)
{
	int32_t ids[TOKENS], *owned;
	struct sequence out[2];
	size_t n;

	(void)state;
	count_up(ids);
	assert_ok(calibration_draw(out, &owned, &n, ids, TOKENS, 2, LENGTH, 99, 0));
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(out[i].ids[0], 99);
		assert_int_equal(out[i].ids[1] % LENGTH, 1);
	}
	buf_free(owned);
}

static void
test_draw__a_short_text_gives_fewer_and_too_short_is_refused(void **state)
{
	int32_t ids[TOKENS], *owned;
	struct sequence out[100];
	size_t n;

	(void)state;
	count_up(ids);
	assert_ok(calibration_draw(out, &owned, &n, ids, TOKENS, 100, LENGTH, -1, 0));
	assert_int_equal(n, WINDOWS);
	buf_free(owned);
	assert_err(ERR_RANGE, "too few for one window",
		   calibration_draw(out, &owned, &n, ids, 4, 100, LENGTH, -1, 0));
	assert_null(owned);
	assert_int_equal(n, 0);
	assert_err(ERR_RANGE, "at least one",
		   calibration_draw(out, &owned, &n, ids, TOKENS, 0, LENGTH, -1, 0));
	assert_err(ERR_RANGE, "at least one",
		   calibration_draw(out, &owned, &n, ids, TOKENS, 1, 0, -1, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_draw__numbers_are_those_of_the_description),
		cmocka_unit_test(test_draw__shuffle_is_that_of_the_description),
		cmocka_unit_test(test_draw__numbers_below_a_bound_are_spread_evenly),
		cmocka_unit_test(test_draw__windows_are_whole_disjoint_and_repeatable),
		cmocka_unit_test(test_draw__bos_overwrites_the_first_token),
		cmocka_unit_test(test_draw__a_short_text_gives_fewer_and_too_short_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
