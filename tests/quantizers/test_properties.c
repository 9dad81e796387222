/* labels: threads
 * What must hold of every method on the list, none of them named. */
#include "support/support.h"

#include "core/buf.h"
#include "support/golden.h"
#include "support/solve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS_MAX = 2 };

/* A scope of layers to quantize again and again. */
struct bench {
	const struct quantizer *method;
	struct param_values params;
	struct quant_layer layers[LAYERS_MAX];
	size_t count;
	struct statistics *statistics;
	struct work work;
};

static void
bench_open(struct bench *b, const struct quantizer *method, size_t rows, size_t columns)
{
	int group;

	*b = (struct bench){ .method = method,
			     .count = method->scope == SCOPE_INPUT_GROUP ? LAYERS_MAX : 1 };
	param_defaults(&b->params, method->params);
	group = param_find(method->params, "group_size");
	if (group >= 0)
		b->params.v[group] = columns % 32 ? -1 : 32;
	if (method->needs)
		b->statistics = golden_statistics(columns);
	for (uint32_t i = 0; i < b->count; i++) {
		size_t layer_rows = i ? rows + 3 : rows;
		float *weight = buf_alloc(layer_rows * columns, sizeof(*weight));

		assert_non_null(weight);
		golden_values(weight, layer_rows * columns, i + 5, 1.0f);
		b->layers[i] =
			(struct quant_layer){ .name = i ? "layers.0.mlp.up" : "layers.0.attn.v",
					      .rows = layer_rows,
					      .columns = columns,
					      .weight = weight,
					      .statistics = b->statistics,
					      .foldable = true };
	}
}

static float *
bench_weight(const struct bench *b, size_t layer)
{
	return (float *)(uintptr_t)b->layers[layer].weight;
}

static void
bench_close(struct bench *b)
{
	for (size_t i = 0; i < b->count; i++)
		buf_free(bench_weight(b, i));
	if (b->statistics)
		golden_free(b->statistics);
}

static enum err
bench_run(const struct bench *b, struct quantized *out)
{
	struct quant_task task = { .kernels = kernels_current(),
				   .quantizer = b->method,
				   .params = &b->params,
				   .layers = b->layers,
				   .layer_count = b->count,
				   .work = &b->work };

	return quantizer_solve(out, &task);
}

static void
free_all(const struct bench *b, struct quantized *q)
{
	for (size_t i = 0; i < b->count; i++)
		quantized_free(&q[i]);
}

static void
assert_same(const struct quantized *a, const struct quantized *b)
{
	size_t count = a->rows * a->columns;

	assert_memory_equal(a->codes, b->codes, count);
	assert_memory_equal(a->dequantized, b->dequantized, count * sizeof(float));
	assert_int_equal(a->scale_count, b->scale_count);
	assert_memory_equal(a->scales, b->scales, a->scale_count * sizeof(float));
	if (a->zero_points)
		assert_memory_equal(a->zero_points, b->zero_points, a->scale_count * sizeof(float));
	assert_int_equal(a->clipped, b->clipped);
	assert_memory_equal(a->part_bits, b->part_bits, sizeof(a->part_bits));
}

/* Run `test` on every method. */
static void
each(void (*test)(const struct quantizer *method))
{
	for (const struct quantizer *const *q = quantizers; *q; q++)
		test(*q);
}

static void
threads_test(const struct quantizer *method)
{
	struct quantized alone[LAYERS_MAX], q[LAYERS_MAX];
	struct bench b;

	bench_open(&b, method, 530, 160);
	assert_ok(bench_run(&b, alone));
	for (int threads = 1; threads <= 5; threads += 2) {
		assert_ok(pool_create(&b.work.pool, threads));
		assert_ok(bench_run(&b, q));
		for (size_t i = 0; i < b.count; i++)
			assert_same(&alone[i], &q[i]);
		free_all(&b, q);
		pool_free(b.work.pool);
	}
	free_all(&b, alone);
	bench_close(&b);
}

