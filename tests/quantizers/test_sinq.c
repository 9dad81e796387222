/* sinq against sinq's own codes, errors and bytes (tests/peers/make_sinq_fixtures.py), and what the
 * factors are for; pre_sinq likewise. */
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
make_weight(size_t rows, size_t columns, uint32_t seed)
{
	float *weight = buf_alloc(rows * columns, sizeof(*weight));

	assert_non_null(weight);
	golden_values(weight, rows * columns, seed, 1.0f);
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
	solve.weight = weight = make_weight(solve.rows, solve.columns, 12345);
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
	float *weight = make_weight(32, 96, 12345);
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

enum { GROUP = 2 };

struct pre {
	struct quant_layer layers[GROUP];
	struct quantized q[GROUP];
	struct param_values params;
	struct quant_task task;
};

static void
pre_open(struct pre *pre, const size_t rows[GROUP], size_t columns, const char *settings)
{
	static const char *const names[] = { "layers.0.attn.q", "layers.0.attn.v" };

	*pre = (struct pre){ .task = { .kernels = kernels_current(),
				       .quantizer = quantizer_find("pre_sinq"),
				       .params = &pre->params,
				       .layers = pre->layers,
				       .layer_count = GROUP } };
	for (uint32_t l = 0; l < GROUP; l++)
		pre->layers[l] =
			(struct quant_layer){ .name = names[l],
					      .rows = rows[l],
					      .columns = columns,
					      .weight = make_weight(rows[l], columns, l + 1),
					      .foldable = true };
	solve_params(&pre->params, pre->task.quantizer, settings);
}

static float *
pre_weight(struct pre *pre, size_t layer)
{
	return (float *)(uintptr_t)pre->layers[layer].weight;
}

static void
pre_close(struct pre *pre)
{
	for (size_t l = 0; l < GROUP; l++) {
		quantized_free(&pre->q[l]);
		buf_free(pre_weight(pre, l));
	}
}

static void
check_pre_layer(const char *line, const struct pre *pre, size_t l, FILE *file, double expected)
{
	const struct quantized *q = &pre->q[l];
	size_t count = q->rows * q->columns, equal = 0;
	uint8_t *peer = buf_alloc(count, 1);
	double error = weight_error(pre->layers[l].weight, q);

	assert_non_null(peer);
	assert_int_equal(fread(peer, 1, count, file), count);
	for (size_t i = 0; i < count; i++)
		equal += q->codes[i] == peer[i];
	if ((double)equal < 0.999 * (double)count || fabs(error / expected - 1.0) > 1e-3)
		fail_msg("%s: %zu of %zu codes, error %.9g", line, equal, count, error);
	buf_free(peer);
}

static void
check_pre(const char *line, FILE *file)
{
	size_t rows[GROUP], columns;
	double expected[GROUP];
	float factor;
	struct pre pre;
	int at;

	assert_int_equal(sscanf(line, "%zu %zu %zu %lf %lf %n", &rows[0], &rows[1], &columns,
				&expected[0], &expected[1], &at),
			 5);
	pre_open(&pre, rows, columns, line + at);
	assert_ok(quantizer_solve(pre.q, &pre.task));
	for (size_t l = 0; l < GROUP; l++)
		check_pre_layer(line, &pre, l, file, expected[l]);
	for (size_t c = 0; c < columns; c++) {
		assert_int_equal(fread(&factor, sizeof(factor), 1, file), 1);
		assert_true(fabsf(pre.q[1].method_scale[c] / factor - 1.0f) < 1e-5f);
		assert_true(fabsf(pre.q[0].column_scale[c] * factor - 1.0f) < 1e-5f);
	}
	pre_close(&pre);
}

static void
test_pre_sinq__factors_codes_and_errors_equal_the_reference(void **state)
{
	FILE *lines = fixture("tests/quantizers/fixtures/pre_sinq.txt");
	FILE *file = fixture("tests/quantizers/fixtures/pre_sinq.bin");
	char line[256];

	(void)state;
	while (fgets(line, sizeof(line), lines)) {
		line[strcspn(line, "\n")] = '\0';
		check_pre(line, file);
	}
	fclose(lines);
	fclose(file);
}

/* The bits are those of plain rounding whether the factors are folded or left out. */
static void
test_pre_sinq__factors_cost_no_bits_and_need_a_place(void **state)
{
	static const size_t rows[GROUP] = { 24, 40 };
	struct solve plain = {
		.method = "rtn", .settings = "group_size=32", .rows = 24, .columns = 96
	};
	struct quantized q;
	struct pre pre;

	(void)state;
	pre_open(&pre, rows, 96, "group_size=32");
	plain.weight = pre.layers[0].weight;
	assert_ok(solve_run(&q, &plain));
	assert_ok(quantizer_solve(pre.q, &pre.task));
	assert_true(pre.q[0].scale_folded && pre.q[1].scale_folded);
	assert_true(quantized_bits(&pre.q[0]) == quantized_bits(&q));
	assert_true(weight_error(plain.weight, &pre.q[0]) < 0.9 * weight_error(plain.weight, &q));
	for (size_t l = 0; l < GROUP; l++)
		quantized_free(&pre.q[l]);
	pre.layers[1].foldable = false;
	assert_ok(quantizer_solve(pre.q, &pre.task));
	assert_string_equal(pre.q[0].note,
			    "factors not applied: nothing before this layer can take them");
	assert_true(!pre.q[0].scale_folded && !pre.q[0].column_scale);
	assert_true(quantized_bits(&pre.q[0]) == quantized_bits(&q));
	assert_memory_equal(pre.q[0].codes, q.codes, 24 * 96);
	quantized_free(&q);
	pre_close(&pre);
}

static void
test_pre_sinq__columns_without_weights_stay_so(void **state)
{
	static const size_t rows[GROUP] = { 24, 40 };
	struct pre pre;

	(void)state;
	pre_open(&pre, rows, 96, "group_size=32 rounds=20 iterations=200");
	for (size_t l = 0; l < GROUP; l++)
		for (size_t r = 0; r < rows[l]; r++)
			for (size_t c = 0; c < 96; c++)
				pre_weight(&pre, l)[r * 96 + c] *= c % 32 == 3   ? 0.0f
								   : c % 32 == 4 ? 1e-30f
										 : 1e4f;
	assert_ok(quantizer_solve(pre.q, &pre.task));
	for (size_t l = 0; l < GROUP; l++) {
		assert_true(kernels_current()->finite(pre.q[l].dequantized, rows[l] * 96));
		assert_true(kernels_current()->finite(pre.q[l].column_scale, 96));
		for (size_t r = 0; r < rows[l]; r++)
			assert_true(pre.q[l].dequantized[r * 96 + 3] == 0.0f);
	}
	pre_close(&pre);
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
		cmocka_unit_test(test_pre_sinq__factors_codes_and_errors_equal_the_reference),
		cmocka_unit_test(test_pre_sinq__factors_cost_no_bits_and_need_a_place),
		cmocka_unit_test(test_pre_sinq__columns_without_weights_stay_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
