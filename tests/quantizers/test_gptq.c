/* gptq against the recorded results of GPTQModel, and what must hold of any such method. */
#include "support/support.h"

#include "core/buf.h"
#include "support/golden.h"
#include "support/solve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = GOLDEN_ROWS, COLUMNS = GOLDEN_COLUMNS, COUNT = ROWS * COLUMNS };

static float weight[COUNT], gram[COLUMNS * COLUMNS], mean_abs[COLUMNS];
static double exact_gram[COLUMNS * COLUMNS];

static struct statistics statistics = {
	.columns = COLUMNS, .tokens = GOLDEN_TOKENS, .gram = gram, .mean_abs = mean_abs
};

static void
fill_statistics(void)
{
	static float x[GOLDEN_TOKENS * COLUMNS];

	golden_weight(weight);
	golden_activations(x);
	memset(exact_gram, 0, sizeof(exact_gram));
	memset(mean_abs, 0, sizeof(mean_abs));
	for (size_t t = 0; t < GOLDEN_TOKENS; t++)
		for (size_t i = 0; i < COLUMNS; i++) {
			mean_abs[i] += fabsf(x[t * COLUMNS + i]) / GOLDEN_TOKENS;
			for (size_t j = 0; j < COLUMNS; j++)
				exact_gram[i * COLUMNS + j] += (double)x[t * COLUMNS + i] *
							       (double)x[t * COLUMNS + j] /
							       GOLDEN_TOKENS;
		}
	for (size_t i = 0; i < COLUMNS * COLUMNS; i++)
		gram[i] = (float)exact_gram[i];
}

/* tr(D (scale H + diagonal) D'). */
static double
output_error(const float *q, double scale, double diagonal)
{
	double sum = 0.0;

	for (size_t r = 0; r < ROWS; r++)
		for (size_t i = 0; i < COLUMNS; i++) {
			double d = (double)weight[r * COLUMNS + i] - (double)q[r * COLUMNS + i];

			sum += diagonal * d * d;
			for (size_t j = 0; j < COLUMNS; j++)
				sum += scale * d * exact_gram[i * COLUMNS + j] *
				       ((double)weight[r * COLUMNS + j] -
					(double)q[r * COLUMNS + j]);
		}
	return sum;
}

/* qweight: a stream of codes, lowest bit first, down each output column in 32-bit words. */
static void
pack_codes(uint32_t *out, const struct quantized *q, size_t bits)
{
	memset(out, 0, COLUMNS * bits / 32 * ROWS * sizeof(*out));
	for (size_t r = 0; r < ROWS; r++)
		for (size_t k = 0; k < COLUMNS; k++)
			for (size_t b = 0; b < bits; b++) {
				size_t at = k * bits + b;
				uint32_t bit = q->codes[r * COLUMNS + k] >> b & 1u;

				out[at / 32 * ROWS + r] |= bit << at % 32;
			}
}

static uint16_t
half_bits(float x)
{
	int exponent, e;
	float m = frexpf(x, &exponent);

	e = exponent > -13 ? exponent : -13;
	return (uint16_t)(lrintf(ldexpf(m, exponent - e + 11)) + ((e + 13) << 10));
}

static void
pack_zeros(uint32_t *out, const struct quantized *q, size_t bits)
{
	memset(out, 0, q->group_count * ROWS * bits / 32 * sizeof(*out));
	for (size_t g = 0; g < q->group_count; g++)
		for (size_t r = 0; r < ROWS; r++)
			for (size_t b = 0; b < bits; b++) {
				size_t at = r * bits + b;
				uint32_t zero =
					q->zero_points
						? (uint32_t)q->zero_points[r * q->group_count + g]
						: 1u << (bits - 1);

				out[g * (ROWS * bits / 32) + at / 32] |= (zero >> b & 1u)
									 << at % 32;
			}
}

