/* Attention against the plain double loop, over windows, caps, biases and tiles; ALiBi's slopes. */
#include "core/attention.h"

#include "core/alibi.h"
#include "core/buf.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

enum { HEADS = 6, KV = 2, DIM = 5, LONGEST = 301 };

struct values {
	float query[LONGEST * HEADS * DIM], key[LONGEST * KV * DIM], value[LONGEST * KV * DIM];
	float out[LONGEST * HEADS * DIM], bias[HEADS * LONGEST], scores[ATTENTION_TILE * LONGEST];
};

static void
fill(float *x, size_t n, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++)
		x[i] = support_normal(seed);
}

/* One query's output by the definition. */
static void
expect(double out[DIM], const struct attention *a, size_t position, size_t head)
{
	size_t start = a->window && position + 1 > a->window ? position + 1 - a->window : 0;
	size_t kv = head / (a->heads / a->kv_heads);
	const float *q = a->query + ((position - a->first) * a->heads + head) * a->head_dim;
	double sum = 0.0;

	memset(out, 0, DIM * sizeof(*out));
	for (size_t j = start; j <= position; j++) {
		const float *k = a->key + (j * a->kv_heads + kv) * a->head_dim;
		double score = 0.0;

		for (size_t d = 0; d < a->head_dim; d++)
			score += (double)q[d] * (double)k[d];
		score *= (double)a->scale;
		if (a->softcap > 0.0f)
			score = (double)a->softcap * tanh(score / (double)a->softcap);
		if (a->bias)
			score += (double)a->bias[head * a->bias_stride + j];
		sum += exp(score);
		for (size_t d = 0; d < a->head_dim; d++)
			out[d] += exp(score) *
				  (double)a->value[(j * a->kv_heads + kv) * a->head_dim + d];
	}
	for (size_t d = 0; d < a->head_dim; d++)
		out[d] /= sum;
}

static void
check(const struct attention *a)
{
	for (size_t i = 0; i < a->count; i++)
		for (size_t head = 0; head < a->heads; head++) {
			const float *got = a->out + (i * a->heads + head) * a->head_dim;
			double expected[DIM];

			expect(expected, a, a->first + i, head);
			for (size_t d = 0; d < a->head_dim; d++)
				if (!(fabs((double)got[d] - expected[d]) < 2e-6))
					fail_msg("window %zu, position %zu, head %zu: %g, expected "
						 "%g",
						 a->window, a->first + i, head, (double)got[d],
						 expected[d]);
		}
}

static void
test_attention__windows_caps_and_biases_are_their_definition(void **state)
{
	static const size_t windows[] = { 0, 1, 2, 100, 128, 129, 300, 1000 };
	struct values *v = buf_alloc(1, sizeof(*v));
	uint64_t seed = 11;

	(void)state;
	fill(v->query, sizeof(v->query) / sizeof(float), &seed);
	fill(v->key, sizeof(v->key) / sizeof(float), &seed);
	fill(v->value, sizeof(v->value) / sizeof(float), &seed);
	fill(v->bias, sizeof(v->bias) / sizeof(float), &seed);
	for (size_t w = 0; w < sizeof(windows) / sizeof(*windows); w++) {
		for (int options = 0; options < 4; options++) {
			struct attention a = { .heads = HEADS,
					       .kv_heads = KV,
					       .head_dim = DIM,
					       .first = w % 2 ? 45 : 0,
					       .count = w % 2 ? LONGEST - 45 : LONGEST,
					       .query = v->query,
					       .key = v->key,
					       .value = v->value,
					       .scale = 0.7f,
					       .softcap = options & 1 ? 1.5f : 0.0f,
					       .window = windows[w],
					       .bias = options & 2 ? v->bias : NULL,
					       .bias_stride = LONGEST,
					       .out = v->out,
					       .scores = v->scores,
					       .scores_size = sizeof(v->scores) / sizeof(float) };

			assert_ok(attention_run(&a, NULL));
			check(&a);
		}
	}
	buf_free(v);
}

/* Press et al. 2021: 8 heads have 2^-1 ... 2^-8; 6 have those of 4, then every other one of 8. */
static void
test_alibi__slopes_are_published_ones(void **state)
{
	static const double of_six[] = { 0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125 };
	struct model_shape shape = { .heads = 8 };
	float *bias;

	(void)state;
	assert_ok(alibi_create(&bias, &shape, 1.0f, 3));
	for (size_t head = 0; head < 8; head++) {
		assert_true(bias[head * 3] == 0.0f);
		assert_true(bias[head * 3 + 2] == 2.0f * exp2f(-(float)(head + 1)));
	}
	buf_free(bias);
	shape.heads = 6;
	assert_ok(alibi_create(&bias, &shape, 1.0f, 2));
	for (size_t head = 0; head < 6; head++)
		assert_true((double)bias[head * 2 + 1] == of_six[head]);
	buf_free(bias);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attention__windows_caps_and_biases_are_their_definition),
		cmocka_unit_test(test_alibi__slopes_are_published_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
