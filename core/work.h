#ifndef CORE_WORK_H
#define CORE_WORK_H

#include "core/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a long computation needs from outside: threads to run on, a way to be told to stop, a place
 * to say how far it is, someone to show unfinished results to. It is passed down by pointer;
 * quantizers and core never see a thread. */
struct pool;

struct tile {         /* part of a matrix that a solver has finished */
	size_t layer; /* index within the solver's scope */
	size_t row, rows, column, columns;
	const float *values; /* dequantized, row by row */
	size_t stride;       /* floats from one row to the next */
};

struct work {
	struct pool *pool;         /* NULL: everything on the calling thread */
	const atomic_bool *cancel; /* NULL: cannot be cancelled */
	atomic_uint_fast64_t *done,
		*total; /* progress in units of the computation's choosing; may be NULL */
	void (*publish)(void *ctx,
			const struct tile *tile); /* may be NULL; called from any worker */
	void *publish_ctx;
};

/* Threads that help: the caller of work_each takes part, so `threads` 1 starts none. */
enum err pool_create(struct pool **out, int threads);
void pool_free(struct pool *pool);
int pool_threads(const struct pool *pool); /* 1 for NULL */

/* Call fn(arg, index, worker) for every index below count, worker in [0, work_threads). The order
 * is not defined; the outcome must not depend on it. Stops at the first failure or a cancel and
 * returns it, its detail recorded on this thread. One work_each at a time per pool; a nested call
 * runs on the calling thread alone. `work` may be NULL. */
enum err work_each(const struct work *work, size_t count,
		   enum err (*fn)(void *arg, size_t index, int worker), void *arg);
int work_threads(const struct work *work);

bool work_cancelled(const struct work *work);
enum err work_check(const struct work *work);              /* OK, or ERR_CANCELLED recorded */
void work_expect(const struct work *work, uint64_t units); /* add to the total */
void work_advance(const struct work *work, uint64_t units);
void work_publish(const struct work *work, const struct tile *tile);

#endif
