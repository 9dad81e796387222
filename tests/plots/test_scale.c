/* Numbers for people, axes, and whole merging of fine bins. */
#include "support/support.h"

#include "plots/chart.h"
#include "plots/palette.h"
#include "plots/scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void
assert_number(const char *expected, double value)
{
	char text[32];

	assert_string_equal(plot_number(text, sizeof(text), value), expected);
}

static void
test_scale__numbers_are_short(void **state)
{
	(void)state;
	assert_number("0", -0.0);
	assert_number("1.2e-4", 1.2e-4);
	assert_number("1e-4", 1e-4);
	assert_number("0.001", 0.001);
	assert_number("0.001", 0.00099999);
	assert_number("0.0123", 0.01234);
	assert_number("-0.5", -0.5);
	assert_number("999", 999.4);
	assert_number("1k", 999.6);
	assert_number("12.3k", 12345);
	assert_number("1M", 999999);
	assert_number("16.8M", 16777216);
	assert_number("1e15", 1e15);
	assert_number("1e100", 1e100);
	assert_number("nan", NAN);
	assert_number("-inf", -INFINITY);
}

static void
test_scale__no_number_is_longer_than_nine(void **state)
{
	char text[32];

	(void)state;
	for (double e = -320; e < 309; e += 0.037) {
		double value = -pow(10, e);

		assert_true(strlen(plot_number(text, sizeof(text), value)) <= 9);
		assert_null(strchr(text, ','));
	}
}

static void
test_scale__ticks_rise_and_stay_inside(void **state)
{
	uint64_t seed = 3;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		double low =
			(support_uniform(&seed) - 0.5) * pow(10, 40 * support_uniform(&seed) - 20);
		double width = support_uniform(&seed) * pow(10, 40 * support_uniform(&seed) - 20);
		enum scale_kind kind = (enum scale_kind)(round % 3);
		struct axis axis = { .low = kind ? fabs(low) : low,
				     .high = (kind ? fabs(low) : low) + width };
		struct scale scale = scale_make(&axis, extent_none, kind);
		double ticks[9];
		int most = 1 + round % 9, count = scale_ticks(ticks, most, &scale);

		assert_in_range(count, 0, most);
		for (int i = 0; i < count; i++) {
			double unit = scale_unit(&scale, ticks[i]);

			assert_true(unit > -1e-6 && unit < 1 + 1e-6);
			assert_true(i == 0 || ticks[i] > ticks[i - 1]);
		}
	}
}

static void
test_scale__counts_have_a_tick_at_one(void **state)
{
	struct axis axis = { .low = 0, .high = 250000 };
	struct scale scale = scale_make(&axis, extent_none, SCALE_LOG1P);
	double ticks[8];

	(void)state;
	assert_int_equal(scale_ticks(ticks, 8, &scale), 6);
	assert_true(ticks[0] == 1 && ticks[5] == 100000);
	assert_true(scale_unit(&scale, 1) > 0.05);
	assert_true(scale_unit(&scale, 0) == 0);
}

static void
test_scale__a_range_is_always_usable(void **state)
{
	static const double values[] = { NAN, INFINITY, -INFINITY, 0, 1e308, -1e308, 5e-324, 1 };

	(void)state;
	for (int i = 0; i < 8 * 8 * 3; i++) {
		struct axis axis = { .low = values[i % 8], .high = values[i / 8 % 8] };
		struct extent data = extent_none;
		struct scale scale;

		extent_add(&data, values[i % 8], false);
		scale = scale_make(&axis, data, (enum scale_kind)(i / 64));
		assert_true(scale.low < scale.high && isfinite(scale.high - scale.low));
		assert_true(isfinite(scale_unit(&scale, (scale.low + scale.high) / 2)));
	}
}

static void
test_scale__value_undoes_unit(void **state)
{
	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		struct axis axis = { .low = 0.5, .high = 4000 };
		struct scale scale = scale_make(&axis, extent_none, (enum scale_kind)kind);

		for (double t = 0; t <= 1; t += 0.125)
			assert_true(fabs(scale_unit(&scale, scale_value(&scale, t)) - t) < 1e-12);
	}
}

