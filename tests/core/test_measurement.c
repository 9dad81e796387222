/* labels: threads
 * Measurements against their definitions in double, and the same bits on any number of threads. */
#include "core/measurement.h"
#include "support/support.h"

#include "core/buf.h"

#include <math.h>
#include <string.h>

enum { ROWS = 300, COLUMNS = 320, TOKENS = 400, COUNT = ROWS * COLUMNS };

static float weight[COUNT], dequantized[COUNT], gram[COLUMNS * COLUMNS];
static float mean_abs[COLUMNS], mean_sq[COLUMNS];
static struct statistics statistics = {
	.columns = COLUMNS, .tokens = TOKENS, .gram = gram, .mean_abs = mean_abs, .mean_sq = mean_sq
};
static struct measurement_request request = {
	.rows = ROWS, .columns = COLUMNS, .weight = weight, .dequantized = dequantized
};

static void
setup(void)
{
	static float x[TOKENS * COLUMNS];
	uint64_t seed = 3;

	for (size_t i = 0; i < COUNT; i++) {
		weight[i] = support_normal(&seed) * 0.02f;
		dequantized[i] = rintf(weight[i] * 100.0f) / 100.0f;
	}
	for (size_t i = 0; i < TOKENS * COLUMNS; i++)
		x[i] = support_normal(&seed) * (i % COLUMNS < 5 ? 8.0f : 1.0f);
	memset(gram, 0, sizeof(gram));
	memset(mean_abs, 0, sizeof(mean_abs));
	for (size_t t = 0; t < TOKENS; t++)
		for (size_t i = 0; i < COLUMNS; i++) {
			mean_abs[i] += fabsf(x[t * COLUMNS + i]) / TOKENS;
			for (size_t j = 0; j < COLUMNS; j++)
				gram[i * COLUMNS + j] +=
					x[t * COLUMNS + i] * x[t * COLUMNS + j] / TOKENS;
		}
	for (size_t i = 0; i < COLUMNS; i++)
		mean_sq[i] = gram[i * (COLUMNS + 1)];
	request.statistics = &statistics;
}

static double
trace(const double *d)
{
	double sum = 0.0;

	for (size_t r = 0; r < ROWS; r++)
		for (size_t i = 0; i < COLUMNS; i++)
			for (size_t j = 0; j < COLUMNS; j++)
				sum += d[r * COLUMNS + i] * (double)gram[i * COLUMNS + j] *
				       d[r * COLUMNS + j];
	return sum;
}

static void
assert_near(double value, double expected, double relative)
{
	if (!(fabs(value - expected) <= relative * fabs(expected)))
		fail_msg("%.17g is not %.17g", value, expected);
}

static void
test_measurement__every_figure_follows_its_definition(void **state)
{
	static double d[COUNT], w[COUNT], channel[COLUMNS];
	double error = 0.0, signal = 0.0, most = 0.0, diagonal = 0.0, diagonal_signal = 0.0;
	struct measurement *m;

	(void)state;
	setup();
	request.clipped = 7;
	assert_ok(measurement_run(&m, &request, NULL));
	memset(channel, 0, sizeof(channel));
	for (size_t i = 0; i < COUNT; i++) {
		w[i] = (double)weight[i];
		d[i] = (double)(weight[i] - dequantized[i]);
		error += d[i] * d[i];
		signal += w[i] * w[i];
		most = fmax(most, fabs(d[i]));
		channel[i % COLUMNS] += d[i] * d[i];
		diagonal += d[i] * d[i] * (double)mean_sq[i % COLUMNS];
		diagonal_signal += w[i] * w[i] * (double)mean_sq[i % COLUMNS];
	}
	assert_near(m->mse, error / COUNT, 1e-12);
	assert_near(m->relative, error / signal, 1e-12);
	assert_near(m->sqnr_db, 10.0 * log10(signal / error), 1e-12);
	assert_true(m->max_abs == most && m->clipped == 7 && m->salient_k == 16);
	assert_true(m->has_output);
	assert_near(m->output.per_token, trace(d), 1e-5);
	assert_near(m->output.relative, trace(d) / trace(w), 1e-5);
	assert_near(m->output.diagonal_relative, diagonal / diagonal_signal, 1e-6);
	for (size_t c = 0; c < COLUMNS; c++) {
		const float *got = m->channels + c * CHANNEL_COUNT;

		assert_true(got[CHANNEL_MEAN_ABS] == mean_abs[c]);
		assert_near((double)got[CHANNEL_WEIGHT_ERROR], channel[c], 1e-6);
		assert_near((double)got[CHANNEL_DAMAGE], channel[c] * (double)mean_sq[c], 1e-6);
	}
	measurement_free(m);
}

static void
test_measurement__threads_do_not_change_a_bit(void **state)
{
	struct measurement *alone;

	(void)state;
	setup();
	assert_ok(measurement_run(&alone, &request, NULL));
	for (int threads = 2; threads <= 5; threads++) {
		struct work work = { 0 };
		struct measurement *m;

		assert_ok(pool_create(&work.pool, threads));
		assert_ok(measurement_run(&m, &request, &work));
		assert_memory_equal(&m->histogram, &alone->histogram, sizeof(m->histogram));
		assert_memory_equal(&m->output, &alone->output, sizeof(m->output));
		assert_memory_equal(&m->mse, &alone->mse, 4 * sizeof(double));
		assert_memory_equal(m->channels, alone->channels,
				    COLUMNS * CHANNEL_COUNT * sizeof(float));
		measurement_free(m);
		pool_free(work.pool);
	}
	measurement_free(alone);
}

