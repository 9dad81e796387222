/* mlx_affine where its peers say nothing; what they answer is in test_schemes.c. */
#include "support/support.h"

#include "support/solve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 2, COLUMNS = 64, COUNT = ROWS * COLUMNS };

static float weight[COUNT];

static struct solve
setup(const char *settings, float low, float high)
{
	for (size_t i = 0; i < COUNT; i++)
		weight[i] = low + (high - low) * (float)(i % COLUMNS) / (COLUMNS - 1.0f);
	return (struct solve){ .method = "mlx_affine",
			       .settings = settings,
			       .rows = ROWS,
			       .columns = COLUMNS,
			       .weight = weight };
}

static void
test_mlx__the_end_farther_from_zero_is_the_bias_and_kept(void **state)
{
	struct solve solve = setup("bits=2 scale_dtype=f32", -1.0f, 3.0f);
	struct quantized q;

	(void)state;
	assert_ok(solve_run(&q, &solve));
	assert_true(((const float *)quantized_extra(&q, "biases")->data)[0] == 3.0f);
	assert_true(q.scales[0] == -1.5f);
	assert_true(q.dequantized[COLUMNS - 1] == 3.0f && q.dequantized[0] == -1.5f);
	assert_true(q.clipped == 0);
	quantized_free(&q);
	solve.settings = "bits=2 scale_dtype=f32 rule=metal";
	assert_ok(solve_run(&q, &solve));
	assert_true(((const float *)quantized_extra(&q, "biases")->data)[0] == -1.0f);
	assert_true(q.dequantized[COLUMNS - 1] == 3.0f && q.dequantized[0] == -1.0f);
	quantized_free(&q);
}

static void
test_mlx__bits_that_transformers_has_not_are_refused_for_its_rule(void **state)
{
	struct solve solve = setup("bits=3 rule=metal", -1.0f, 1.0f);
	struct quantized q;

	(void)state;
	assert_err(ERR_RANGE, "transformers' metal has 2, 4 and 8 bits, not 3",
		   solve_run(&q, &solve));
}

/* One bit and a scale that is rounded up: the worst that a stored number can come to. */
static void
test_mlx__no_float16_model_restores_an_infinite_weight(void **state)
{
	static const char *const settings[] = { "scale_dtype=f16 bits=1",
						"scale_dtype=f16 rule=metal",
						"scale_dtype=f16 bits=8" };
	static const float ends[][2] = { { -32736.0f, 32736.0f },
					 { 0.0f, 65472.0f },
					 { -65472.0f, 0.0f },
					 { -19.0f, 65440.0f } };

	(void)state;
	for (size_t s = 0; s < 3; s++)
		for (size_t e = 0; e < 4; e++) {
			struct solve solve = setup(settings[s], ends[e][0], ends[e][1]);
			struct quantized q;

			assert_ok(solve_run(&q, &solve));
			assert_true(kernels_current()->finite(q.dequantized, COUNT));
			assert_true(kernels_current()->finite(q.scales, q.scale_count));
			quantized_free(&q);
		}
}

static void
test_mlx__weights_too_far_apart_for_float16_are_refused(void **state)
{
	struct solve solve = setup("scale_dtype=f16", -65504.0f, 10.0f);
	struct quantized q;

	(void)state;
	assert_err(ERR_RANGE, "weights from -65504 to 10 are too far apart for float16",
		   solve_run(&q, &solve));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mlx__the_end_farther_from_zero_is_the_bias_and_kept),
		cmocka_unit_test(test_mlx__bits_that_transformers_has_not_are_refused_for_its_rule),
		cmocka_unit_test(test_mlx__no_float16_model_restores_an_infinite_weight),
		cmocka_unit_test(test_mlx__weights_too_far_apart_for_float16_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
