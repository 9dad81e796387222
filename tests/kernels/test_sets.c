/* Every kernel set gives the bits of the generic one: any length, any alignment, any float. */
#include "kernels/kernels.h"
#include "support/support.h"

#include "core/tensor.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { N = 301, ROOM = N + 8, OUT = 4 * ROOM };

struct inputs {
	float a[ROOM], b[ROOM], c[ROOM], d[ROOM];
	uint8_t codes[ROOM];
};

/* Whatever a call writes: compared whole, so that a write past the end shows. */
struct outputs {
	float f[OUT];
	double d[ROOM];
	uint32_t u[ROOM];
	uint8_t c[OUT];
	double result[4];
};

static float
awkward(uint64_t *seed, int special)
{
	static const float values[] = { NAN,       INFINITY,   -INFINITY, -0.0f,    0.0f,
					0x1p-149f, -0x1p-130f, FLT_MAX,   -FLT_MAX, FLT_MIN,
					0.5f,      -1.5f,      2.5f,      1e-30f,   3e20f };

	if (special && support_uniform(seed) < 0.2)
		return values[(size_t)(support_uniform(seed) * 15.0)];
	return support_normal(seed);
}

static void
fill(struct inputs *in, uint64_t *seed, int special)
{
	for (size_t i = 0; i < ROOM; i++) {
		in->a[i] = awkward(seed, special);
		in->b[i] = awkward(seed, special);
		in->c[i] = fabsf(support_normal(seed)) * 0.2f + 0.001f;
		in->d[i] = (float)(int)(support_uniform(seed) * 16.0);
		in->codes[i] = (uint8_t)(support_uniform(seed) * 256.0);
	}
}

static void
run_sums(struct outputs *out, const struct kernels *k, const struct inputs *in, size_t n)
{
	const float *a = in->a + 1, *b = in->b + 3;

	out->result[0] = k->dot(a, b, n);
	out->result[1] = k->sq_sum(a, n);
	out->result[2] = k->sq_error(a, b, n);
	out->result[3] = (double)k->absmax(a, n);
	k->minmax(out->f, out->f + 1, a, n);
	out->u[0] = (uint32_t)k->finite(a, n);
	k->add_squares(out->d, b, n);
	out->d[ROOM - 1] = k->abs_sum(b, n);
}

static void
run_loops(struct outputs *out, const struct kernels *k, const struct inputs *in, size_t n)
{
	const float *a = in->a + 1, *b = in->b + 3;

	memcpy(out->f, in->a, n * sizeof(float));
	k->axpy(out->f, 0.37f, b, n);
	k->subtract(out->f + ROOM, a, b, n);
	k->multiply(out->f + 2 * ROOM, a, b, n);
	k->extend(out->f, out->f + ROOM, b, n);
	k->eliminate(out->f, 64, n < 64 ? 5 : 0, in->c, b, n < 64 ? n : 0);
}

static void
run_grids(struct outputs *out, const struct kernels *k, const struct inputs *in, size_t n)
{
	struct grid grid = { 0.131f, 7.0f, 15.0f };
	struct column_step step = {
		n, in->c, in->d, 15.0f, out->f + 2 * ROOM, out->f + 3 * ROOM, out->c + ROOM
	};

	memcpy(step.w, in->a, n * sizeof(float));
	memcpy(step.error, in->b, n * sizeof(float));
	out->result[0] = (double)k->quantize(out->c + 1, out->f, in->a + 1, n, grid);
	out->result[1] = (double)k->quantize_column(&step);
	k->dequantize(out->f + ROOM + 1, in->codes + 1, n, grid);
	out->result[2] = k->grid_error(in->a + 1, n, grid, 0.5f, 2.4f);
	out->result[3] = k->grid_error(in->a + 1, n, grid, 2.0f, 2.0f);
}

static void
run_lookups(struct outputs *out, const struct kernels *k, const struct inputs *in, size_t n)
{
	static const float bounds[15] = { -0.9f, -0.6f, -0.4f, -0.3f, -0.2f, -0.1f, -0.04f, 0.0f,
					  0.1f,  0.2f,  0.3f,  0.4f,  0.5f,  0.6f,  0.8f };
	struct bins bins = { -1.0f, 1.0f, 500.0f, 1000 };
	uint8_t codes[ROOM];

	for (size_t i = 0; i < ROOM; i++)
		codes[i] = in->codes[i] & 15;
	k->lookup_encode(out->c + 1, in->a + 1, n, 0.7f, bounds);
	k->lookup_decode(out->f + 1, codes + 1, n, 1.3f, in->d);
	k->bin(out->u, in->a + 1, NULL, n, &bins);
	k->bin(out->u, in->a + 1, in->b + 1, n / 2, &bins);
}

