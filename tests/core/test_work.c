/* labels: threads
 * The parallel loop: every index once, first failure returned, cancel obeyed, nesting safe. */
#include "core/work.h"
#include "support/support.h"

#include <stdio.h>

enum { COUNT = 1000 };

struct tally {
	atomic_int seen[COUNT];
	const struct work *work;
	atomic_bool *cancel;
};

static enum err
count_one(void *arg, size_t index, int worker)
{
	struct tally *tally = arg;

	assert_true(worker >= 0 && worker < work_threads(tally->work));
	atomic_fetch_add(&tally->seen[index], 1);
	return OK;
}

static void
test_work__every_index_is_run_once_on_any_number_of_threads(void **state)
{
	(void)state;
	for (int threads = 1; threads <= 5; threads++) {
		struct pool *pool;
		struct work work = { 0 };
		struct tally tally = { .work = &work };

		assert_ok(pool_create(&pool, threads));
		work.pool = pool;
		for (int round = 0; round < 50; round++)
			assert_ok(work_each(&work, COUNT, count_one, &tally));
		for (int i = 0; i < COUNT; i++)
			assert_int_equal(atomic_load(&tally.seen[i]), 50);
		pool_free(pool);
	}
}

static enum err
fail_at_seven(void *arg, size_t index, int worker)
{
	(void)arg;
	(void)worker;
	return index == 7 ? err_set(ERR_RANGE, "seven is right out") : OK;
}

static void
test_work__a_failure_comes_back_with_its_words(void **state)
{
	struct pool *pool;
	struct work work = { 0 };

	(void)state;
	assert_ok(pool_create(&pool, 4));
	work.pool = pool;
	assert_err(ERR_RANGE, "seven is right out", work_each(&work, COUNT, fail_at_seven, NULL));
	pool_free(pool);
}

static enum err
cancel_at_ten(void *arg, size_t index, int worker)
{
	struct tally *tally = arg;

	(void)worker;
	atomic_fetch_add(&tally->seen[0], 1);
	if (index == 10)
		atomic_store(tally->cancel, true);
	return OK;
}

static void
test_work__a_cancel_stops_the_loop(void **state)
{
	struct pool *pool;
	atomic_bool cancel = false;
	struct work work = { .cancel = &cancel };
	struct tally tally = { .work = &work, .cancel = &cancel };

	(void)state;
	assert_ok(pool_create(&pool, 2));
	work.pool = pool;
	assert_err(ERR_CANCELLED, "cancelled", work_each(&work, COUNT, cancel_at_ten, &tally));
	assert_true(atomic_load(&tally.seen[0]) < COUNT);
	pool_free(pool);
}

static enum err
nested(void *arg, size_t index, int worker)
{
	struct tally *tally = arg;

	(void)index;
	(void)worker;
	return work_each(tally->work, 10, count_one, tally);
}

static void
test_work__a_nested_loop_runs_alone(void **state)
{
	struct pool *pool;
	struct work work = { 0 };
	struct tally tally = { .work = &work };

	(void)state;
	assert_ok(pool_create(&pool, 3));
	work.pool = pool;
	assert_ok(work_each(&work, 100, nested, &tally));
	for (int i = 0; i < 10; i++)
		assert_int_equal(atomic_load(&tally.seen[i]), 100);
	pool_free(pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_work__every_index_is_run_once_on_any_number_of_threads),
		cmocka_unit_test(test_work__a_failure_comes_back_with_its_words),
		cmocka_unit_test(test_work__a_cancel_stops_the_loop),
		cmocka_unit_test(test_work__a_nested_loop_runs_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
