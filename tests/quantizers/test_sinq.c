/* sinq against sinq's own codes, errors and bytes (tests/peers/make_sinq_fixtures.py), and what the
 * factors are for. */
#include "quantizers/sinkhorn.h"
#include "quantizers/sinq.h"
#include "support/support.h"

#include "core/buf.h"
#include "support/golden.h"
#include "support/solve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static FILE *
fixture(const char *name)
{
	FILE *file = fopen(support_source(name), "rb");

	assert_non_null(file);
	return file;
}

static double
weight_error(const float *weight, const struct quantized *q)
{
	const struct kernels *kernels = kernels_current();
	size_t count = q->rows * q->columns;

	return kernels->sq_error(weight, q->dequantized, count) / kernels->sq_sum(weight, count);
}

/* Columns that are unlike, and then rows. */
static float *
make_weight(size_t rows, size_t columns)
{
	float *weight = buf_alloc(rows * columns, sizeof(*weight));

	assert_non_null(weight);
	golden_values(weight, rows * columns, 12345, 1.0f);
	for (size_t i = 0; i < rows * columns; i++) {
		weight[i] *= (float)(i % columns % 5 + 2) / 4.0f;
		weight[i] *= (float)(i / columns % 3 + 2) / 4.0f;
	}
	return weight;
}

static void
check_case(const char *line, FILE *codes)
{
	struct solve solve = { .method = "sinq" };
	size_t count, equal = 0;
	double bytes, expected, error;
	struct quantized q;
	uint8_t *peer;
	float *weight;
	int at;

	assert_int_equal(sscanf(line, "%zu %zu %lf %lf %n", &solve.rows, &solve.columns, &bytes,
				&expected, &at),
			 4);
	count = solve.rows * solve.columns;
	solve.settings = line + at;
	solve.weight = weight = make_weight(solve.rows, solve.columns);
	peer = buf_alloc(count, 1);
	assert_non_null(peer);
	assert_int_equal(fread(peer, 1, count, codes), count);
	assert_ok(solve_run(&q, &solve));
	for (size_t i = 0; i < count; i++)
		equal += q.codes[i] == peer[i];
	error = weight_error(weight, &q);
	if ((double)equal < 0.999 * (double)count || fabs(error / expected - 1.0) > 1e-3)
		fail_msg("%s: %zu of %zu codes, error %.9g", line, equal, count, error);
	if (quantized_bits(&q) != 8.0 * bytes)
		fail_msg("%s: %g bits", line, quantized_bits(&q));
	quantized_free(&q);
	buf_free(peer);
	buf_free(weight);
}

static void
test_sinq__codes_errors_and_bytes_equal_the_reference(void **state)
{
	FILE *lines = fixture("tests/quantizers/fixtures/sinq.txt");
	FILE *codes = fixture("tests/quantizers/fixtures/sinq.bin");
	char line[256];

	(void)state;
	while (fgets(line, sizeof(line), lines)) {
		line[strcspn(line, "\n")] = '\0';
		check_case(line, codes);
	}
	fclose(lines);
	fclose(codes);
}

/* Magnitudes that are products of one of the row and one of the column, 32 apart. The steps of both
 * sides are taken at once, so that they end before all are equal. */
static void
test_sinq__factors_of_rows_and_columns_are_found(void **state)
{
	enum { ROWS = 40, COLUMNS = 24 };
	float x[ROWS * COLUMNS], row[ROWS], column[COLUMNS];
	struct sinkhorn_part parts[2] = { { x, 15 }, { x + 15 * COLUMNS, ROWS - 15 } };
	struct sinkhorn sinkhorn = { parts, 2, COLUMNS, 50, kernels_current(), NULL };
	double least = INFINITY, most = 0.0;

	(void)state;
	for (size_t i = 0; i < ROWS * COLUMNS; i++) {
		float sign = (i / COLUMNS + i) % 2 ? 0.125f : -0.125f;

		x[i] = sign * exp2f((float)(i / COLUMNS % 4) + (float)(i % COLUMNS % 3));
	}
	assert_ok(sinkhorn_solve(row, column, &sinkhorn));
	for (size_t i = 0; i < ROWS * COLUMNS; i++) {
		double t = (double)fabsf(x[i] / row[i / COLUMNS] / column[i % COLUMNS]);

		least = fmin(least, t);
		most = fmax(most, t);
	}
	if (!(most / least < 2.5))
		fail_msg("from %g to %g", least, most);
}