static void
test_quantizers__threads_do_not_change_a_bit(void **state)
{
	(void)state;
	each(threads_test);
}

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
	struct quantized q[LAYERS_MAX];
	struct bench b;

	bench_open(&b, method, 7, 96);
	assert_ok(bench_run(&b, q));
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
	free_all(&b, q);
	bench_close(&b);
}

static void
test_quantizers__every_part_is_counted(void **state)
{
	(void)state;
	each(bits_test);
}

static void
shapes_test(const struct quantizer *method)
{
	static const size_t columns[] = { 1,   2,   3,   5,   31,  32,   33,   127,  128, 129,
					  172, 255, 256, 257, 384, 1000, 4096, 8999, 9000 };
	static const size_t rows[] = { 1, 2, 67 };

	for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++)
		for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
			struct quantized q[LAYERS_MAX];
			struct bench b;

			if ((method->needs & NEED_GRAM) && columns[c] > 300)
				continue;
			bench_open(&b, method, rows[r], columns[c]);
			assert_ok(bench_run(&b, q));
			for (size_t i = 0; i < b.count; i++)
				assert_true(kernels_current()->finite(q[i].dequantized,
								      q[i].rows * q[i].columns));
			free_all(&b, q);
			bench_close(&b);
		}
}

static void
test_quantizers__any_shape_is_quantized(void **state)
{
	(void)state;
	each(shapes_test);
}

/* Zero rows, a constant row, a constant matrix; dead channels come with the statistics. */
static void
constants_test(const struct quantizer *method)
{
	struct quantized q[LAYERS_MAX];
	struct bench b;
	float *weight;

	bench_open(&b, method, 6, 64);
	weight = bench_weight(&b, 0);
	memset(weight, 0, 2 * 64 * sizeof(*weight));
	for (size_t i = 2 * 64; i < 3 * 64; i++)
		weight[i] = 0.25f;
	assert_ok(bench_run(&b, q));
	for (size_t i = 0; i < 2 * 64; i++)
		assert_true(q[0].dequantized[i] == 0.0f);
	assert_true(kernels_current()->finite(q[0].dequantized, 6 * 64));
	free_all(&b, q);
	for (size_t i = 0; i < b.count; i++)
		memset(bench_weight(&b, i), 0, b.layers[i].rows * 64 * sizeof(float));
	assert_ok(bench_run(&b, q));
	for (size_t i = 0; i < 6 * 64; i++)
		assert_true(q[0].dequantized[i] == 0.0f);
	free_all(&b, q);
	bench_close(&b);
}

static void
test_quantizers__zeros_stay_zeros_and_constants_are_finite(void **state)
{
	(void)state;
	each(constants_test);
}

static double
relative_error(const struct bench *b, const struct quantized *q)
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
	struct bench b;

	if (at < 0)
		return;
	bench_open(&b, method, 64, 128);
	for (int bits = 2; bits <= 8; bits++) {
		struct quantized q[LAYERS_MAX];
		double error;

		if (param_check(&method->params[at], bits))
			continue;
		b.params.v[at] = bits;
		assert_ok(bench_run(&b, q));
		error = relative_error(&b, &q[0]);
		if (!(error < before))
			fail_msg("%s: %d bits: %g, not below %g", method->name, bits, error,
				 before);
		before = error;
		free_all(&b, q);
	}
	bench_close(&b);
}

static void
test_quantizers__more_bits_mean_less_error(void **state)
{
	(void)state;
	each(monotone_test);
}

/* What is on the grid already loses little more. */
static void
again_test(const struct quantizer *method)
{
	struct quantized once[LAYERS_MAX], twice[LAYERS_MAX];
	double first, second;
	struct bench b;

	bench_open(&b, method, 64, 128);
	assert_ok(bench_run(&b, once));
	first = relative_error(&b, &once[0]);
	for (size_t i = 0; i < b.count; i++)
		memcpy(bench_weight(&b, i), once[i].dequantized,
		       b.layers[i].rows * 128 * sizeof(float));
	assert_ok(bench_run(&b, twice));
	second = relative_error(&b, &twice[0]);
	if (!(second <= first))
		fail_msg("%s: %g again after %g", method->name, second, first);
	free_all(&b, once);
	free_all(&b, twice);
	bench_close(&b);
}

