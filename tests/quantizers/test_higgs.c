/* higgs: its grids against published distortions, by integration; its codes read back by plain
 * loops; its blocks, notes and bits. transformers' own codes are in test_schemes. */
#include "quantizers/higgs.h"
#include "support/support.h"

#include "core/buf.h"
#include "support/golden.h"
#include "support/solve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDE = 600 }; /* steps of an integral from -6 to 6 */

static double
density(double x)
{
	return exp(-x * x / 2.0) / sqrt(2.0 * 3.14159265358979323846);
}

static double
line_distortion(const float *grid, size_t n)
{
	double step = 12.0 / (double)(100 * WIDE), sum = 0.0;

	for (size_t i = 0; i < (size_t)100 * WIDE; i++) {
		double x = -6.0 + step * ((double)i + 0.5), least = INFINITY;

		for (size_t k = 0; k < n; k++)
			least = fmin(least, (x - (double)grid[k]) * (x - (double)grid[k]));
		sum += least * density(x) * step;
	}
	return sum;
}

static double
plane_distortion(const float *grid, size_t n)
{
	double step = 12.0 / WIDE, sum = 0.0;

	for (size_t i = 0; i < (size_t)WIDE * WIDE; i++) {
		float x = (float)(-6.0 + step * ((double)(i / WIDE) + 0.5));
		float y = (float)(-6.0 + step * ((double)(i % WIDE) + 0.5)), least = INFINITY;

		for (size_t k = 0; k < n; k++) {
			float a = x - grid[2 * k], b = y - grid[2 * k + 1];
			float square = a * a + b * b;

			least = square < least ? square : least;
		}
		sum += (double)least * density((double)x) * density((double)y) * step * step;
	}
	return sum / 2.0;
}

/* Less than what was published is no fault. */
static void
expect_distortion(double found, double published)
{
	if (!(found < 1.001 * published && found > 0.99 * published))
		fail_msg("distortion %.7g, not %.7g", found, published);
}

/* One dimension: Max 1960. Two: what transformers' grids come to. */
static void
test_higgs__grids_lose_no_more_than_published_ones(void **state)
{
	(void)state;
	expect_distortion(line_distortion(higgs_line_4, 4), 0.1175);
	expect_distortion(line_distortion(higgs_line_8, 8), 0.03454);
	expect_distortion(line_distortion(higgs_line_16, 16), 0.009497);
	expect_distortion(plane_distortion(higgs_plane_16, 16), 0.107600);
	expect_distortion(plane_distortion(higgs_plane_64, 64), 0.029606);
	expect_distortion(plane_distortion(higgs_plane_256, 256), 0.007751);
}

/* Sum over i of (-1)^(number of common bits of i and at) point(code i), two weights at a time when
 * p is 2. */
static double
restore(const uint8_t *codes, size_t size, size_t at, int bits, int p)
{
	static const float *const lines[] = { higgs_line_4, higgs_line_8, higgs_line_16 };
	static const float *const planes[] = { higgs_plane_16, higgs_plane_64, higgs_plane_256 };
	double sum = 0.0;

	for (size_t i = 0; i < size; i++) {
		size_t pair = (size_t)codes[i & ~(size_t)1] << bits | codes[i | 1], common = i & at;
		double value = (double)(p == 1 ? lines[bits - 2][codes[i]]
					       : planes[bits - 2][2 * pair + (i & 1)]);

		for (; common; common &= common - 1)
			value = -value;
		sum += value;
	}
	return sum;
}

/* Every restored weight from what is stored. Scales and grids are float32. */
static void
check_restored(const struct solve *solve, int bits, int p)
{
	const struct quant_array *padded;
	struct quantized q;
	size_t blocks, size, wide;
	const uint8_t *codes;

	assert_ok(solve_run(&q, solve));
	padded = quantized_extra(&q, "padded_codes");
	codes = padded ? padded->data : q.codes;
	wide = padded ? padded->count / q.rows : q.columns;
	blocks = q.scale_count / q.rows;
	size = wide / blocks;
	for (size_t i = 0; i < q.rows * q.columns; i++) {
		size_t row = i / q.columns, column = i % q.columns, block = column / size;
		double scale = (double)q.scales[row * blocks + block] / sqrt((double)size);
		double value = scale * restore(codes + row * wide + block * size, size,
					       column % size, bits, p);

		assert_int_equal(q.codes[i], codes[row * wide + column]);
		if (fabs(value - (double)q.dequantized[i]) > 1e-6)
			fail_msg("%s: weight %zu is %g, not %g", solve->settings, i,
				 (double)q.dequantized[i], value);
	}
	quantized_free(&q);
}

