/* labels: slow
 * The relative errors that independent code measured (hf-formats-b.md, 12.1): Gaussian weights
 * within 2 %, heavy-tailed ones within 10 %. 1024 x 4096; heavy: columns scaled log-normally by
 * 0.3, and one weight in a thousand 8 times as large. */
#include "support/support.h"

#include "core/buf.h"
#include "support/solve.h"

#include <math.h>
#include <stdbool.h>

enum { ROWS = 1024, COLUMNS = 4096 };

struct expected {
	const char *method, *settings;
	double gaussian, heavy; /* relative squared error; 0: not stated exactly enough */
	double bits;            /* for each weight, or 0 */
};

static const struct expected table[] = {
	{ "int_quant", "bits=8 granularity=channel scale_dtype=f16", 7.50e-5, 7.78e-4, 8.004 },
	{ "fp8", "granularity=tensor", 7.00e-4, 7.0e-4, 8.0 },
	{ "fp8", "granularity=channel", 7.00e-4, 7.0e-4, 0.0 },
	{ "fp8", "granularity=block", 7.00e-4, 7.0e-4, 0.0 },
	{ "fbgemm_fp8", "", 7.00e-4, 7.0e-4, 0.0 },
	{ "int_quant", "bits=4", .01229, .0257, 0.0 },
	{ "int_quant", "bits=4 symmetric=false", .01012, .0163, 0.0 },
	{ "int_quant", "bits=4 group_size=32", .00899, .0133, 0.0 },
	{ "int_quant", "bits=4 group_size=32 symmetric=false", .00653, .0081, 0.0 },
	{ "int_quant", "bits=3", .0564, .103, 0.0 },
	{ "int_quant", "bits=3 symmetric=false", .0465, .072, 0.0 },
	{ "int_quant", "bits=2", .302, .403, 0.0 },
	{ "int_quant", "bits=2 symmetric=false", .253, .325, 0.0 },
	{ "rtn", "bits=4 group_size=128 symmetric=true", .01229, .0257, 0.0 },
	{ "rtn", "bits=4 group_size=128", .01012, .0163, 0.0 },
	{ "nf4", "block_size=64", .00846, .0108, 0.0 },
	{ "nvfp4", "", .00904, .0087, 4.5 },
	{ "nvfp4", "fouroversix=true", .00757, .0076, 4.5 },
	{ "mxfp4", "exponent=floor", .0132, .0154, 4.25 },
	{ "mxfp4", "exponent=even", .0125, .0149, 4.25 },
	{ "bitnet", "", .264, .348, 2.0 },
	{ "higgs", "bits=4 group_size=-1", .00772, .0077, 4.033 },
	{ "higgs", "bits=4 p=1 group_size=-1", .00946, .0094, 4.033 },
	{ "higgs", "bits=3 group_size=-1", .0295, .0293, 3.032 },
	{ "higgs", "bits=2 group_size=-1", .107, .107, 2.031 },
};

static double
relative_error(const struct expected *expected, const float *weight)
{
	struct solve solve = { .method = expected->method,
			       .settings = expected->settings,
			       .rows = ROWS,
			       .columns = COLUMNS,
			       .weight = weight };
	const struct kernels *kernels = kernels_current();
	size_t count = (size_t)ROWS * COLUMNS;
	double error, bits;
	struct quantized q;

	assert_ok(solve_run(&q, &solve));
	error = kernels->sq_error(weight, q.dequantized, count) / kernels->sq_sum(weight, count);
	bits = quantized_bits(&q) / (double)count;
	if (expected->bits > 0.0 && fabs(bits - expected->bits) > 0.001)
		fail_msg("%s %s: %.4f bits, not %.4f", expected->method, expected->settings, bits,
			 expected->bits);
	quantized_free(&q);
	return error;
}

static void
check(const float *weight, bool heavy)
{
	double room = heavy ? 0.10 : 0.02;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		double error = relative_error(&table[i], weight);
		double target = heavy ? table[i].heavy : table[i].gaussian;

		if (fabs(error / target - 1.0) > room)
			fail_msg("%s %s on %s weights: %.4g, not %.4g", table[i].method,
				 table[i].settings, heavy ? "heavy-tailed" : "Gaussian", error,
				 target);
	}
}

static float *
make_gaussian(uint64_t *seed)
{
	size_t count = (size_t)ROWS * COLUMNS;
	float *weight = buf_alloc(count, sizeof(*weight));

	assert_non_null(weight);
	for (size_t i = 0; i < count; i++)
		weight[i] = support_normal(seed);
	return weight;
}

static void
test_errors__gaussian_weights_lose_what_independent_code_measured(void **state)
{
	uint64_t seed = 4;
	float *weight = make_gaussian(&seed);

	(void)state;
	check(weight, false);
	buf_free(weight);
}

static void
test_errors__heavy_tailed_weights_lose_what_independent_code_measured(void **state)
{
	uint64_t seed = 5;
	float *weight = make_gaussian(&seed), *scale = make_gaussian(&seed);

	(void)state;
	for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++) {
		weight[i] *= expf(0.3f * scale[i % COLUMNS]);
		if (support_uniform(&seed) < 0.001)
			weight[i] *= 8.0f;
	}
	check(weight, true);
	buf_free(weight);
	buf_free(scale);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors__gaussian_weights_lose_what_independent_code_measured),
		cmocka_unit_test(
			test_errors__heavy_tailed_weights_lose_what_independent_code_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
