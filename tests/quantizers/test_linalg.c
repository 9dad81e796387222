/* labels: threads
 * The blocked factorization: U'U gives the matrix back, on any number of threads the same. */
#include "quantizers/linalg.h"
#include "support/support.h"

#include "core/buf.h"

#include <math.h>
#include <string.h>

enum { N = 700, LD = 720 };

/* A Gram matrix of 2 N rows, its lower triangle left as rubbish. */
static float *
make_matrix(size_t n, float lowest)
{
	float *a = buf_alloc(n * LD, sizeof(*a)), *x = buf_alloc(2 * n * n, sizeof(*x));
	uint64_t seed = 9;

	assert_true(a && x);
	for (size_t i = 0; i < 2 * n * n; i++)
		x[i] = support_normal(&seed);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			double sum = i == j ? (double)lowest : 0.0;

			for (size_t t = 0; t < 2 * n && j >= i && n < 300; t++)
				sum += (double)x[t * n + i] * (double)x[t * n + j];
			a[i * LD + j] = j >= i ? (float)sum : 1e30f;
		}
	for (size_t i = 0; i < n && n >= 300; i++)
		for (size_t j = i; j < n; j++)
			a[i * LD + j] = i == j ? 2.0f : 1.0f / (float)(2 + j - i);
	buf_free(x);
	return a;
}

static void
check_product(size_t n)
{
	float *a = make_matrix(n, 1.0f), *u = buf_alloc(n * LD, sizeof(*u));
	struct cholesky c = { kernels_current(), NULL, u, n, LD };
	bool positive;

	assert_non_null(u);
	memcpy(u, a, n * LD * sizeof(*u));
	assert_ok(linalg_cholesky(&positive, &c));
	assert_true(positive);
	for (size_t i = 0; i < n; i += 1 + n / 40)
		for (size_t j = i; j < n; j += 1 + n / 50) {
			double sum = 0.0,
			       scale = sqrt((double)a[i * LD + i] * (double)a[j * LD + j]);

			for (size_t k = 0; k <= i; k++)
				sum += (double)u[k * LD + i] * (double)u[k * LD + j];
			assert_true(fabs(sum - (double)a[i * LD + j]) <= 3e-6 * scale);
		}
	buf_free(a);
	buf_free(u);
}

static void
test_linalg__the_factor_gives_the_matrix_back(void **state)
{
	static const size_t sizes[] = { 1, 2, 5, 127, 128, 129, 256, 257, N };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		check_product(sizes[i]);
}

static void
test_linalg__threads_do_not_change_a_bit(void **state)
{
	float *a = make_matrix(N, 1.0f), *alone = make_matrix(N, 1.0f);
	struct cholesky c = { kernels_current(), NULL, alone, N, LD };
	bool positive;

	(void)state;
	assert_ok(linalg_cholesky(&positive, &c));
	for (int threads = 2; threads <= 4; threads++) {
		struct work work = { 0 };
		float *u = buf_alloc(N * LD, sizeof(*u));

		assert_non_null(u);
		assert_ok(pool_create(&work.pool, threads));
		memcpy(u, a, N * LD * sizeof(*u));
		c = (struct cholesky){ kernels_current(), &work, u, N, LD };
		assert_ok(linalg_cholesky(&positive, &c));
		for (size_t i = 0; i < N; i++)
			assert_memory_equal(u + i * LD + i, alone + i * LD + i,
					    (N - i) * sizeof(float));
		pool_free(work.pool);
		buf_free(u);
	}
	buf_free(a);
	buf_free(alone);
}

static void
test_linalg__what_is_not_positive_definite_is_said_to_be(void **state)
{
	static const size_t bad[] = { 0, 1, 200, 699 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		float *a = make_matrix(N, 1.0f);
		struct cholesky c = { kernels_current(), NULL, a, N, LD };
		bool positive = true;

		a[bad[i] * (LD + 1)] = -1.0f;
		assert_ok(linalg_cholesky(&positive, &c));
		assert_false(positive);
		buf_free(a);
	}
}

static void
test_linalg__a_unit_triangle_is_solved_whatever_its_diagonal_holds(void **state)
{
	const float a[9] = { 7, 2, 3, 99, 8, 4, 99, 99, 9 };
	float b[6] = { 20, 2, 14, 1, 3, 0 };
	struct unit_solve solve = { 3, 2, a, 3, b, 2 };

	(void)state;
	linalg_solve_unit(&solve);
	/* x = (20 - 2 2 - 3 3, ...) from below: 3; 14 - 12 = 2; 20 - 4 - 9 = 7. */
	assert_true(b[4] == 3 && b[2] == 2 && b[0] == 7);
	assert_true(b[5] == 0 && b[3] == 1 && b[1] == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linalg__the_factor_gives_the_matrix_back),
		cmocka_unit_test(test_linalg__threads_do_not_change_a_bit),
		cmocka_unit_test(test_linalg__what_is_not_positive_definite_is_said_to_be),
		cmocka_unit_test(
			test_linalg__a_unit_triangle_is_solved_whatever_its_diagonal_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
