/* Colours: the pinned ramps, and text that can be read on them. */
#include "support/support.h"

#include "plots/palette.h"

#include <math.h>

static double
linear(uint32_t part)
{
	double c = part / 255.0;

	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* Relative luminance as in WCAG 2.1. */
static double
luminance(uint32_t rgb)
{
	return 0.2126 * linear(rgb >> 16 & 255) + 0.7152 * linear(rgb >> 8 & 255) +
	       0.0722 * linear(rgb & 255);
}

static double
contrast(uint32_t a, uint32_t b)
{
	double x = luminance(a), y = luminance(b);

	return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

static const struct palette_entry *
entry(int role, bool light)
{
	return palette_entry((enum role)role, light);
}

static void
test_palette__the_ramps_have_their_pinned_indices(void **state)
{
	static const int viridis[RAMP_STEPS] = { 53, 61, 31, 36, 113, 220 };
	static const int coolwarm[DIVERGE_STEPS] = { 62, 68, 153, 253, 216, 209, 124 };

	(void)state;
	for (int i = 0; i < RAMP_STEPS; i++)
		assert_int_equal(entry(ROLE_RAMP_0 + i, false)->index_256, viridis[i]);
	for (int i = 0; i < DIVERGE_STEPS; i++)
		assert_int_equal(entry(ROLE_DIVERGE_0 + i, true)->index_256, coolwarm[i]);
}

static void
test_palette__the_sequential_ramp_rises_in_lightness(void **state)
{
	(void)state;
	for (int i = 1; i < RAMP_STEPS; i++) {
		const struct palette_entry *below = entry(ROLE_RAMP_0 + i - 1, false);
		const struct palette_entry *above = entry(ROLE_RAMP_0 + i, false);

		assert_true(luminance(palette_xterm(below->index_256)) <
			    luminance(palette_xterm(above->index_256)));
		assert_true(luminance(below->rgb) < luminance(above->rgb));
	}
	for (int i = 1; i <= 100; i++)
		assert_true(luminance(palette_ramp_rgb((i - 1) / 100.0, false)) <
			    luminance(palette_ramp_rgb(i / 100.0, false)));
}

static void
test_palette__text_can_be_read_on_its_paper_and_on_every_step(void **state)
{
	(void)state;
	for (int light = 0; light < 2; light++) {
		for (int role = 0; role < ROLE_RAMP_0; role++) {
			double least = role == ROLE_BORDER || role == ROLE_GHOST ? 1.8
				       : role == ROLE_CURRENT                    ? 3
										 : 4.4;

			assert_true(contrast(entry(role, light)->rgb, palette_paper(light)) >
				    least);
		}
		for (int step = ROLE_RAMP_0; step < ROLE_COUNT; step++) {
			struct palette_text text = palette_text(ROLE_TEXT, (enum role)step, light);
			int index = entry(step, light)->index_256;

			assert_true(contrast(palette_xterm(text.index_256), palette_xterm(index)) >
				    4);
		}
	}
}

static void
test_palette__steps_cover_the_unit_and_take_nan(void **state)
{
	(void)state;
	assert_int_equal(palette_ramp(NAN, false), ROLE_RAMP_0);
	assert_int_equal(palette_ramp(-3, false), ROLE_RAMP_0);
	assert_int_equal(palette_ramp(1, false), ROLE_RAMP_0 + RAMP_STEPS - 1);
	assert_int_equal(palette_ramp(INFINITY, true), ROLE_DIVERGE_0 + DIVERGE_STEPS - 1);
	assert_int_equal(palette_ramp(0.5, true), ROLE_DIVERGE_0 + DIVERGE_STEPS / 2);
	assert_int_equal(palette_ramp_rgb(0, false), entry(ROLE_RAMP_0, false)->rgb);
	assert_int_equal(palette_ramp_rgb(2, true),
			 entry(ROLE_DIVERGE_0 + DIVERGE_STEPS - 1, false)->rgb);
}

static void
test_palette__indices_are_of_the_part_that_nobody_recolours(void **state)
{
	(void)state;
	assert_int_equal(palette_xterm(16), 0x000000);
	assert_int_equal(palette_xterm(231), 0xffffff);
	assert_int_equal(palette_xterm(232), 0x080808);
	assert_int_equal(palette_xterm(62), 0x5f5fd7);
	for (int role = 0; role < ROLE_COUNT; role++) {
		int dark = entry(role, false)->index_256;
		int light = entry(role, true)->index_256;

		assert_true(dark == -1 || dark >= 16);
		assert_true(light == -1 || light >= 16);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_palette__the_ramps_have_their_pinned_indices),
		cmocka_unit_test(test_palette__the_sequential_ramp_rises_in_lightness),
		cmocka_unit_test(test_palette__text_can_be_read_on_its_paper_and_on_every_step),
		cmocka_unit_test(test_palette__steps_cover_the_unit_and_take_nan),
		cmocka_unit_test(test_palette__indices_are_of_the_part_that_nobody_recolours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