/* Scales are stored as float16, group by group. */
static void
pack_scales(uint16_t *out, const struct quantized *q)
{
	for (size_t g = 0; g < q->group_count; g++)
		for (size_t r = 0; r < ROWS; r++)
			out[g * ROWS + r] = half_bits(q->scales[r * q->group_count + g]);
}

static const char *
key(const char *name, const char *item)
{
	static char text[128];

	snprintf(text, sizeof(text), "gptq.%s.%s", name, item);
	return text;
}

static void
check_golden(const char *name, const char *settings, size_t bits)
{
	struct solve solve = { .method = "gptq",
			       .settings = settings,
			       .rows = ROWS,
			       .columns = COLUMNS,
			       .weight = weight,
			       .statistics = &statistics };
	static uint32_t packed[COUNT];
	uint16_t halves[COUNT / 32];
	uint32_t group_of[COLUMNS];
	double mean_diagonal = 0.0, loss, trace;
	struct quantized q;

	assert_ok(solve_run(&q, &solve));
	pack_codes(packed, &q, bits);
	assert_string_equal(sha256_hex(packed, COUNT * bits / 8),
			    golden_sha256(key(name, "qweight")));
	pack_zeros(packed, &q, bits);
	assert_string_equal(sha256_hex(packed, q.group_count * ROWS * bits / 8),
			    golden_sha256(key(name, "qzeros")));
	pack_scales(halves, &q);
	assert_string_equal(sha256_hex(halves, q.scale_count * 2),
			    golden_sha256(key(name, "scales")));
	for (size_t i = 0; i < COLUMNS; i++)
		group_of[i] =
			q.group_of ? q.group_of[i] : (uint32_t)(i / (COLUMNS / q.group_count));
	assert_string_equal(sha256_hex(group_of, sizeof(group_of)),
			    golden_sha256(key(name, "g_idx")));
	for (size_t i = 0; i < COLUMNS; i++)
		mean_diagonal += exact_gram[i * (COLUMNS + 1)] / COLUMNS;
	/* The published loss is tr(D (2 H + damping) D') / (2 tokens). */
	loss = output_error(q.dequantized, 2.0, 2.0 * 0.05 * mean_diagonal) / (2 * GOLDEN_TOKENS);
	trace = output_error(q.dequantized, 2.0, 0.0);
	assert_true(fabs(loss / golden_number(key(name, "loss")) - 1.0) < 1e-5);
	assert_true(fabs(trace / golden_number(key(name, "trace_DHD")) - 1.0) < 1e-5);
	quantized_free(&q);
}

static void
test_gptq__six_recorded_layers_are_reproduced(void **state)
{
	(void)state;
	support_need_data("golden/golden.json");
	fill_statistics();
	check_golden("4b.g128.sym", "bits=4 group_size=128 symmetric=true", 4);
	check_golden("4b.g64.asym", "bits=4 group_size=64", 4);
	check_golden("4b.g128.sym.act", "bits=4 group_size=128 symmetric=true act_order=true", 4);
	check_golden("3b.g128.sym", "bits=3 group_size=128 symmetric=true", 3);
	check_golden("2b.g64.asym", "bits=2 group_size=64", 2);
	check_golden("8b.g128.sym", "bits=8 group_size=128 symmetric=true", 8);
}

static struct solve
setup(const char *settings)
{
	fill_statistics();
	return (struct solve){ .method = "gptq",
			       .settings = settings,
			       .rows = ROWS,
			       .columns = COLUMNS,
			       .weight = weight,
			       .statistics = &statistics };
}