static void
test_measurement__a_known_signal_is_not_computed_again(void **state)
{
	struct measurement *first, *second;

	(void)state;
	setup();
	assert_ok(measurement_run(&first, &request, NULL));
	request.output_signal = first->output.signal;
	assert_ok(measurement_run(&second, &request, NULL));
	assert_memory_equal(&first->output, &second->output, sizeof(first->output));
	request.output_signal = 0.0;
	measurement_free(first);
	measurement_free(second);
}

static void
test_measurement__every_error_is_counted_in_its_bin(void **state)
{
	static const float values[] = { -1.0f,     -1.0001f,  1.0f,  0.9999f,   0.0f, -0.0f,
					-0.00001f, 0.000489f, 1e30f, -INFINITY, NAN,  0x1p-149f };
	struct histogram h;
	uint64_t sum = 0;

	(void)state;
	histogram_start(&h, -1.0, 1.0);
	histogram_add(&h, values, NULL, sizeof(values) / sizeof(values[0]));
	assert_int_equal(h.below, 1);
	assert_int_equal(h.above, 2);
	assert_int_equal(h.nonfinite, 2);
	assert_int_equal(h.counts[0], 1);
	assert_int_equal(h.counts[HISTOGRAM_BINS - 1], 1);
	assert_int_equal(h.counts[HISTOGRAM_BINS / 2], 3);
	assert_int_equal(h.counts[HISTOGRAM_BINS / 2 + 1], 1);
	assert_int_equal(h.counts[HISTOGRAM_BINS / 2 - 1], 1);
	for (size_t i = 0; i < HISTOGRAM_BINS; i++)
		sum += h.counts[i];
	assert_int_equal(sum + h.below + h.above + h.nonfinite, h.count);
}

static void
test_measurement__the_range_depends_on_weights_alone(void **state)
{
	struct measurement *fine, *coarse;

	(void)state;
	setup();
	request.statistics = NULL;
	assert_ok(measurement_run(&fine, &request, NULL));
	for (size_t i = 0; i < COUNT; i++)
		dequantized[i] = 0.0f;
	assert_ok(measurement_run(&coarse, &request, NULL));
	assert_true(fine->histogram.high == coarse->histogram.high);
	assert_true(fine->histogram.high == 0x1p-5 && !fine->has_output);
	assert_true(coarse->relative == 1.0);
	measurement_free(fine);
	measurement_free(coarse);
}

static void
test_measurement__no_error_is_zero_and_infinite_sqnr(void **state)
{
	struct measurement *m;

	(void)state;
	setup();
	memcpy(dequantized, weight, sizeof(weight));
	assert_ok(measurement_run(&m, &request, NULL));
	assert_true(m->relative == 0.0 && m->output.relative == 0.0 && isinf(m->sqnr_db));
	measurement_free(m);
	memset(weight, 0, sizeof(weight));
	memset(dequantized, 0, sizeof(weight));
	assert_ok(measurement_run(&m, &request, NULL));
	assert_true(m->relative == 0.0 && m->output.relative == 0.0 && m->histogram.high == 1.0);
	measurement_free(m);
}

static void
test_measurement__top_channels_come_largest_first_ties_by_index(void **state)
{
	float channels[6][CHANNEL_COUNT] = { { 1 }, { 5 }, { 3 }, { 5 }, { 0 }, { 4 } };
	struct measurement m = { .columns = 6, .channels = channels[0] };
	static const uint32_t expected[] = { 1, 3, 5, 2, 0, 4 };

	(void)state;
	for (size_t k = 1; k <= 6; k++) {
		uint32_t top[6];

		measurement_top(top, &m, CHANNEL_MEAN_ABS, k);
		assert_memory_equal(top, expected, k * sizeof(*top));
	}
}

static void
test_measurement__survives_every_failed_allocation_and_a_cancel(void **state)
{
	atomic_bool cancel = true;
	struct work work = { .cancel = &cancel };
	struct measurement *m;
	enum err code = ERR_NOMEM;

	(void)state;
	setup();
	for (unsigned long n = 1; code; n++) {
		assert_int_equal(code, ERR_NOMEM);
		buf_fail_at(n, 0);
		code = measurement_run(&m, &request, NULL);
		assert_true(n < 100);
	}
	buf_fail_at(0, 0);
	measurement_free(m);
	assert_err(ERR_CANCELLED, "cancelled", measurement_run(&m, &request, &work));
	assert_null(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_measurement__every_figure_follows_its_definition),
		cmocka_unit_test(test_measurement__threads_do_not_change_a_bit),
		cmocka_unit_test(test_measurement__a_known_signal_is_not_computed_again),
		cmocka_unit_test(test_measurement__every_error_is_counted_in_its_bin),
		cmocka_unit_test(test_measurement__the_range_depends_on_weights_alone),
		cmocka_unit_test(test_measurement__no_error_is_zero_and_infinite_sqnr),
		cmocka_unit_test(test_measurement__top_channels_come_largest_first_ties_by_index),
		cmocka_unit_test(test_measurement__survives_every_failed_allocation_and_a_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
