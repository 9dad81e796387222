/* labels: threads
 * The job queue: order, replacement by key, cancel, waking the owner. */
#include "core/jobs.h"
#include "support/support.h"

#include <poll.h>
#include <time.h>

static void
wait_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static enum err
until_cancelled(struct job *job, const struct work *work)
{
	(void)job;
	work_expect(work, 1000);
	while (!work_cancelled(work)) {
		work_advance(work, 1);
		wait_ms(1);
	}
	return work_check(work);
}

static enum err
quick(struct job *job, const struct work *work)
{
	work_expect(work, 1);
	work_advance(work, 1);
	*(int *)job->arg += 1;
	return OK;
}

static struct job *
take(struct jobs *jobs)
{
	struct pollfd fd = { .fd = jobs_wake_fd(jobs), .events = POLLIN };
	struct job *job;

	while (!(job = jobs_take(jobs))) {
		poll(&fd, 1, 5000);
		jobs_drain_wake(jobs);
	}
	return job;
}

static void
test_jobs__finished_jobs_come_back_in_order(void **state)
{
	struct jobs *jobs;
	struct job a = { .run = quick }, b = { .run = quick };
	int runs = 0;

	(void)state;
	a.arg = b.arg = &runs;
	assert_ok(jobs_start(&jobs, NULL));
	jobs_submit(jobs, &a);
	jobs_submit(jobs, &b);
	assert_ptr_equal(take(jobs), &a);
	assert_ptr_equal(take(jobs), &b);
	assert_int_equal(runs, 2);
	assert_null(jobs_take(jobs));
	jobs_stop(jobs);
}

static void
test_jobs__the_same_key_replaces_what_runs_within_100_ms(void **state)
{
	struct jobs *jobs;
	struct job slow = { .run = until_cancelled, .key = 9 }, next = { .run = quick, .key = 9 };
	int runs = 0;
	double start;

	(void)state;
	next.arg = &runs;
	assert_ok(jobs_start(&jobs, NULL));
	jobs_submit(jobs, &slow);
	while (!atomic_load(&slow.done))
		wait_ms(1);
	assert_true(job_estimate(&slow, jobs_now()) > 0);
	start = jobs_now();
	jobs_submit(jobs, &next);
	assert_ptr_equal(take(jobs), &slow);
	assert_int_equal(slow.result, ERR_CANCELLED);
	assert_true(jobs_now() - start < 5.0); /* 100 ms is measured in bench/, never gated here */
	assert_ptr_equal(take(jobs), &next);
	assert_int_equal(runs, 1);
	jobs_stop(jobs);
}

static void
test_jobs__stopping_cancels_everything(void **state)
{
	struct jobs *jobs;
	struct job slow = { .run = until_cancelled }, waiting = { .run = until_cancelled };

	(void)state;
	assert_ok(jobs_start(&jobs, NULL));
	jobs_submit(jobs, &slow);
	jobs_submit(jobs, &waiting);
	jobs_stop(jobs);
	assert_true(atomic_load(&slow.cancel));
	assert_true(atomic_load(&waiting.cancel));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jobs__finished_jobs_come_back_in_order),
		cmocka_unit_test(test_jobs__the_same_key_replaces_what_runs_within_100_ms),
		cmocka_unit_test(test_jobs__stopping_cancels_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
