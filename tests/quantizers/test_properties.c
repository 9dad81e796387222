/* labels: threads
 * What must hold of the results of every method on the list, none of them named. */
#include "support/support.h"

#include "support/method_bench.h"

#include "support/solve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bits below which no code for single weights could store these. */
static double
code_entropy(const struct quantized *q)
{
	size_t counts[256] = { 0 }, weights = q->rows * q->columns;
	double bits = 0.0;

	for (size_t i = 0; i < weights; i++)
		counts[q->codes[i]]++;
	for (size_t code = 0; code < 256; code++)
		if (counts[code])
			bits += (double)counts[code] * log2((double)weights / (double)counts[code]);
	return bits;
}

static void
bits_test(const struct quantizer *method)
{
	struct quantized q[METHOD_BENCH_LAYERS];
	struct method_bench b;

	method_bench_open(&b, method, 7, 96);
	assert_ok(method_bench_run(&b, q));
	for (size_t i = 0; i < b.count; i++) {
		double weights = (double)(q[i].rows * q[i].columns), sum = 0.0;

		for (int part = 0; part < PART_COUNT; part++) {
			assert_true(q[i].part_bits[part] >= 0.0);
			sum += q[i].part_bits[part];
		}
		assert_true(sum == quantized_bits(&q[i]));
		assert_true(q[i].part_bits[PART_CODES] >= code_entropy(&q[i]));
		assert_true(sum < 64.0 * weights);
		assert_true(q[i].part_bits[PART_SCALES] > 0.0);
	}
	method_bench_free(&b, q);
	method_bench_close(&b);
}

static void
test_quantizers__every_part_is_counted(void **state)
{
	(void)state;
	method_bench_each(bits_test);
}

static void
shapes_test(const struct quantizer *method)
{
	static const size_t columns[] = { 1,   2,   3,   5,   31,  32,   33,   127,  128, 129,
					  172, 255, 256, 257, 384, 1000, 4096, 8999, 9000 };
	static const size_t rows[] = { 1, 2, 67 };

	for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++)
		for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
			struct quantized q[METHOD_BENCH_LAYERS];
			struct method_bench b;

			if ((method->needs & NEED_GRAM) && columns[c] > 300)
				continue;
			method_bench_open(&b, method, rows[r], columns[c]);
			assert_ok(method_bench_run(&b, q));
			for (size_t i = 0; i < b.count; i++)
				assert_true(kernels_current()->finite(q[i].dequantized,
								      q[i].rows * q[i].columns));
			method_bench_free(&b, q);
			method_bench_close(&b);
		}
}

static void
test_quantizers__any_shape_is_quantized(void **state)
{
	(void)state;
	method_bench_each(shapes_test);
}

/* Zero rows, a constant row, a constant matrix; dead channels come with the statistics. */
static void
constants_test(const struct quantizer *method)
{
	struct quantized q[METHOD_BENCH_LAYERS];
	struct method_bench b;
	float *weight;

	method_bench_open(&b, method, 6, 64);
	weight = method_bench_weight(&b, 0);
	memset(weight, 0, 2 * 64 * sizeof(*weight));
	for (size_t i = 2 * 64; i < 3 * 64; i++)
		weight[i] = 0.25f;
	assert_ok(method_bench_run(&b, q));
	for (size_t i = 0; i < 2 * 64; i++)
		assert_true(q[0].dequantized[i] == 0.0f);
	assert_true(kernels_current()->finite(q[0].dequantized, 6 * 64));
	method_bench_free(&b, q);
	for (size_t i = 0; i < b.count; i++)
		memset(method_bench_weight(&b, i), 0, b.layers[i].rows * 64 * sizeof(float));
	assert_ok(method_bench_run(&b, q));
	for (size_t i = 0; i < 6 * 64; i++)
		assert_true(q[0].dequantized[i] == 0.0f);
	method_bench_free(&b, q);
	method_bench_close(&b);
}

static void
test_quantizers__zeros_stay_zeros_and_constants_are_finite(void **state)
{
	(void)state;
	method_bench_each(constants_test);
}

static double
relative_error(const struct method_bench *b, const struct quantized *q)
{
	struct solve solve = { .rows = q->rows,
			       .columns = q->columns,
			       .weight = b->layers[0].weight,
			       .statistics = b->statistics };
	double error = 0.0, signal = 0.0;

	if (b->statistics)
		return solve_output_error(&solve, q);
	for (size_t i = 0; i < q->rows * q->columns; i++) {
		double w = (double)solve.weight[i], d = w - (double)q->dequantized[i];

		error += d * d;
		signal += w * w;
	}
	return error / signal;
}

static void
monotone_test(const struct quantizer *method)
{
	int at = param_find(method->params, "bits");
	double before = INFINITY;
	struct method_bench b;

	if (at < 0)
		return;
	method_bench_open(&b, method, 64, 128);
	for (int bits = 2; bits <= 8; bits++) {
		struct quantized q[METHOD_BENCH_LAYERS];
		double error;

		if (param_check(&method->params[at], bits))
			continue;
		b.params.v[at] = bits;
		assert_ok(method_bench_run(&b, q));
		error = relative_error(&b, &q[0]);
		if (!(error < before))
			fail_msg("%s: %d bits: %g, not below %g", method->name, bits, error,
				 before);
		before = error;
		method_bench_free(&b, q);
	}
	method_bench_close(&b);
}

static void
test_quantizers__more_bits_mean_less_error(void **state)
{
	(void)state;
	method_bench_each(monotone_test);
}

