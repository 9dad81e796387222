/* labels: slow
 * A layer of a real model (4096 wide) holds a thread for seconds; it lets go within 100 ms. */
#include "core/attention.h"
#include "core/buf.h"
#include "core/estimate.h"
#include "core/matmul.h"
#include "core/moments.h"
#include "support/models.h"
#include "support/support.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

enum { WIDE = 4096, TOKENS = 512, ROUNDS = 5 };

/* Cancels after a while and notes when it did. */
struct canceller {
	atomic_bool cancel;
	double after, at;
};

static void *
cancel_later(void *arg)
{
	struct canceller *c = arg;
	struct timespec pause = { 0, (long)(c->after * 1e9) };

	nanosleep(&pause, NULL);
	c->at = support_seconds();
	atomic_store(&c->cancel, true);
	return NULL;
}

/* Seconds from the cancel to the return of `run`, which would go on for ever. The median of a few
 * rounds: other programs on this machine may hold one up. */
static double
seconds_to_stop(enum err (*run)(void *arg, const struct work *work), void *arg)
{
	double took[ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		struct canceller c = { .after = 0.05 };
		struct threads threads;
		pthread_t thread;
		enum err code = OK;

		atomic_init(&c.cancel, false);
		threads_open(&threads, 2);
		threads.work.cancel = &c.cancel;
		assert_int_equal(pthread_create(&thread, NULL, cancel_later, &c), 0);
		while (!code)
			code = run(arg, &threads.work);
		pthread_join(thread, NULL);
		took[round] = support_seconds() - c.at;
		assert_int_equal(code, ERR_CANCELLED);
		threads_close(&threads);
	}
	estimate_sort(took, ROUNDS);
	return took[ROUNDS / 2];
}

static enum err
multiply(void *arg, const struct work *work)
{
	return matmul_run(arg, work);
}

static void
test_cancel__a_product_of_4096_stops_within_100_ms(void **state)
{
	struct matmul m = { .tokens = TOKENS,
			    .rows = WIDE,
			    .columns = WIDE,
			    .x = buf_alloc(TOKENS * WIDE, sizeof(float)),
			    .x_stride = WIDE,
			    .weight = buf_alloc(WIDE * WIDE, sizeof(float)),
			    .out = buf_alloc(TOKENS * WIDE, sizeof(float)),
			    .out_stride = WIDE };
	double took = seconds_to_stop(multiply, &m);

	(void)state;
	print_message("product: %.0f ms\n", 1e3 * took);
	assert_true(took < 0.1);
	buf_free((void *)m.x);
	buf_free((void *)m.weight);
	buf_free(m.out);
}

static enum err
attend(void *arg, const struct work *work)
{
	return attention_run(arg, work);
}

/* The last tile of a sequence of 8192 tokens, 32 heads of 128. */
static void
test_cancel__attention_over_8192_keys_stops_within_100_ms(void **state)
{
	size_t keys = 8192, heads = 32, dim = 128, count = ATTENTION_TILE;
	float *query = buf_alloc(count * heads * dim, sizeof(float));
	float *key = buf_alloc(keys * 8 * dim, sizeof(float));
	struct attention a = { .heads = heads,
			       .kv_heads = 8,
			       .head_dim = dim,
			       .first = keys - count,
			       .count = count,
			       .query = query,
			       .key = key,
			       .value = key,
			       .out = buf_alloc(count * heads * dim, sizeof(float)),
			       .scores = buf_alloc(count * keys, sizeof(float)),
			       .scores_size = count * keys };
	double took = seconds_to_stop(attend, &a);

	(void)state;
	print_message("attention: %.0f ms\n", 1e3 * took);
	assert_true(took < 0.1);
	buf_free(query);
	buf_free(key);
	buf_free(a.out);
	buf_free(a.scores);
}

struct gram {
	struct moments moments;
	struct rows rows;
};

static enum err
add_part(void *arg, size_t index, int worker)
{
	struct gram *gram = arg;

	(void)worker;
	moments_add_part(&gram->moments, index, &gram->rows);
	return OK;
}

static enum err
add_all(void *arg, const struct work *work)
{
	return work_each(work, moments_parts(&((struct gram *)arg)->moments), add_part, arg);
}

static void
test_cancel__a_gram_matrix_of_4096_stops_within_100_ms(void **state)
{
	const size_t start[] = { 0, 2 * TOKENS, 4 * TOKENS };
	float *x = buf_alloc(start[2] * WIDE, sizeof(*x));
	struct gram gram = { .rows = { x, start, 2 } };
	double took;

	(void)state;
	assert_ok(moments_create(&gram.moments, WIDE, true));
	took = seconds_to_stop(add_all, &gram);
	print_message("gram: %.0f ms\n", 1e3 * took);
	assert_true(took < 0.1);
	moments_free(&gram.moments);
	buf_free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cancel__a_product_of_4096_stops_within_100_ms),
		cmocka_unit_test(test_cancel__attention_over_8192_keys_stops_within_100_ms),
		cmocka_unit_test(test_cancel__a_gram_matrix_of_4096_stops_within_100_ms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
