/* The forward pass's kernels: every set gives the bits of the generic one, and exp is exp. */
#include "kernels/forward.h"

#include "kernels/kernels.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

enum { N = 1037 };

struct values {
	float a[2 * N], b[2 * N], c[2 * N], d[2 * N];
	double sums[2 * N], squares[2 * N];
};

static void
fill(struct values *v)
{
	uint64_t seed = 7;

	memset(v, 0, sizeof(*v));
	for (int i = 0; i < 2 * N; i++) {
		v->a[i] = 6.0f * support_normal(&seed);
		v->b[i] = support_normal(&seed);
		v->c[i] = cosf((float)i);
		v->d[i] = sinf((float)i);
	}
	v->a[3] = -1e30f;
	v->a[40] = 200.0f;
	v->a[41] = -0.0f;
}

/* Run everything once; what comes out lies in `v` and `out`. */
static void
run_all(struct values *v, double out[5], const struct forward_kernels *k, size_t n)
{
	float most;

	fill(v);
	out[0] = k->exp_sum(v->a, 3.0f, n);
	out[1] = k->divergence(v->b, 7.0, v->c, 7.5, n);
	most = k->max(v->b, n);
	out[2] = (double)most;
	k->column_moments(v->sums, v->squares, v->d, v->a, n);
	k->add_to_double(v->sums, v->b, n);
	k->rotate(v->a, v->b, v->c, v->d, n);
	k->rotate_pairs(v->b, v->c, v->d, n);
	k->norm_scale(v->c, v->a, v->b, 0.37f, n);
	k->silu(v->a, v->b, n);
	k->gelu(v->a, v->b, n);
	k->gelu_tanh(v->a, NULL, n);
	k->quick_gelu(v->a, v->c, n);
	k->relu2(v->d, NULL, n);
	k->softcap(v->d, 3.0f, n);
	k->relu(v->d, v->b, n);
	out[4] = k->sum(v->a, n);
	k->center_scale(v->a, v->d, v->c, 0.7f, 1.3f, n);
	k->scale(v->b, 1.7f, n);
	out[3] = k->exp_store(v->c, 1.0f, n);
}

static void
test_forward__every_set_gives_the_same_bits(void **state)
{
	static struct values expected, got;
	double sums[5], others[5];
	const size_t sizes[] = { 0, 1, 7, 8, 16, 33, 256, N };

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		run_all(&expected, sums, kernels_available()[0]->forward, sizes[s]);
		for (const struct kernels *const *set = kernels_available(); *set; set++) {
			run_all(&got, others, (*set)->forward, sizes[s]);
			assert_memory_equal(&expected, &got, sizeof(got));
			assert_memory_equal(sums, others, sizeof(sums));
		}
	}
}

static void
test_forward__exp_is_within_two_ulp(void **state)
{
	const struct forward_kernels *k = kernels_available()[0]->forward;

	(void)state;
	for (double x = -86.9; x < 80.0; x += 0.00137) {
		float value = (float)x;
		double expected = exp((double)value), got = k->exp_store(&value, 0.0f, 1);

		if (!(fabs(got - expected) <= 2.4e-7 * expected))
			fail_msg("exp(%g) = %.9g, expected %.9g", x, got, expected);
	}
}

static void
test_forward__exp_keeps_nan_and_drops_to_zero(void **state)
{
	const struct forward_kernels *k = kernels_available()[0]->forward;
	float values[] = { NAN, -INFINITY, -88.0f, 0.0f };

	(void)state;
	k->exp_store(values, 0.0f, 4);
	assert_true(isnan(values[0]));
	assert_true(values[1] == 0.0f && values[2] == 0.0f && values[3] == 1.0f);
	assert_true(isnan(k->max(values, 4)));
	assert_true(k->max(values, 0) == -INFINITY);
}

static void
test_forward__divergence_of_equals_is_zero(void **state)
{
	const struct forward_kernels *k = kernels_current()->forward;
	float logits[] = { 1.0f, -2.0f, 0.5f, 7.0f, 3.0f, 3.0f, 3.0f, 1.0f, 0.25f };
	float other[] = { 0.0f, -2.0f, 0.5f, 7.5f, 2.0f, 3.0f, 3.0f, 1.0f, 0.25f };
	double log_sum = 7.0 + log(k->exp_sum(logits, 7.0f, 9)), kl = 0.0;
	double log_other = 7.5 + log(k->exp_sum(other, 7.5f, 9));

	(void)state;
	assert_true(k->divergence(logits, log_sum, logits, log_sum, 9) == 0.0);
	for (int i = 0; i < 9; i++) {
		double p = (double)logits[i] - log_sum;

		kl += exp(p) * (p - ((double)other[i] - log_other));
	}
	assert_true(fabs(kl - k->divergence(logits, log_sum, other, log_other, 9)) < 1e-7);
}

static double
phi(double x)
{
	return 0.5 * erfc(-x / sqrt(2.0));
}

/* What an activation should be, in double. */
static double
activation_of(int which, double x)
{
	switch (which) {
	case 0:
		return x / (1.0 + exp(-x));
	case 1:
		return x * phi(x);
	case 2:
		return 0.5 * x *
		       (1.0 + tanh(sqrt(2.0 / 3.14159265358979324) * (x + 0.044715 * x * x * x)));
	case 3:
		return x / (1.0 + exp(-1.702 * x));
	case 4:
		return x > 0.0 ? x : 0.0;
	case 5:
		return x > 0.0 ? x * x : 0.0;
	default:
		return 30.0 * tanh(x / 30.0);
	}
}

static void
apply_activation(int which, float *x)
{
	const struct forward_kernels *k = kernels_current()->forward;
	void (*const kernels[])(float *, const float *, size_t) = { k->silu,      k->gelu,
								    k->gelu_tanh, k->quick_gelu,
								    k->relu,      k->relu2 };

	if (which < 6)
		kernels[which](x, NULL, 1);
	else
		k->softcap(x, 30.0f, 1);
}

static void
test_forward__activations_are_their_formulas(void **state)
{
	(void)state;
	for (int which = 0; which < 7; which++) {
		for (double x = -40.0; x < 40.0; x += 0.0137) {
			float value = (float)x;
			double expected = activation_of(which, (double)value);
			/* A capped value is exact to a share of its cap. */
			double slack = which < 6 ? 3e-7 : 30.0 * 6e-8;

			apply_activation(which, &value);
			if (!(fabs((double)value - expected) <= 1e-6 * fabs(expected) + slack))
				fail_msg("activation %d of %g is %.9g, expected %.9g", which, x,
					 (double)value, expected);
		}
	}
}

static void
test_forward__an_activation_multiplies_by_its_partner(void **state)
{
	float x[11], by[11], alone[11];

	(void)state;
	for (int i = 0; i < 11; i++) {
		x[i] = alone[i] = (float)i - 5.3f;
		by[i] = 0.5f * (float)i - 2.0f;
	}
	kernels_current()->forward->gelu(alone, NULL, 11);
	kernels_current()->forward->gelu(x, by, 11);
	for (int i = 0; i < 11; i++)
		assert_true(x[i] == alone[i] * by[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forward__every_set_gives_the_same_bits),
		cmocka_unit_test(test_forward__exp_is_within_two_ulp),
		cmocka_unit_test(test_forward__exp_keeps_nan_and_drops_to_zero),
		cmocka_unit_test(test_forward__divergence_of_equals_is_zero),
		cmocka_unit_test(test_forward__activations_are_their_formulas),
		cmocka_unit_test(test_forward__an_activation_multiplies_by_its_partner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