static void
run_minifloats(struct outputs *out, const struct kernels *k, const struct inputs *in, size_t n)
{
	static const struct minifloat format = { 8, 3, 7, 0x7e, 448.0f, 0x1p-6f, 0x1p-9f };
	static const struct affine grids[3] = { { 0.131f, -3.0f, -8.0f, 7.0f, 0.131f, 0, 0 },
						{ 0.125f, 0.0f, -8.0f, 7.0f, 0.1f, 0, 1 },
						{ 9.7f, 0.0f, -127.0f, 127.0f, 0.103f, 1, 0 } };
	uint8_t codes[ROOM];

	for (size_t i = 0; i < ROOM; i++)
		codes[i] = in->codes[i] & 0x7f ? in->codes[i] ^ 1 : 5;
	k->divide(out->f, in->a + 1, n, 0.37f);
	k->mini_encode(out->c, in->a + 1, n, 300.0f, &format);
	k->mini_decode(out->f + ROOM, codes, n, 1.7f, &format);
	out->result[0] = (double)k->affine(out->c + ROOM, out->f + 2 * ROOM, in->a, n, &grids[0]);
	out->result[1] = (double)k->affine(out->c + 2 * ROOM, NULL, in->b, n, &grids[2]);
	out->result[2] = (double)k->affine(out->c + 3 * ROOM, NULL, in->d, n, &grids[1]);
}

static void
run_narrow(struct outputs *out, const struct kernels *k, const struct inputs *in, size_t n)
{
	k->scale(out->f, in->a + 1, n, 1e-7f);
	k->round_f16(out->f + ROOM, out->f, n);
	k->scale(out->f, in->a + 1, n, 3e4f);
	k->round_f16(out->f + 2 * ROOM, out->f, n);
	k->round_bf16(out->f + 3 * ROOM, in->b, n);
}

static void
run_stepwise(struct outputs *out, const struct kernels *k, const struct inputs *in, size_t n)
{
	struct stepwise map = { .add = 0.7f,
				.multiply = 1.0f,
				.divide = 0.13f,
				.after = 0.4f,
				.most = 15.0f,
				.scale = 0.13f,
				.shift = -0.7f };

	for (size_t type = 0; type < 3; type++) {
		map.held = map.encode = map.decode = (enum float_type)type;
		out->result[type] = (double)k->stepwise(out->c + type * ROOM, out->f + type * ROOM,
							in->a + 1, n, &map);
	}
	map = (struct stepwise){ .multiply = 61.0f,
				 .divide = 1.0f,
				 .zero = 128.0f,
				 .most = 255.0f,
				 .held = FLOAT_B16,
				 .decode = FLOAT_B16 };
	out->result[3] = (double)k->stepwise(out->c + 3 * ROOM, NULL, in->b + 1, n, &map);
}

static void
run_plane(struct outputs *out, const struct kernels *k, const struct inputs *in, size_t n)
{
	struct plane_grid grid = { n < 256 ? n + 1 : 256, in->a + 1, in->b, in->c };

	k->nearest_point(out->c + 1, in->b + 1, n / 2, &grid);
	memcpy(out->f, in->a, 256 * sizeof(float));
	k->hadamard(out->f, (size_t)1 << n % 9);
}

static void
run_zero_steps(struct outputs *out, const struct kernels *k, const struct inputs *in, size_t n)
{
	static const struct zero_step steps[2] = { { 7.3f, 2.4f, 15.0f, -0.3f, 10.0f, 0.17f },
						   { 0.4f, 1.1f, 3.0f, -0.3f, 10.0f, 0.17f } };

	out->result[0] = k->zero_step(&out->d[0], in->c, n, &steps[0]);
	out->result[1] = k->zero_step(&out->d[1], in->a + 1, n, &steps[1]);
	out->result[2] = (double)k->affine_each(out->c + 1, in->a + 1, n, in->b + 2, in->d, 15.0f);
	k->dequantize_each(out->f + 1, in->codes + 1, n, in->c, in->d);
}

static void
run_moments(struct outputs *out, const struct kernels *k, const struct inputs *in, size_t n)
{
	size_t columns = n / 3;
	struct scaled_moments moments = { .x = in->a + 1,
					  .rows = 3,
					  .columns = columns,
					  .row = in->c + 2,
					  .column = in->b + 3,
					  .row_sum = out->result,
					  .row_squares = out->d,
					  .column_sum = out->d + 3,
					  .column_squares = out->d + 3 + columns };

	k->scaled_moments(&moments);
	k->scaled_moments(&moments);
}

/* Equal bits, any NaN for any other. */
static int
same_float(float x, float y)
{
	return !memcmp(&x, &y, sizeof(x)) || (isnan(x) && isnan(y));
}

