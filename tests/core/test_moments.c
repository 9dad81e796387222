/* Running sums and the Gram matrix made of them in place. */
#include "core/moments.h"
#include "support/support.h"

#include "core/buf.h"

#include <math.h>
#include <string.h>

enum { TOKENS = 37, WIDEST = 391 };

static void
fill(float *x, size_t count)
{
	uint64_t seed = 7;

	for (size_t i = 0; i < count; i++)
		x[i] = support_normal(&seed);
}

static double
product(const float *x, size_t columns, size_t i, size_t j)
{
	double sum = 0.0;

	for (size_t t = 0; t < TOKENS; t++)
		sum += (double)x[t * columns + i] * (double)x[t * columns + j];
	return sum / TOKENS;
}

static struct statistics *
take(const float *x, size_t columns)
{
	size_t start[] = { 0, 30, TOKENS };
	struct rows rows = { x, start, 2 };
	struct statistics *out;
	struct moments moments;

	assert_ok(moments_create(&moments, columns, true));
	for (size_t part = 0; part < moments_parts(&moments); part++)
		moments_add_part(&moments, part, &rows);
	moments_count(&moments, &rows);
	assert_ok(moments_finish(&out, &moments, NULL));
	assert_null(moments.gram);
	return out;
}

/* Widths on both sides of one, two and three tiles. */
static void
test_moments__any_width_gives_the_whole_matrix(void **state)
{
	static const size_t widths[] = {
		1, 2, 127, 128, 129, 130, 255, 256, 257, 383, 385, WIDEST
	};
	float *x = buf_alloc((size_t)TOKENS * WIDEST, sizeof(*x));

	(void)state;
	assert_non_null(x);
	fill(x, (size_t)TOKENS * WIDEST);
	for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
		size_t n = widths[w];
		struct statistics *s = take(x, n);

		assert_int_equal(s->tokens, TOKENS);
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < n; j++) {
				assert_true(s->gram[i * n + j] == s->gram[j * n + i]);
				if (fabs((double)s->gram[i * n + j] - product(x, n, i, j)) > 1e-5)
					fail_msg("width %zu: (%zu, %zu) is %g", n, i, j,
						 (double)s->gram[i * n + j]);
			}
		statistics_free(s);
	}
	buf_free(x);
}

static void
test_moments__a_cancel_uses_the_sums_up(void **state)
{
	atomic_bool cancel = true;
	struct work work = { .cancel = &cancel };
	struct statistics *out;
	struct moments moments;

	(void)state;
	assert_ok(moments_create(&moments, 200, true));
	assert_int_equal(moments_finish(&out, &moments, &work), ERR_CANCELLED);
	assert_null(out);
	assert_null(moments.gram);
}

/* The sums hold the finished matrix, and hardly more than that. */
static void
test_moments__the_sums_have_the_size_of_the_matrix(void **state)
{
	(void)state;
	for (size_t n = 1; n < 20000; n += 1 + n / 3)
		assert_true(moments_bytes(n, true) >= n * n * sizeof(float));
	assert_true((double)moments_bytes(11008, true) < 1.02 * 4.0 * 11008 * 11008);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moments__any_width_gives_the_whole_matrix),
		cmocka_unit_test(test_moments__a_cancel_uses_the_sums_up),
		cmocka_unit_test(test_moments__the_sums_have_the_size_of_the_matrix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