/* What is on the grid already loses little more. */
static void
again_test(const struct quantizer *method)
{
	struct quantized once[METHOD_BENCH_LAYERS], twice[METHOD_BENCH_LAYERS];
	double first, second;
	struct method_bench b;

	method_bench_open(&b, method, 64, 128);
	assert_ok(method_bench_run(&b, once));
	first = relative_error(&b, &once[0]);
	for (size_t i = 0; i < b.count; i++)
		memcpy(method_bench_weight(&b, i), once[i].dequantized,
		       b.layers[i].rows * 128 * sizeof(float));
	assert_ok(method_bench_run(&b, twice));
	second = relative_error(&b, &twice[0]);
	if (!(second <= first))
		fail_msg("%s: %g again after %g", method->name, second, first);
	method_bench_free(&b, once);
	method_bench_free(&b, twice);
	method_bench_close(&b);
}

static void
test_quantizers__quantizing_again_loses_no_more_than_once(void **state)
{
	(void)state;
	method_bench_each(again_test);
}

/* One step apart, and few: what a method's own float16 rounds at the bottom of its range. */
static void
assert_nearly_same(const struct quantizer *method, const uint8_t *a, const uint8_t *b, size_t count)
{
	size_t moved = 0;

	for (size_t i = 0; i < count; i++) {
		moved += a[i] != b[i];
		if (abs(a[i] - b[i]) > 1)
			fail_msg("%s: code %d became %d", method->name, a[i], b[i]);
	}
	if (moved * 100 > count)
		fail_msg("%s: %zu of %zu codes changed", method->name, moved, count);
}

/* Powers of two scale every step exactly, but for guards against division by zero, which methods
 * that look at activations may have, and constants that a method owns up to: those must not be felt
 * by weights 16 times larger or smaller. */
static void
scaling_test(const struct quantizer *method)
{
	int reach = method->absolute ? 4 : 8;

	for (int power = -reach; power <= reach; power += 4) {
		struct quantized plain[METHOD_BENCH_LAYERS], scaled[METHOD_BENCH_LAYERS];
		double error;
		struct method_bench b;

		method_bench_open(&b, method, 20, 128);
		assert_ok(method_bench_run(&b, plain));
		error = relative_error(&b, &plain[0]);
		for (size_t l = 0; l < b.count; l++)
			for (size_t i = 0; i < b.layers[l].rows * 128; i++)
				method_bench_weight(&b, l)[i] =
					ldexpf(method_bench_weight(&b, l)[i], power);
		assert_ok(method_bench_run(&b, scaled));
		if ((method->needs & NEED_CHANNELS) || method->absolute)
			assert_true(fabs(relative_error(&b, &scaled[0]) / error - 1.0) < 0.02);
		else
			assert_nearly_same(method, plain[0].codes, scaled[0].codes, 20 * 128);
		method_bench_free(&b, plain);
		method_bench_free(&b, scaled);
		method_bench_close(&b);
	}
}

static void
test_quantizers__scaling_by_powers_of_two_changes_nothing(void **state)
{
	(void)state;
	method_bench_each(scaling_test);
}

/* Every value that one parameter can take, the others at their defaults. */
static void
values_test(const struct quantizer *method)
{
	struct method_bench b;

	method_bench_open(&b, method, 20, 96);
	for (size_t p = 0; method->params[p].name; p++) {
		const struct param *param = &method->params[p];
		double kept = b.params.v[p], value = param->min;

		if (param->type == PARAM_BOOL || param->type == PARAM_CHOICE)
			value = 0.0;
		if (param->values)
			value = param->values[0];
		for (int step = 0; step < 40; step++) {
			struct quantized q[METHOD_BENCH_LAYERS];
			enum err code;

			b.params.v[p] = value;
			code = method_bench_run(&b, q);
			if (code &&
			    (code != ERR_RANGE || !support_contains(err_line(), param->name)))
				fail_msg("%s %s = %g: %s", method->name, param->name, value,
					 err_line());
			method_bench_free(&b, q);
			if (value == param_step(param, value, 1))
				break;
			value = param_step(param, value, 1);
		}
		b.params.v[p] = kept;
	}
	method_bench_close(&b);
}

static void
test_quantizers__every_value_of_every_parameter_runs_or_says_why_not(void **state)
{
	(void)state;
	method_bench_each(values_test);
}

/* For choosing: one line each, none left out. */
static void
facts_test(const struct quantizer *method)
{
	for (const struct fact *fact = facts; fact->name; fact++) {
		const char *answer = fact_answer(&method->facts, fact);

		if (!answer || !answer[0] || strlen(answer) > 160 || strchr(answer, '\n'))
			fail_msg("%s: no good answer to \"%s\"", method->name, fact->question);
	}
}

static void
test_quantizers__every_question_of_a_chooser_is_answered(void **state)
{
	(void)state;
	method_bench_each(facts_test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantizers__every_part_is_counted),
		cmocka_unit_test(test_quantizers__any_shape_is_quantized),
		cmocka_unit_test(test_quantizers__zeros_stay_zeros_and_constants_are_finite),
		cmocka_unit_test(test_quantizers__more_bits_mean_less_error),
		cmocka_unit_test(test_quantizers__quantizing_again_loses_no_more_than_once),
		cmocka_unit_test(test_quantizers__scaling_by_powers_of_two_changes_nothing),
		cmocka_unit_test(
			test_quantizers__every_value_of_every_parameter_runs_or_says_why_not),
		cmocka_unit_test(test_quantizers__every_question_of_a_chooser_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
