/* A first-in first-out queue with one driver thread. A finished job goes to a second list and a
 * byte into a pipe, and the owner takes it back on its own thread. */
#include "core/jobs.h"

#include "core/buf.h"

#include <fcntl.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

struct jobs {
	struct pool *pool;
	pthread_t driver;
	pthread_mutex_t lock; /* guards everything below */
	pthread_cond_t wake;
	struct job *queued, *running, *finished; /* queued and finished: oldest first */
	bool quit;
	int pipe[2];
};

double
jobs_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void
append(struct job **list, struct job *job)
{
	while (*list)
		list = &(*list)->next;
	job->next = NULL;
	*list = job;
}

static struct job *
pop(struct job **list)
{
	struct job *job = *list;

	if (job) {
		*list = job->next;
		job->next = NULL;
	}
	return job;
}

static void
run(struct jobs *jobs, struct job *job)
{
	struct work work = { .pool = jobs->pool,
			     .cancel = &job->cancel,
			     .done = &job->done,
			     .total = &job->total,
			     .publish = job->publish,
			     .publish_ctx = job->arg };

	job->result = work_check(&work);
	if (!job->result)
		job->result = job->run(job, &work);
	if (job->result) {
		job->error = *err_last();
		job->error.code = job->result;
	}
}

static void *
drive(void *arg)
{
	struct jobs *jobs = arg;

	pthread_mutex_lock(&jobs->lock);
	for (;;) {
		struct job *job;

		while (!jobs->quit && !jobs->queued)
			pthread_cond_wait(&jobs->wake, &jobs->lock);
		if (jobs->quit)
			break;
		job = jobs->running = pop(&jobs->queued);
		job->started = jobs_now();
		pthread_mutex_unlock(&jobs->lock);
		run(jobs, job);
		pthread_mutex_lock(&jobs->lock);
		job->finished = jobs_now();
		jobs->running = NULL;
		append(&jobs->finished, job);
		jobs_wake(jobs);
	}
	pthread_mutex_unlock(&jobs->lock);
	return NULL;
}

enum err
jobs_start(struct jobs **out, struct pool *pool)
{
	struct jobs *jobs = buf_alloc(1, sizeof(*jobs));

	*out = NULL;
	if (!jobs)
		return ERR_NOMEM;
	jobs->pool = pool;
	if (pipe2(jobs->pipe, O_CLOEXEC | O_NONBLOCK)) {
		buf_free(jobs);
		return err_set(ERR_IO, "cannot make a pipe; close some files and try again");
	}
	pthread_mutex_init(&jobs->lock, NULL);
	pthread_cond_init(&jobs->wake, NULL);
	if (pthread_create(&jobs->driver, NULL, drive, jobs)) {
		close(jobs->pipe[0]);
		close(jobs->pipe[1]);
		buf_free(jobs);
		return err_set(ERR_NOMEM, "cannot start the job thread");
	}
	*out = jobs;
	return OK;
}

void
jobs_stop(struct jobs *jobs)
{
	if (!jobs)
		return;
	jobs_cancel_all(jobs);
	pthread_mutex_lock(&jobs->lock);
	jobs->quit = true;
	pthread_cond_signal(&jobs->wake);
	pthread_mutex_unlock(&jobs->lock);
	pthread_join(jobs->driver, NULL);
	pthread_mutex_destroy(&jobs->lock);
	pthread_cond_destroy(&jobs->wake);
	close(jobs->pipe[0]);
	close(jobs->pipe[1]);
	buf_free(jobs);
}

/* Queued jobs that are cancelled still pass through the driver, so that every job submitted is
 * taken back exactly once. */
static void
cancel_key(struct jobs *jobs, uint64_t key)
{
	if (jobs->running && jobs->running->key == key)
		atomic_store(&jobs->running->cancel, true);
	for (struct job *job = jobs->queued; job; job = job->next)
		if (job->key == key)
			atomic_store(&job->cancel, true);
}

void
jobs_submit(struct jobs *jobs, struct job *job)
{
	pthread_mutex_lock(&jobs->lock);
	if (job->key)
		cancel_key(jobs, job->key);
	append(&jobs->queued, job);
	pthread_cond_signal(&jobs->wake);
	pthread_mutex_unlock(&jobs->lock);
}

void
jobs_cancel_all(struct jobs *jobs)
{
	pthread_mutex_lock(&jobs->lock);
	if (jobs->running)
		atomic_store(&jobs->running->cancel, true);
	for (struct job *job = jobs->queued; job; job = job->next)
		atomic_store(&job->cancel, true);
	pthread_mutex_unlock(&jobs->lock);
}

int
jobs_wake_fd(const struct jobs *jobs)
{
	return jobs->pipe[0];
}

void
jobs_wake(struct jobs *jobs)
{
	/* A full pipe already wakes the owner. */
	if (write(jobs->pipe[1], "", 1) < 0)
		return;
}

void
jobs_drain_wake(struct jobs *jobs)
{
	char bytes[64];

	while (read(jobs->pipe[0], bytes, sizeof(bytes)) > 0)
		;
}

struct job *
jobs_take(struct jobs *jobs)
{
	struct job *job;

	pthread_mutex_lock(&jobs->lock);
	job = pop(&jobs->finished);
	pthread_mutex_unlock(&jobs->lock);
	return job;
}

double
job_estimate(const struct job *job, double now)
{
	uint64_t done = atomic_load(&job->done), total = atomic_load(&job->total);
	double started = atomic_load(&job->started);

	if (started <= 0 || !done || total < done)
		return -1;
	return (now - started) * (double)(total - done) / (double)done;
}