static void
test_quantizers__quantizing_again_loses_no_more_than_once(void **state)
{
	(void)state;
	each(again_test);
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
		struct quantized plain[LAYERS_MAX], scaled[LAYERS_MAX];
		double error;
		struct bench b;

		bench_open(&b, method, 20, 128);
		assert_ok(bench_run(&b, plain));
		error = relative_error(&b, &plain[0]);
		for (size_t l = 0; l < b.count; l++)
			for (size_t i = 0; i < b.layers[l].rows * 128; i++)
				bench_weight(&b, l)[i] = ldexpf(bench_weight(&b, l)[i], power);
		assert_ok(bench_run(&b, scaled));
		if ((method->needs & NEED_CHANNELS) || method->absolute)
			assert_true(fabs(relative_error(&b, &scaled[0]) / error - 1.0) < 0.02);
		else
			assert_nearly_same(method, plain[0].codes, scaled[0].codes, 20 * 128);
		free_all(&b, plain);
		free_all(&b, scaled);
		bench_close(&b);
	}
}

static void
test_quantizers__scaling_by_powers_of_two_changes_nothing(void **state)
{
	(void)state;
	each(scaling_test);
}

/* Every value that one parameter can take, the others at their defaults. */
static void
values_test(const struct quantizer *method)
{
	struct bench b;

	bench_open(&b, method, 20, 96);
	for (size_t p = 0; method->params[p].name; p++) {
		const struct param *param = &method->params[p];
		double kept = b.params.v[p], value = param->min;

		if (param->type == PARAM_BOOL || param->type == PARAM_CHOICE)
			value = 0.0;
		if (param->values)
			value = param->values[0];
		for (int step = 0; step < 40; step++) {
			struct quantized q[LAYERS_MAX];
			enum err code;

			b.params.v[p] = value;
			code = bench_run(&b, q);
			if (code &&
			    (code != ERR_RANGE || !support_contains(err_line(), param->name)))
				fail_msg("%s %s = %g: %s", method->name, param->name, value,
					 err_line());
			free_all(&b, q);
			if (value == param_step(param, value, 1))
				break;
			value = param_step(param, value, 1);
		}
		b.params.v[p] = kept;
	}
	bench_close(&b);
}

static void
test_quantizers__every_value_of_every_parameter_runs_or_says_why_not(void **state)
{
	(void)state;
	each(values_test);
}

struct seen {
	const struct bench *bench;
	atomic_uint_fast64_t weights;
	atomic_bool *cancel;
};

static void
see(void *ctx, const struct tile *tile)
{
	struct seen *seen = ctx;

	atomic_fetch_add(&seen->weights, tile->rows * tile->columns);
	assert_true(tile->layer < seen->bench->count);
	assert_true(tile->row + tile->rows <= seen->bench->layers[tile->layer].rows);
	assert_true(isfinite(tile->values[0]));
	if (seen->cancel)
		atomic_store(seen->cancel, true);
}

static void
progress_test(const struct quantizer *method)
{
	struct quantized q[LAYERS_MAX];
	struct bench b;
	struct seen seen = { .bench = &b };
	atomic_uint_fast64_t done = 0, total = 0;
	size_t weights = 0;

	bench_open(&b, method, 300, 160);
	for (size_t i = 0; i < b.count; i++)
		weights += b.layers[i].rows * 160;
	b.work = (struct work){
		.done = &done, .total = &total, .publish = see, .publish_ctx = &seen
	};
	assert_ok(bench_run(&b, q));
	assert_true(total > 0 && done == total);
	assert_int_equal(seen.weights, weights);
	free_all(&b, q);
	bench_close(&b);
}

static void
test_quantizers__progress_ends_at_its_total_and_tiles_cover_all(void **state)
{
	(void)state;
	each(progress_test);
}

