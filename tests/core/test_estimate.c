/* Means, clustered standard errors and quantiles against numbers worked out by hand. */
#include "core/estimate.h"

#include "support/support.h"

#include <math.h>

static void
assert_near(double got, double expected)
{
	if (!(fabs(got - expected) < 1e-12))
		fail_msg("%.15g, expected %.15g", got, expected);
}

/* Windows (1, 3), (5, 7), (6, 8): means 2, 6, 7; mean 5; deviations -3, 1, 2. */
static void
test_estimate__errors_are_clustered_by_window(void **state)
{
	const double values[] = { 1, 3, 5, 7, 6, 8 };
	struct estimate e = estimate_mean(values, 3, 2);

	(void)state;
	assert_near(e.mean, 5.0);
	assert_near(e.se, sqrt(14.0 / 2.0 / 3.0));
	assert_near(e.se_iid, sqrt(34.0 / 5.0 / 6.0));
}

static void
test_estimate__one_window_says_nothing_about_spread(void **state)
{
	const double values[] = { 1, 3 };
	struct estimate e = estimate_mean(values, 1, 2);

	(void)state;
	assert_near(e.mean, 2.0);
	assert_true(isnan(e.se));
	assert_near(e.se_iid, 1.0);
	assert_true(isnan(estimate_mean(values, 1, 1).se_iid));
}

static void
test_estimate__quantiles_lie_between_neighbours(void **state)
{
	double values[] = { 4, 1, 3, 2 };

	(void)state;
	estimate_sort(values, 4);
	assert_near(values[0], 1.0);
	assert_near(estimate_quantile(values, 4, 0.5), 2.5);
	assert_near(estimate_quantile(values, 4, 0.99), 3.97);
	assert_near(estimate_quantile(values, 4, 1.0), 4.0);
	assert_near(estimate_quantile(values, 1, 0.5), 1.0);
	assert_true(isnan(estimate_quantile(values, 0, 0.5)));
}

static void
test_estimate__nan_sorts_last_and_is_not_hidden(void **state)
{
	double values[] = { NAN, 1, NAN, -2 };

	(void)state;
	estimate_sort(values, 4);
	assert_near(values[0], -2.0);
	assert_true(isnan(values[3]));
	assert_true(isnan(estimate_mean(values, 2, 2).mean));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_estimate__errors_are_clustered_by_window),
		cmocka_unit_test(test_estimate__one_window_says_nothing_about_spread),
		cmocka_unit_test(test_estimate__quantiles_lie_between_neighbours),
		cmocka_unit_test(test_estimate__nan_sorts_last_and_is_not_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
