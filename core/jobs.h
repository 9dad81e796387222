#ifndef CORE_JOBS_H
#define CORE_JOBS_H

#include "core/err.h"
#include "core/work.h"

/* Work that must not block the terminal. One driver thread runs jobs in order; each may fan out
 * over the pool. While a job is queued or running the driver owns it, apart from the atomics;
 * jobs_take hands it back to the owner, who frees it. */
struct job {
	enum err (*run)(struct job *job, const struct work *work); /* on the driver thread */
	void (*publish)(void *ctx, const struct tile *tile);       /* optional, see struct work */
	void *arg;
	const char *title; /* shown: "gptq layers.3.attn.q" */
	uint64_t key; /* jobs_submit cancels a queued or running job with the same key; 0: none */

	atomic_bool cancel;               /* set by the owner */
	atomic_uint_fast64_t done, total; /* set by run */
	_Atomic double started;           /* seconds, CLOCK_MONOTONIC; 0 before */
	double finished;                  /* valid once taken */

	enum err result; /* valid once taken */
	struct err_detail error;
	struct job *next; /* private */
};

struct jobs;

enum err jobs_start(struct jobs **out, struct pool *pool);
void jobs_stop(
	struct jobs *jobs); /* cancels everything, waits, drops finished jobs; NULL is fine */

/* The owner's thread alone calls these. */
void jobs_submit(struct jobs *jobs, struct job *job);
void jobs_cancel_all(struct jobs *jobs);
int jobs_wake_fd(
	const struct jobs *jobs);         /* readable when a job finished or jobs_wake was called */
void jobs_wake(struct jobs *jobs);        /* from any thread: make the owner's poll return */
void jobs_drain_wake(struct jobs *jobs);  /* empty the pipe after poll */
struct job *jobs_take(struct jobs *jobs); /* a finished job, or NULL */

/* Seconds still to go by the progress so far, or -1 when nothing can be said yet. */
double job_estimate(const struct job *job, double now);
double jobs_now(void);

#endif