static void
test_higgs__weights_are_restored_from_what_is_stored(void **state)
{
	static const char *const settings[] = {
		"bits=2 p=1 scale_dtype=f32",          "bits=2 p=2 scale_dtype=f32",
		"bits=3 p=1 scale_dtype=f32 pad=true", "bits=3 p=2 scale_dtype=f32",
		"bits=4 p=1 scale_dtype=f32",          "bits=4 p=2 scale_dtype=f32 pad=true",
	};
	static const size_t columns[] = { 1, 160, 172, 512 };
	static float weight[2 * 512];

	(void)state;
	golden_values(weight, 2 * 512, 9, 0.05f);
	for (int i = 0; i < 6; i++)
		for (size_t c = 0; c < 4; c++)
			check_restored(&(struct solve){ .method = "higgs",
							.settings = settings[i],
							.rows = 2,
							.columns = columns[c],
							.weight = weight },
				       2 + i / 2, 1 + i % 2);
}

static float *
weights(size_t count, float scale)
{
	float *weight = buf_alloc(count, sizeof(*weight));

	assert_non_null(weight);
	golden_values(weight, count, 11, scale);
	return weight;
}

static void
check_blocks(size_t columns, const char *settings, size_t blocks, const char *note)
{
	struct solve solve = {
		"higgs", settings, 1, columns, weights(columns, 1.0f), NULL, NULL, 0
	};
	struct quantized q;

	assert_ok(solve_run(&q, &solve));
	assert_int_equal(q.scale_count, blocks);
	assert_string_equal(q.note, note);
	quantized_free(&q);
	buf_free((void *)(uintptr_t)solve.weight);
}

static void
test_higgs__blocks_are_those_that_store_a_row_in_the_fewest_bits(void **state)
{
	(void)state;
	check_blocks(1024, "", 2, "");
	check_blocks(1024, "hadamard_size=4096", 1,
		     "blocks of 1024, since 4096 do not divide 1024 columns");
	check_blocks(768, "", 3, "blocks of 256, since 512 do not divide 768 columns");
	check_blocks(160, "", 5, "blocks of 32, since 512 do not divide 160 columns");
	check_blocks(172, "", 3, "blocks of 64: rows filled up from 172 to 192 weights");
	check_blocks(9000, "", 18, "blocks of 512: rows filled up from 9000 to 9216 weights");
	check_blocks(768, "pad=true", 2, "blocks of 512: rows filled up from 768 to 1024 weights");
}

/* Four bits, 1024 columns, two rows: two tables, of 16 and of 2 * 256 numbers. */
static void
test_higgs__copies_of_scales_count_as_bits_and_change_nothing_else(void **state)
{
	static const char *const settings[] = { "group_size=-1", "group_size=256", "group_size=32",
						"group_size=32 scale_dtype=f32" };
	static const double scales[] = { 4 * 16, 8 * 16, 64 * 16, 64 * 32 };
	struct solve solve = { "higgs", NULL, 2, 1024, weights(2048, 1.0f), NULL, NULL, 0 };
	struct quantized first, q;

	(void)state;
	solve.settings = settings[0];
	assert_ok(solve_run(&first, &solve));
	for (size_t i = 0; i < 4; i++) {
		double width = i == 3 ? 32.0 : 16.0;

		solve.settings = settings[i];
		assert_ok(solve_run(&q, &solve));
		assert_memory_equal(q.codes, first.codes, 2048);
		assert_true(q.part_bits[PART_SCALES] == scales[i]);
		assert_true(q.part_bits[PART_CODEBOOKS] == width * (16 + 2 * 256));
		assert_true(quantized_bits(&q) == 4 * 2048 + scales[i] + width * (16 + 2 * 256));
		quantized_free(&q);
	}
	quantized_free(&first);
	buf_free((void *)(uintptr_t)solve.weight);
}

/* A scale below the 16-bit floats becomes zero, one beyond them their largest; sums of the largest
 * weights that are allowed stay finite. */
static void
test_higgs__scales_beyond_their_type_leave_weights_finite(void **state)
{
	static const float factors[] = { 1e-12f, 1e-4f, 1e8f, 5e35f };
	struct solve solve = { "higgs", "", 1, 4096, NULL, NULL, NULL, 0 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		float *weight = weights(4096, factors[i]);
		struct quantized q;

		solve.weight = weight;
		solve.settings = i == 3 ? "hadamard_size=4096 scale_dtype=f32" : "";
		assert_ok(solve_run(&q, &solve));
		assert_true(kernels_current()->finite(q.dequantized, 4096));
		if (i == 0)
			assert_true(kernels_current()->absmax(q.dequantized, 4096) == 0.0f);
		if (i == 2)
			assert_true(q.scales[0] == 65504.0f);
		if (i == 3)
			assert_true(kernels_current()->sq_error(weight, q.dequantized, 4096) <
				    0.01 * kernels_current()->sq_sum(weight, 4096));
		quantized_free(&q);
		buf_free(weight);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_higgs__grids_lose_no_more_than_published_ones),
		cmocka_unit_test(test_higgs__weights_are_restored_from_what_is_stored),
		cmocka_unit_test(test_higgs__blocks_are_those_that_store_a_row_in_the_fewest_bits),
		cmocka_unit_test(
			test_higgs__copies_of_scales_count_as_bits_and_change_nothing_else),
		cmocka_unit_test(test_higgs__scales_beyond_their_type_leave_weights_finite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
