/* Round to nearest, against the grid's definition. */
#include "quantizers/grid.h"
#include "support/support.h"

#include "support/solve.h"

#include <math.h>
#include <string.h>

enum { ROWS = 7, COLUMNS = 96, COUNT = ROWS * COLUMNS };

static float weight[COUNT];

static void
fill_weight(void)
{
	uint64_t seed = 5;

	for (size_t i = 0; i < COUNT; i++)
		weight[i] = support_normal(&seed) * 0.1f;
}

static struct solve
setup(const char *settings)
{
	fill_weight();
	return (struct solve){ .method = "rtn",
			       .settings = settings,
			       .rows = ROWS,
			       .columns = COLUMNS,
			       .weight = weight };
}

/* The definition, in double, for one group. */
static void
check_group(const struct quantized *q, size_t first, size_t n, int bits, bool symmetric, size_t at)
{
	double most = exp2(bits) - 1, min = 0, max = 0, scale, zero;

	for (size_t i = first; i < first + n; i++) {
		min = fmin(min, (double)weight[i]);
		max = fmax(max, (double)weight[i]);
	}
	scale = symmetric ? 2 * fmax(-min, max) / most : (max - min) / most;
	zero = symmetric ? exp2(bits - 1) : nearbyint(-min / scale);
	assert_true(fabs((double)q->scales[at] - scale) <= scale * 1e-6);
	if (!symmetric)
		assert_true((double)q->zero_points[at] == zero);
	for (size_t i = first; i < first + n; i++) {
		double at_grid = (double)weight[i] / (double)q->scales[at] + zero;
		double code = fmin(fmax(nearbyint(at_grid), 0), most);

		assert_true(fabs((double)q->codes[i] - code) <
			    (fabs(at_grid - floor(at_grid) - 0.5) < 1e-4 ? 1.5 : 0.5));
		assert_true(q->dequantized[i] ==
			    ((float)q->codes[i] - (float)zero) * q->scales[at]);
	}
}

static void
test_rtn__codes_follow_the_definition_at_every_width(void **state)
{
	static const struct {
		const char *settings;
		size_t width;
		bool symmetric;
	} cases[] = {
		{ "bits=# group_size=32", 32, false },
		{ "bits=# group_size=-1", COLUMNS, false },
		{ "bits=# group_size=0", COUNT, false },
		{ "bits=# group_size=24 symmetric=true", 24, true },
		{ "bits=# group_size=0 symmetric=true", COUNT, true },
	};

	(void)state;
	for (int bits = 2; bits <= 8; bits++)
		for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
			char settings[64];
			struct solve solve;
			struct quantized q;

			strcpy(settings, cases[c].settings);
			settings[5] = (char)('0' + bits);
			solve = setup(settings);
			assert_ok(solve_run(&q, &solve));
			assert_int_equal(q.scale_count, COUNT / cases[c].width);
			for (size_t g = 0; g < COUNT / cases[c].width; g++)
				check_group(&q, g * cases[c].width, cases[c].width, bits,
					    cases[c].symmetric, g);
			quantized_free(&q);
		}
}

static void
test_rtn__a_group_that_does_not_divide_offers_its_neighbours(void **state)
{
	struct solve solve = setup("group_size=40");
	struct quantized q;

	(void)state;
	assert_err(ERR_RANGE,
		   "layers.0.attn.q: group_size: 40 does not divide 96 columns; use 32 or 48",
		   solve_run(&q, &solve));
	solve = setup("group_size=128");
	assert_err(ERR_RANGE, "128 is more than the 96 columns; use 96 or -1",
		   solve_run(&q, &solve));
}

static void
test_rtn__bad_weights_are_named_by_row_and_column(void **state)
{
	struct solve solve = setup("group_size=32");
	struct quantized q;

	(void)state;
	weight[3 * COLUMNS + 17] = NAN;
	assert_err(ERR_RANGE, "layers.0.attn.q: weight at row 3, column 17 is nan",
		   solve_run(&q, &solve));
	weight[3 * COLUMNS + 17] = -INFINITY;
	assert_err(ERR_RANGE, "weight at row 3, column 17 is -inf", solve_run(&q, &solve));
}

static void
test_rtn__every_stored_bit_is_counted(void **state)
{
	struct solve solve = setup("bits=3 group_size=32 scale_dtype=f16");
	struct quantized q;

	(void)state;
	assert_ok(solve_run(&q, &solve));
	assert_true(q.part_bits[PART_CODES] == COUNT * 3);
	assert_true(q.part_bits[PART_SCALES] == ROWS * 3 * 16);
	assert_true(q.part_bits[PART_ZERO_POINTS] == ROWS * 3 * 3);
	/* 96 codes of 3 bits fill 9 words; 3 zero points of 3 bits leave 23 bits of one. */
	assert_true(q.part_bits[PART_PADDING] == ROWS * 23);
	quantized_free(&q);
}

static void
test_rtn__int8_token_rounds_each_token_to_its_own_scale(void **state)
{
	float x[2][5] = { { 1.0f, -2.0f, 0.5f, 0.004f, 127.0f }, { 0 } };
	struct solve solve = setup("group_size=32 activations=int8_token");
	struct quantized q;

	(void)state;
	assert_ok(solve_run(&q, &solve));
	assert_non_null(q.effect);
	q.effect->apply(q.effect, x[0], 2, 5);
	assert_true(x[0][0] == 1.0f && x[0][1] == -2.0f && x[0][2] == 0.0f);
	assert_true(x[0][3] == 0.0f && x[0][4] == 127.0f && x[1][0] == 0.0f);
	quantized_free(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rtn__codes_follow_the_definition_at_every_width),
		cmocka_unit_test(test_rtn__a_group_that_does_not_divide_offers_its_neighbours),
		cmocka_unit_test(test_rtn__bad_weights_are_named_by_row_and_column),
		cmocka_unit_test(test_rtn__every_stored_bit_is_counted),
		cmocka_unit_test(test_rtn__int8_token_rounds_each_token_to_its_own_scale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