static int
same_double(double x, double y)
{
	return !memcmp(&x, &y, sizeof(x)) || (isnan(x) && isnan(y));
}

static void
compare(const struct outputs *a, const struct outputs *b, const char *set, size_t n)
{
	for (size_t i = 0; i < OUT; i++)
		if (!same_float(a->f[i], b->f[i]))
			fail_msg("%s, length %zu: float %zu is %a, not %a", set, n, i,
				 (double)b->f[i], (double)a->f[i]);
	for (size_t i = 0; i < ROOM; i++)
		if (!same_double(a->d[i], b->d[i]) || a->u[i] != b->u[i])
			fail_msg("%s, length %zu: entry %zu differs", set, n, i);
	for (size_t i = 0; i < 4; i++)
		if (!same_double(a->result[i], b->result[i]))
			fail_msg("%s, length %zu: result %zu is %a, not %a", set, n, i,
				 b->result[i], a->result[i]);
	if (memcmp(a->c, b->c, sizeof(a->c)))
		fail_msg("%s, length %zu: codes differ", set, n);
}

static void
check(void (*run)(struct outputs *out, const struct kernels *k, const struct inputs *in, size_t n))
{
	static struct inputs in;
	static struct outputs expected, got;
	uint64_t seed = 11;

	for (size_t n = 0; n <= 300; n++) {
		fill(&in, &seed, n % 2);
		memset(&expected, 0, sizeof(expected));
		run(&expected, kernels_available()[0], &in, n);
		for (const struct kernels *const *set = kernels_available() + 1; *set; set++) {
			memset(&got, 0, sizeof(got));
			run(&got, *set, &in, n);
			compare(&expected, &got, (*set)->name, n);
		}
	}
}

static void
test_sets__sums_are_equal_bit_for_bit(void **state)
{
	(void)state;
	check(run_sums);
}

static void
test_sets__loops_are_equal_bit_for_bit(void **state)
{
	(void)state;
	check(run_loops);
}

static void
test_sets__grids_are_equal_bit_for_bit(void **state)
{
	(void)state;
	check(run_grids);
}

static void
test_sets__lookups_are_equal_bit_for_bit(void **state)
{
	(void)state;
	check(run_lookups);
}

static void
test_sets__minifloats_are_equal_bit_for_bit(void **state)
{
	(void)state;
	check(run_minifloats);
	check(run_narrow);
}

static void
test_sets__steps_of_affine_maps_are_equal_bit_for_bit(void **state)
{
	(void)state;
	check(run_stepwise);
}

static void
test_sets__rotations_and_points_are_equal_bit_for_bit(void **state)
{
	(void)state;
	check(run_plane);
}

static void
test_sets__hadamard_is_its_own_inverse_but_for_a_factor(void **state)
{
	(void)state;
	for (const struct kernels *const *set = kernels_available(); *set; set++) {
		float x[64], first;

		for (size_t i = 0; i < 64; i++)
			x[i] = (float)(i * i % 37);
		(*set)->hadamard(x, 64);
		first = 0.0f;
		for (size_t i = 0; i < 64; i++)
			first += (float)(i * i % 37);
		assert_true(x[0] == first);
		(*set)->hadamard(x, 64);
		for (size_t i = 0; i < 64; i++)
			assert_true(x[i] == 64.0f * (float)(i * i % 37));
	}
}

static void
test_sets__steps_of_zero_points_are_equal_bit_for_bit(void **state)
{
	(void)state;
	check(run_zero_steps);
}

static void
test_sets__sums_over_rows_and_columns_are_equal_bit_for_bit(void **state)
{
	(void)state;
	check(run_moments);
}

static void
test_sets__sums_over_rows_and_columns_are_those_of_the_scaled_matrix(void **state)
{
	static const float x[6] = { 1.0f, 2.0f, 3.0f, -4.0f, 5.0f, 6.0f };
	static const float row[2] = { 2.0f, 0.5f }, column[3] = { 1.0f, 3.0f, -1.0f };
	double row_sum[2], row_squares[2], sum[3] = { 1.0, 0.0, 0.0 }, squares[3] = { 0.0 };

	(void)state;
	kernels_current()->scaled_moments(&(struct scaled_moments){
		.x = x,
		.rows = 2,
		.columns = 3,
		.row = row,
		.column = column,
		.row_sum = row_sum,
		.row_squares = row_squares,
		.column_sum = sum,
		.column_squares = squares,
	});
	assert_true(row_sum[0] == 8.0 && row_sum[1] == 2.5);
	assert_true(row_squares[0] == 184.0 && row_squares[1] == 69.25);
	assert_true(sum[0] == 1.0 && sum[1] == 19.5 && sum[2] == -9.0);
	assert_true(squares[0] == 8.0 && squares[1] == 200.25 && squares[2] == 45.0);
}

