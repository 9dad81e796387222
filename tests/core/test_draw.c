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

static enum err
draw(struct draw *out, size_t id_count, size_t count, size_t length, int32_t bos)
{
	static int32_t ids[TOKENS];

	count_up(ids);
	return calibration_draw(out,
				&(struct draw_request){ ids, id_count, count, length, bos, 3 });
}

static void
test_draw__windows_are_whole_disjoint_and_repeatable(void **state)
{
	struct draw a, b;
	bool seen[WINDOWS] = { false };

	(void)state;
	assert_ok(draw(&a, TOKENS, WINDOWS, LENGTH, -1));
	assert_ok(draw(&b, TOKENS, 4, LENGTH, -1));
	assert_int_equal(a.count, WINDOWS);
	assert_int_equal(b.count, 4);
	for (size_t i = 0; i < a.count; i++) {
		const struct sequence *sequence = &a.sequences[i];
		size_t window = (size_t)sequence->ids[0] / LENGTH;

		assert_int_equal(sequence->count, LENGTH);
		assert_int_equal(sequence->ids[0] % LENGTH, 0);
		assert_false(seen[window]);
		seen[window] = true;
		for (int32_t k = 1; k < LENGTH; k++)
			assert_int_equal(sequence->ids[k], sequence->ids[0] + k);
		if (i < b.count)
			assert_memory_equal(sequence->ids, b.sequences[i].ids,
					    LENGTH * sizeof(int32_t));
	}
	draw_clear(&a);
	draw_clear(&b);
}

static void
test_draw__bos_overwrites_the_first_token(void **state)
{
	struct draw out;

	(void)state;
	assert_ok(draw(&out, TOKENS, 2, LENGTH, 99));
	for (size_t i = 0; i < out.count; i++) {
		assert_int_equal(out.sequences[i].ids[0], 99);
		assert_int_equal(out.sequences[i].ids[1] % LENGTH, 1);
	}
	draw_clear(&out);
}

static void
test_draw__a_short_text_gives_fewer_and_too_short_is_refused(void **state)
{
	struct draw out;

	(void)state;
	assert_ok(draw(&out, TOKENS, SIZE_MAX, LENGTH, -1));
	assert_int_equal(out.count, WINDOWS);
	draw_clear(&out);
	assert_err(ERR_RANGE, "too few for one window", draw(&out, 4, 100, LENGTH, -1));
	assert_null(out.ids);
	assert_int_equal(out.count, 0);
	assert_err(ERR_RANGE, "at least one", draw(&out, TOKENS, 0, LENGTH, -1));
	assert_err(ERR_RANGE, "at least one", draw(&out, TOKENS, 1, 0, -1));
}

static void
test_draw__memory_that_runs_out_leaves_nothing(void **state)
{
	enum err code = ERR_NOMEM;
	struct draw out;

	(void)state;
	for (unsigned long n = 1; code == ERR_NOMEM; n++) {
		buf_fail_at(n, 0);
		code = draw(&out, TOKENS, 4, LENGTH, -1);
		buf_fail_at(0, 0);
		assert_true(!code == (out.ids != NULL));
	}
	assert_ok(code);
	draw_clear(&out);
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
		cmocka_unit_test(test_draw__memory_that_runs_out_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