static void
test_sinq__tiles_are_halved_until_they_fit(void **state)
{
	(void)state;
	assert_int_equal(sinkhorn_width(64, 128), 64);
	assert_int_equal(sinkhorn_width(64, 96), 32);
	assert_int_equal(sinkhorn_width(128, 176), 16);
	assert_int_equal(sinkhorn_width(64, 100), 0);
	assert_int_equal(sinkhorn_width(100, 100), 100);
	assert_int_equal(sinkhorn_width(12, 24), 12);
}

static void
test_sinq__what_cannot_be_is_refused_and_what_was_done_is_said(void **state)
{
	float *weight = make_weight(32, 96);
	struct solve solve = { .method = "sinq", .rows = 32, .columns = 96, .weight = weight };
	struct quantized q;

	(void)state;
	solve.settings = "group_size=36";
	assert_err(ERR_RANGE, "36 does not divide 96 columns; use 32 or 48", solve_run(&q, &solve));
	solve.settings = "group_size=48 tiling=2d";
	assert_err(ERR_RANGE, "tiling: 32 rows are no whole number of tiles of 48",
		   solve_run(&q, &solve));
	solve.settings = "kurtosis=1.5";
	assert_ok(solve_run(&q, &solve));
	assert_string_equal(q.note, "tiles of 32 columns; not normalised: its kurtosis of 4.9 is "
				    "above 1.5");
	quantized_free(&q);
	weight[7] = 20000.0f;
	solve.settings = "";
	assert_err(ERR_RANGE, "a weight of 20000 is too large", solve_run(&q, &solve));
	solve.settings = "scale_dtype=f32";
	assert_ok(solve_run(&q, &solve));
	quantized_free(&q);
	buf_free(weight);
}

/* Far beyond the steps of 16-bit floats: what comes out is bad, but it is finite. */
static void
test_sinq__ranges_far_from_zero_stay_finite(void **state)
{
	static float weight[8 * 32];
	struct solve solve = { .method = "sinq", .rows = 8, .columns = 32, .weight = weight };
	static const char *const settings[] = { "", "scale_dtype=f32", "quant_aux=false" };
	struct quantized q;

	(void)state;
	for (size_t i = 0; i < 8 * 32; i++)
		weight[i] = i % 32 ? 1e4f : (float)(i / 32);
	for (size_t s = 0; s < 3; s++) {
		solve.settings = settings[s];
		assert_ok(solve_run(&q, &solve));
		assert_true(kernels_current()->finite(q.dequantized, 8 * 32));
		quantized_free(&q);
	}
	for (size_t i = 0; i < 8 * 32; i++)
		weight[i] = i / 32 % 2 ? 1e36f : -1e36f;
	solve.settings = "scale_dtype=f32 bits=8";
	assert_ok(solve_run(&q, &solve));
	assert_true(kernels_current()->finite(q.dequantized, 8 * 32));
	quantized_free(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sinq__codes_errors_and_bytes_equal_the_reference),
		cmocka_unit_test(test_sinq__factors_of_rows_and_columns_are_found),
		cmocka_unit_test(test_sinq__tiles_are_halved_until_they_fit),
		cmocka_unit_test(test_sinq__what_cannot_be_is_refused_and_what_was_done_is_said),
		cmocka_unit_test(test_sinq__ranges_far_from_zero_stay_finite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
