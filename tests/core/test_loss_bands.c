/* Losses by frequency and position, on figures small enough to count by hand. */
#include "core/loss_bands.h"

#include "core/buf.h"
#include "support/support.h"

#include <math.h>
#include <stdbool.h>

/* Two windows of five scored tokens; token 0 occurs ten times in the text, 1 four times, the others
 * once each. */
static const int32_t text[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 3 };
static const struct loss_text whole = { text, sizeof(text) / sizeof(*text), 4 };

static struct token_losses *
make(bool current)
{
	static const int32_t ids[] = { 0, 1, 0, 2, 0, 1, 0, 0, 3, 0 };
	struct token_losses *losses;

	assert_ok(token_losses_create(&losses, 2, 5, 7, current));
	for (size_t i = 0; i < 10; i++) {
		losses->ids[i] = ids[i];
		losses->baseline[i] = (double)i;
		if (current)
			losses->current[i] = (double)i + (ids[i] == 0 ? 1 : 2) + (i == 9);
	}
	return losses;
}

static void
test_loss_bands__equally_frequent_tokens_are_in_one_band(void **state)
{
	struct token_losses *losses = make(true);
	struct loss_bands bands;
	double mean = 7.0 / 6; /* token 0: five rises of 1, one of 2 */

	(void)state;
	assert_ok(loss_bands_of(&bands, losses, &whole));
	assert_int_equal(bands.frequencies, 3);
	assert_int_equal(bands.frequency[0].low, 1);
	assert_int_equal(bands.frequency[0].high, 1);
	assert_int_equal(bands.frequency[0].scored, 2);
	assert_true(bands.frequency[0].baseline == (3 + 8) / 2.0);
	assert_true(bands.frequency[0].delta == 2);
	assert_int_equal(bands.frequency[1].low, 4);
	assert_int_equal(bands.frequency[2].low, 10);
	assert_int_equal(bands.frequency[2].scored, 6);
	assert_true(fabs(bands.frequency[2].delta - mean) < 1e-12);
	/* Windows: 3 rises that sum to 3, and 3 that sum to 4. */
	assert_true(fabs(bands.frequency[2].se -
			 sqrt(2 * (pow(3 - 3 * mean, 2) + pow(4 - 3 * mean, 2))) / 6) < 1e-12);
	token_losses_free(losses);
}

static void
test_loss_bands__positions_are_quarters_of_what_is_scored(void **state)
{
	struct token_losses *losses = make(true);
	struct loss_bands bands;
	size_t scored = 0, next = 7;

	(void)state;
	assert_ok(loss_bands_of(&bands, losses, &whole));
	assert_int_equal(bands.positions, 4);
	for (size_t i = 0; i < 4; i++) {
		const struct loss_band *band = &bands.position[i];

		assert_int_equal(band->low, next);
		assert_int_equal(band->scored, 2 * (band->high - band->low + 1));
		next = band->high + 1;
		scored += band->scored;
	}
	assert_int_equal(next, 12);
	assert_int_equal(scored, 10);
	/* Positions 7 and 8: tokens 0 1 and 1 0. */
	assert_int_equal(bands.position[0].high, 8);
	assert_true(bands.position[0].delta == 1.5);
	token_losses_free(losses);
}

static void
test_loss_bands__the_baseline_alone_has_no_difference(void **state)
{
	struct token_losses *losses = make(false);
	struct loss_bands bands;

	(void)state;
	assert_ok(loss_bands_of(&bands, losses, &whole));
	assert_true(isnan(bands.frequency[0].current) && isnan(bands.frequency[0].delta));
	assert_true(bands.frequency[0].baseline > 0);
	token_losses_free(losses);
}

static void
test_loss_bands__survives_any_failed_allocation(void **state)
{
	struct token_losses *losses = make(true);
	struct loss_bands bands;
	enum err code = ERR_NOMEM;

	(void)state;
	for (unsigned long n = 1; code && n < 100; n++) {
		buf_fail_at(n, 0);
		code = loss_bands_of(&bands, losses, &whole);
		buf_fail_at(0, 0);
	}
	assert_int_equal(code, OK);
	token_losses_free(losses);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loss_bands__equally_frequent_tokens_are_in_one_band),
		cmocka_unit_test(test_loss_bands__positions_are_quarters_of_what_is_scored),
		cmocka_unit_test(test_loss_bands__the_baseline_alone_has_no_difference),
		cmocka_unit_test(test_loss_bands__survives_any_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
