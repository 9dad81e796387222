/* labels: threads
 * How every method on the list must behave, none of them named: on any threads, when it is
 * cancelled, when memory is out, when it is given what it cannot use. */
#include "support/support.h"

#include "support/method_bench.h"

#include "core/buf.h"

#include <math.h>
#include <string.h>

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

static void
threads_test(const struct quantizer *method)
{
	struct quantized alone[METHOD_BENCH_LAYERS], q[METHOD_BENCH_LAYERS];
	struct method_bench b;

	method_bench_open(&b, method, 530, 160);
	assert_ok(method_bench_run(&b, alone));
	for (int threads = 1; threads <= 5; threads += 2) {
		assert_ok(pool_create(&b.work.pool, threads));
		assert_ok(method_bench_run(&b, q));
		for (size_t i = 0; i < b.count; i++)
			assert_same(&alone[i], &q[i]);
		method_bench_free(&b, q);
		pool_free(b.work.pool);
	}
	method_bench_free(&b, alone);
	method_bench_close(&b);
}

static void
test_quantizers__threads_do_not_change_a_bit(void **state)
{
	(void)state;
	method_bench_each(threads_test);
}

struct seen {
	const struct method_bench *bench;
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
	struct quantized q[METHOD_BENCH_LAYERS];
	struct method_bench b;
	struct seen seen = { .bench = &b };
	atomic_uint_fast64_t done = 0, total = 0;
	size_t weights = 0;

	method_bench_open(&b, method, 300, 160);
	for (size_t i = 0; i < b.count; i++)
		weights += b.layers[i].rows * 160;
	b.work = (struct work){
		.done = &done, .total = &total, .publish = see, .publish_ctx = &seen
	};
	assert_ok(method_bench_run(&b, q));
	assert_true(total > 0 && done == total);
	assert_int_equal(seen.weights, weights);
	method_bench_free(&b, q);
	method_bench_close(&b);
}

static void
test_quantizers__progress_ends_at_its_total_and_tiles_cover_all(void **state)
{
	(void)state;
	method_bench_each(progress_test);
}

static void
cancel_test(const struct quantizer *method)
{
	struct quantized q[METHOD_BENCH_LAYERS];
	atomic_bool cancel = true;
	struct method_bench b;
	struct seen seen = { .bench = &b, .cancel = &cancel };

	method_bench_open(&b, method, 2000, 160);
	b.work = (struct work){ .cancel = &cancel, .publish = see, .publish_ctx = &seen };
	assert_err(ERR_CANCELLED, "cancelled", method_bench_run(&b, q));
	assert_null(q[0].codes);
	cancel = false;
	assert_err(ERR_CANCELLED, "cancelled", method_bench_run(&b, q));
	assert_null(q[0].codes);
	method_bench_close(&b);
}

static void
test_quantizers__a_cancel_leaves_nothing_behind(void **state)
{
	(void)state;
	method_bench_each(cancel_test);
}

static void
memory_test(const struct quantizer *method)
{
	struct quantized q[METHOD_BENCH_LAYERS];
	enum err code = ERR_NOMEM;
	unsigned long n = 1;
	struct method_bench b;

	method_bench_open(&b, method, 20, 96);
	for (; code; n++) {
		buf_fail_at(n, 0);
		code = method_bench_run(&b, q);
		buf_fail_at(0, 0);
		assert_true(code == OK || code == ERR_NOMEM);
		assert_true(n < 200 && (!code || !q[0].codes));
	}
	assert_true(n > 3);
	method_bench_free(&b, q);
	method_bench_close(&b);
}

static void
test_quantizers__each_failed_allocation_is_survived(void **state)
{
	(void)state;
	method_bench_each(memory_test);
}

static void
refusal_test(const struct quantizer *method)
{
	struct quantized q[METHOD_BENCH_LAYERS];
	struct method_bench b;

	method_bench_open(&b, method, 20, 96);
	method_bench_weight(&b, 0)[3 * 96 + 5] = NAN;
	assert_err(ERR_RANGE, "layers.0.attn.v: weight at row 3, column 5 is nan",
		   method_bench_run(&b, q));
	method_bench_weight(&b, 0)[3 * 96 + 5] = 1e38f;
	assert_err(ERR_RANGE, "row 3, column 5 is 1e+38", method_bench_run(&b, q));
	method_bench_weight(&b, 0)[3 * 96 + 5] = 0.0f;
	b.layers[0].rows = 0;
	assert_err(ERR_RANGE, "0 x 96", method_bench_run(&b, q));
	b.layers[0].rows = 20;
	if (method->needs) {
		b.layers[0].statistics = NULL;
		b.layers[1].statistics = NULL;
		assert_err(ERR_USAGE, "name a calibration text", method_bench_run(&b, q));
		b.layers[0].statistics = b.layers[1].statistics = b.statistics;
		b.statistics->gram[7 * 96 + 2] = INFINITY;
		assert_err(ERR_RANGE, "Gram matrix at row 7, column 2 is inf",
			   method_bench_run(&b, q));
	}
	b.params.v[0] = -77.0;
	if (method->params[0].name)
		assert_err(ERR_RANGE, method->params[0].name, method_bench_run(&b, q));
	method_bench_close(&b);
}

static void
test_quantizers__what_no_method_can_use_is_refused_by_name(void **state)
{
	(void)state;
	method_bench_each(refusal_test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantizers__threads_do_not_change_a_bit),
		cmocka_unit_test(test_quantizers__progress_ends_at_its_total_and_tiles_cover_all),
		cmocka_unit_test(test_quantizers__a_cancel_leaves_nothing_behind),
		cmocka_unit_test(test_quantizers__each_failed_allocation_is_survived),
		cmocka_unit_test(test_quantizers__what_no_method_can_use_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