static void
cancel_test(const struct quantizer *method)
{
	struct quantized q[LAYERS_MAX];
	atomic_bool cancel = true;
	struct bench b;
	struct seen seen = { .bench = &b, .cancel = &cancel };

	bench_open(&b, method, 2000, 160);
	b.work = (struct work){ .cancel = &cancel, .publish = see, .publish_ctx = &seen };
	assert_err(ERR_CANCELLED, "cancelled", bench_run(&b, q));
	assert_null(q[0].codes);
	cancel = false;
	assert_err(ERR_CANCELLED, "cancelled", bench_run(&b, q));
	assert_null(q[0].codes);
	bench_close(&b);
}

static void
test_quantizers__a_cancel_leaves_nothing_behind(void **state)
{
	(void)state;
	each(cancel_test);
}

static void
memory_test(const struct quantizer *method)
{
	struct quantized q[LAYERS_MAX];
	enum err code = ERR_NOMEM;
	unsigned long n = 1;
	struct bench b;

	bench_open(&b, method, 20, 96);
	for (; code; n++) {
		buf_fail_at(n, 0);
		code = bench_run(&b, q);
		buf_fail_at(0, 0);
		assert_true(code == OK || code == ERR_NOMEM);
		assert_true(n < 200 && (!code || !q[0].codes));
	}
	assert_true(n > 3);
	free_all(&b, q);
	bench_close(&b);
}

static void
test_quantizers__each_failed_allocation_is_survived(void **state)
{
	(void)state;
	each(memory_test);
}

static void
refusal_test(const struct quantizer *method)
{
	struct quantized q[LAYERS_MAX];
	struct bench b;

	bench_open(&b, method, 20, 96);
	bench_weight(&b, 0)[3 * 96 + 5] = NAN;
	assert_err(ERR_RANGE, "layers.0.attn.v: weight at row 3, column 5 is nan",
		   bench_run(&b, q));
	bench_weight(&b, 0)[3 * 96 + 5] = 1e38f;
	assert_err(ERR_RANGE, "row 3, column 5 is 1e+38", bench_run(&b, q));
	bench_weight(&b, 0)[3 * 96 + 5] = 0.0f;
	b.layers[0].rows = 0;
	assert_err(ERR_RANGE, "0 x 96", bench_run(&b, q));
	b.layers[0].rows = 20;
	if (method->needs) {
		b.layers[0].statistics = NULL;
		b.layers[1].statistics = NULL;
		assert_err(ERR_USAGE, "name a calibration text", bench_run(&b, q));
		b.layers[0].statistics = b.layers[1].statistics = b.statistics;
		b.statistics->gram[7 * 96 + 2] = INFINITY;
		assert_err(ERR_RANGE, "Gram matrix at row 7, column 2 is inf", bench_run(&b, q));
	}
	b.params.v[0] = -77.0;
	if (method->params[0].name)
		assert_err(ERR_RANGE, method->params[0].name, bench_run(&b, q));
	bench_close(&b);
}

static void
test_quantizers__what_no_method_can_use_is_refused_by_name(void **state)
{
	(void)state;
	each(refusal_test);
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
	each(facts_test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantizers__threads_do_not_change_a_bit),
		cmocka_unit_test(test_quantizers__every_part_is_counted),
		cmocka_unit_test(test_quantizers__any_shape_is_quantized),
		cmocka_unit_test(test_quantizers__zeros_stay_zeros_and_constants_are_finite),
		cmocka_unit_test(test_quantizers__more_bits_mean_less_error),
		cmocka_unit_test(test_quantizers__quantizing_again_loses_no_more_than_once),
		cmocka_unit_test(test_quantizers__scaling_by_powers_of_two_changes_nothing),
		cmocka_unit_test(
			test_quantizers__every_value_of_every_parameter_runs_or_says_why_not),
		cmocka_unit_test(test_quantizers__progress_ends_at_its_total_and_tiles_cover_all),
		cmocka_unit_test(test_quantizers__a_cancel_leaves_nothing_behind),
		cmocka_unit_test(test_quantizers__each_failed_allocation_is_survived),
		cmocka_unit_test(test_quantizers__what_no_method_can_use_is_refused_by_name),
		cmocka_unit_test(test_quantizers__every_question_of_a_chooser_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