static void
test_gptq__damping_is_raised_until_the_factorization_succeeds(void **state)
{
	struct solve solve = setup("damp=0");
	struct quantized q;

	(void)state;
	assert_ok(solve_run(&q, &solve));
	assert_string_equal(q.note, "");
	quantized_free(&q);
	/* One direction alone: rank 1, so that nothing but damping makes it definite. */
	for (size_t i = 0; i < COLUMNS * COLUMNS; i++)
		gram[i] = 1.0f;
	assert_ok(solve_run(&q, &solve));
	assert_true(support_contains(q.note, "damp raised from 0 to 0.01"));
	assert_true(kernels_current()->finite(q.dequantized, COUNT));
	quantized_free(&q);
	/* Not the Gram matrix of anything. */
	for (size_t i = 0; i < COLUMNS; i++)
		for (size_t j = 0; j < COLUMNS; j++)
			gram[i * COLUMNS + j] = i == j ? 1.0f : -1.0f;
	assert_err(ERR_RANGE, "not positive definite even with damp 1", solve_run(&q, &solve));
}

static void
test_gptq__dead_channels_become_zero_and_owe_nothing(void **state)
{
	struct solve solve = setup("group_size=64");
	struct quantized q;
	size_t unused = 0;

	(void)state;
	for (size_t i = 0; i < COLUMNS; i++)
		gram[5 * COLUMNS + i] = gram[i * COLUMNS + 5] = 0.0f;
	assert_ok(solve_run(&q, &solve));
	for (size_t r = 0; r < ROWS; r++) {
		assert_true(q.dequantized[r * COLUMNS + 5] == 0.0f);
		unused += q.dequantized[r * COLUMNS + 6] == 0.0f;
	}
	assert_true(unused < ROWS / 2);
	quantized_free(&q);
}

static void
test_gptq__a_white_input_leaves_nothing_to_make_up_for(void **state)
{
	struct solve solve = setup("group_size=64"), rounded = solve;
	struct quantized q, r;

	(void)state;
	for (size_t i = 0; i < COLUMNS; i++)
		for (size_t j = 0; j < COLUMNS; j++)
			gram[i * COLUMNS + j] = i == j ? 3.0f : 0.0f;
	rounded.method = "rtn";
	assert_ok(solve_run(&q, &solve));
	assert_ok(solve_run(&r, &rounded));
	assert_memory_equal(q.codes, r.codes, COUNT);
	assert_memory_equal(q.dequantized, r.dequantized, COUNT * sizeof(float));
	quantized_free(&q);
	quantized_free(&r);
}

static void
test_gptq__groups_that_follow_the_order_are_stored_and_counted(void **state)
{
	struct solve solve = setup("group_size=64 act_order=true");
	struct quantized q;
	size_t count[4] = { 0 };

	(void)state;
	assert_ok(solve_run(&q, &solve));
	assert_non_null(q.group_of);
	for (size_t i = 0; i < COLUMNS; i++)
		count[q.group_of[i]]++;
	for (size_t g = 0; g < 4; g++)
		assert_int_equal(count[g], 64);
	assert_true(q.part_bits[PART_OTHER] == 32 * COLUMNS);
	for (size_t r = 0; r < ROWS; r++)
		for (size_t c = 0; c < COLUMNS; c++) {
			size_t at = r * 4 + q.group_of[c];

			assert_true(q.dequantized[r * COLUMNS + c] ==
				    ((float)q.codes[r * COLUMNS + c] - q.zero_points[at]) *
					    q.scales[at]);
		}
	quantized_free(&q);
	solve.settings = "group_size=64 act_order=true static_groups=true";
	assert_ok(solve_run(&q, &solve));
	assert_null(q.group_of);
	assert_true(q.part_bits[PART_OTHER] == 0);
	quantized_free(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gptq__six_recorded_layers_are_reproduced),
		cmocka_unit_test(test_gptq__damping_is_raised_until_the_factorization_succeeds),
		cmocka_unit_test(test_gptq__dead_channels_become_zero_and_owe_nothing),
		cmocka_unit_test(test_gptq__a_white_input_leaves_nothing_to_make_up_for),
		cmocka_unit_test(test_gptq__groups_that_follow_the_order_are_stored_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
