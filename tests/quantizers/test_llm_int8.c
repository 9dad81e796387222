/* LLM.int8 beyond what tests/quantizers/test_schemes.c compares: golden hashes, outlier columns. */
#include "support/support.h"

#include "core/buf.h"
#include "support/golden.h"
#include "support/solve.h"

#include <math.h>
#include <string.h>

enum { ROWS = GOLDEN_ROWS, COLUMNS = GOLDEN_COLUMNS };

static float weight[ROWS * COLUMNS];

static struct solve
setup(const char *settings)
{
	golden_weight(weight);
	return (struct solve){ .method = "llm_int8",
			       .settings = settings,
			       .rows = ROWS,
			       .columns = COLUMNS,
			       .weight = weight };
}

static void
test_llm_int8__codes_and_scales_equal_the_golden_ones(void **state)
{
	struct solve solve = setup(NULL);
	struct quantized q;

	(void)state;
	support_need_data("golden/golden.json");
	assert_ok(solve_run(&q, &solve));
	for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++)
		q.codes[i] = (uint8_t)(q.codes[i] - 128);
	assert_string_equal(sha256_hex(q.codes, ROWS * COLUMNS), golden_sha256("bnb.int8.CB"));
	assert_string_equal(sha256_hex(q.scales, ROWS * sizeof(float)),
			    golden_sha256("bnb.int8.SCB"));
	quantized_free(&q);
}

/* Columns planted into the statistics of a calibration text. */
static void
test_llm_int8__planted_outlier_columns_are_listed(void **state)
{
	struct solve solve = setup("threshold=6");
	struct statistics *statistics = golden_statistics(COLUMNS);
	const struct quant_array *outliers;
	float max_abs[COLUMNS];
	struct quantized q;

	(void)state;
	for (size_t c = 0; c < COLUMNS; c++)
		max_abs[c] = 1.0f + (float)(c % 7) * 0.5f;
	max_abs[17] = 6.0f;
	max_abs[40] = 5.9999f;
	max_abs[200] = 61.0f;
	statistics->max_abs = max_abs;
	solve.statistics = statistics;
	assert_ok(solve_run(&q, &solve));
	outliers = quantized_extra(&q, "outlier_columns");
	assert_non_null(outliers);
	assert_int_equal(outliers->count, 2);
	assert_int_equal(((uint32_t *)outliers->data)[0], 17);
	assert_int_equal(((uint32_t *)outliers->data)[1], 200);
	assert_true(q.method_scale[17] == 1.0f && q.method_scale[40] < 1.0f);
	assert_string_equal(q.note, "2 of 256 input columns reach |x| >= 6 on the calibration "
				    "text: 17 200");
	quantized_free(&q);
	statistics->max_abs = NULL;
	golden_free(statistics);
}

static void
test_llm_int8__the_effect_takes_the_threshold_and_can_be_left_out(void **state)
{
	struct solve solve = setup("threshold=2.5");
	struct quantized q;

	(void)state;
	assert_ok(solve_run(&q, &solve));
	assert_string_equal(q.effect->name, "int8_split");
	assert_true(q.effect->level == 2.5f);
	assert_null(quantized_extra(&q, "outlier_columns"));
	quantized_free(&q);
	solve.settings = "activations=none";
	assert_ok(solve_run(&q, &solve));
	assert_null(q.effect);
	quantized_free(&q);
}

static void
test_llm_int8__weights_beyond_float16_are_refused(void **state)
{
	struct solve solve = setup(NULL);
	struct quantized q;

	(void)state;
	weight[5] = 65519.0f;
	assert_ok(solve_run(&q, &solve));
	assert_true(q.scales[0] == 65504.0f);
	quantized_free(&q);
	weight[5] = -65520.0f;
	assert_err(ERR_RANGE, "65520 is beyond float16", solve_run(&q, &solve));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_llm_int8__codes_and_scales_equal_the_golden_ones),
		cmocka_unit_test(test_llm_int8__planted_outlier_columns_are_listed),
		cmocka_unit_test(test_llm_int8__the_effect_takes_the_threshold_and_can_be_left_out),
		cmocka_unit_test(test_llm_int8__weights_beyond_float16_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