/* Every bin in view lands in exactly one column, whole. */
static void
test_scale__bins_merge_whole_and_lose_nothing(void **state)
{
	static double counts[4200];

	(void)state;
	for (size_t i = 0; i < 4200; i++)
		counts[i] = (double)(1 + i % 7);
	for (size_t count = 1; count <= 4096; count = count < 40 ? count + 1 : count * 2 + 1) {
		for (size_t columns = 1; columns <= 230; columns++) {
			struct plot_bins bins = plot_merge_bins(5, count, columns);
			double sum = 0, expected = 0;

			assert_in_range(bins.columns, 1, columns);
			assert_true(bins.merge == 1 || bins.wide == 1);
			assert_int_equal(plot_bins_start(&bins, 0), 5);
			assert_int_equal(plot_bins_start(&bins, bins.columns), 5 + count);
			for (size_t i = 0; i < bins.columns; i += bins.wide)
				sum += plot_bins_sum(&bins, counts, i);
			for (size_t i = 5; i < 5 + count; i++)
				expected += counts[i];
			assert_true(sum == expected);
		}
	}
}

static void
test_scale__columns_are_equal_and_zero_is_an_edge(void **state)
{
	(void)state;
	for (size_t columns = 2; columns <= 230; columns++) {
		struct plot_bins bins = plot_merge_bins(0, 4096, columns);
		bool middle = false;

		for (size_t i = 0; i <= bins.columns; i++) {
			middle |= plot_bins_start(&bins, i) == 2048;
			if (i > 1 && i < bins.columns)
				assert_int_equal(plot_bins_start(&bins, i) -
							 plot_bins_start(&bins, i - 1),
						 bins.merge);
		}
		assert_true(middle);
		assert_true(bins.columns * 4 >= columns * 3 || columns < 8);
	}
}

/* Linear about zero, logarithmic beyond the knee, on both sides: nothing that is finite is lost. */
static void
test_scale__a_knee_shows_both_signs(void **state)
{
	struct axis axis = { .knee = 1e-3 };
	struct scale scale = scale_make(&axis, (struct extent){ -0.02, 5 }, SCALE_LOG1P);
	double ticks[12], last = -INFINITY;
	int count = scale_ticks(ticks, 12, &scale);
	bool zero = false;

	(void)state;
	for (double value = -0.02; value <= 5; value += 0.0013) {
		double unit = scale_unit(&scale, value);

		assert_true(unit > last && unit >= -1e-9 && unit <= 1 + 1e-9);
		assert_true(fabs(scale_value(&scale, unit) - value) < 1e-9);
		last = unit;
	}
	assert_int_equal(count, 7); /* -0.01 -0.001 0 0.001 0.01 0.1 1 */
	for (int i = 0; i < count; i++) {
		assert_true(i == 0 || ticks[i] > ticks[i - 1]);
		zero |= ticks[i] == 0;
	}
	assert_true(zero && fabs(ticks[0] + 0.01) < 1e-12 && fabs(ticks[6] - 1) < 1e-9);
	for (int most = 1; most < 12; most++)
		assert_in_range(scale_ticks(ticks, most, &scale), 1, most);
}

/* Twenty methods in one picture: no two look alike, in cells or on paper. */
static void
test_scale__many_series_keep_apart(void **state)
{
	struct series series[24] = { { 0 } };
	struct plot_data data = { .series = series, .series_count = 24 };

	(void)state;
	for (size_t i = 0; i < 24; i++)
		for (size_t k = 0; k < i; k++) {
			assert_true(chart_role(&data, i) != chart_role(&data, k) ||
				    chart_mark(i, CHART_MARKS) != chart_mark(k, CHART_MARKS));
			assert_true(palette_series_rgb(i) != palette_series_rgb(k) ||
				    i % 8 != k % 8);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scale__numbers_are_short),
		cmocka_unit_test(test_scale__no_number_is_longer_than_nine),
		cmocka_unit_test(test_scale__ticks_rise_and_stay_inside),
		cmocka_unit_test(test_scale__counts_have_a_tick_at_one),
		cmocka_unit_test(test_scale__a_range_is_always_usable),
		cmocka_unit_test(test_scale__value_undoes_unit),
		cmocka_unit_test(test_scale__a_knee_shows_both_signs),
		cmocka_unit_test(test_scale__many_series_keep_apart),
		cmocka_unit_test(test_scale__bins_merge_whole_and_lose_nothing),
		cmocka_unit_test(test_scale__columns_are_equal_and_zero_is_an_edge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