static void
test_sets__powers_are_within_a_millionth_of_the_library(void **state)
{
	const struct kernels *k = kernels_available()[0];
	struct grid grid = { 1.0f, 0.0f, 1.0f };
	uint64_t seed = 3;

	(void)state;
	/* A negative weight lies at code 0, so its error is itself. */
	for (int i = 0; i < 2000; i++) {
		float x = exp2f((float)support_uniform(&seed) * 40.0f - 30.0f);
		float norm = 0.3f + (float)support_uniform(&seed) * 5.0f, minus = -x;
		double got = k->grid_error(&minus, 1, grid, 1.0f, norm);
		double expected = pow((double)x, (double)norm);

		if (expected > 1e-37 && fabs(got / expected - 1.0) > 1e-6)
			fail_msg("%a^%a is %.9g, not %.9g", (double)x, (double)norm, got, expected);
	}
}

static void
test_sets__ties_go_to_even_and_ends_hold(void **state)
{
	static const float x[] = { 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 7.5f, 99.0f, -99.0f, 1e30f };
	static const uint8_t codes[] = { 8, 10, 10, 8, 6, 15, 15, 0, 15 };
	struct grid grid = { 1.0f, 8.0f, 15.0f };

	(void)state;
	for (const struct kernels *const *set = kernels_available(); *set; set++) {
		uint8_t got[9];

		assert_int_equal((*set)->quantize(got, NULL, x, 9, grid), 4);
		assert_memory_equal(got, codes, 9);
	}
}

static void
test_sets__ties_go_away_from_zero_where_asked(void **state)
{
	static const float x[] = { 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 0.49999997f, 7.5f, -8.5f };
	static const uint8_t codes[] = { 9, 10, 11, 7, 6, 8, 15, 0 };
	struct affine affine = { 1.0f, 0.0f, -8.0f, 7.0f, 1.0f, 0, 1 };

	(void)state;
	for (const struct kernels *const *set = kernels_available(); *set; set++) {
		uint8_t got[8];

		assert_int_equal((*set)->affine(got, NULL, x, 8, &affine), 2);
		assert_memory_equal(got, codes, 8);
	}
}

/* The conversions of core/tensor.h are the reference. */
static void
test_sets__narrow_floats_are_those_of_the_tensors(void **state)
{
	(void)state;
	for (const struct kernels *const *set = kernels_available(); *set; set++)
		for (uint32_t high = 0; high < 0x10000; high++) {
			float x[4], half[4], brain[4];

			for (uint32_t i = 0; i < 4; i++) {
				uint32_t bits = high << 16 | (i ? 0x7000u + i * 0x0800u : 0u);

				memcpy(&x[i], &bits, sizeof(bits));
			}
			(*set)->round_f16(half, x, 4);
			(*set)->round_bf16(brain, x, 4);
			for (size_t i = 0; i < 4; i++)
				if (!same_float(half[i], f16_to_f32(f16_from_f32(x[i]))) ||
				    !same_float(brain[i], bf16_to_f32(bf16_from_f32(x[i]))))
					fail_msg("%s: %a is %a, %a", (*set)->name, (double)x[i],
						 (double)half[i], (double)brain[i]);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sets__sums_are_equal_bit_for_bit),
		cmocka_unit_test(test_sets__loops_are_equal_bit_for_bit),
		cmocka_unit_test(test_sets__grids_are_equal_bit_for_bit),
		cmocka_unit_test(test_sets__lookups_are_equal_bit_for_bit),
		cmocka_unit_test(test_sets__minifloats_are_equal_bit_for_bit),
		cmocka_unit_test(test_sets__steps_of_affine_maps_are_equal_bit_for_bit),
		cmocka_unit_test(test_sets__rotations_and_points_are_equal_bit_for_bit),
		cmocka_unit_test(test_sets__hadamard_is_its_own_inverse_but_for_a_factor),
		cmocka_unit_test(test_sets__steps_of_zero_points_are_equal_bit_for_bit),
		cmocka_unit_test(test_sets__sums_over_rows_and_columns_are_equal_bit_for_bit),
		cmocka_unit_test(
			test_sets__sums_over_rows_and_columns_are_those_of_the_scaled_matrix),
		cmocka_unit_test(test_sets__powers_are_within_a_millionth_of_the_library),
		cmocka_unit_test(test_sets__ties_go_to_even_and_ends_hold),
		cmocka_unit_test(test_sets__ties_go_away_from_zero_where_asked),
		cmocka_unit_test(test_sets__narrow_floats_are_those_of_the_tensors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
