/* A pool of helpers and one parallel loop. Indices are handed out by an atomic counter; whoever
 * calls work_each takes part. A second work_each while one runs (a nested one, say) runs alone on
 * its own thread, so no order of calls can deadlock. */
#include "core/work.h"

#include "core/buf.h"

#include <pthread.h>
#include <string.h>

struct loop {
	const struct work *work;
	size_t count;
	enum err (*fn)(void *arg, size_t index, int worker);
	void *arg;
	atomic_size_t next;
	atomic_bool stop;
	pthread_mutex_t lock; /* guards error */
	struct err_detail error;
};

struct pool {
	int threads;
	pthread_t *helpers; /* (threads - 1) */
	int started;
	pthread_mutex_t lock; /* guards everything below */
	pthread_cond_t wake, idle;
	struct loop *loop;   /* the one running, or NULL */
	unsigned generation; /* counts loops, so that a helper joins each once */
	int inside;          /* helpers working on it */
	bool quit;
	atomic_bool busy;
};

struct helper_arg {
	struct pool *pool;
	int worker;
};

static void
loop_fail(struct loop *loop, enum err code)
{
	pthread_mutex_lock(&loop->lock);
	if (!loop->error.code) {
		loop->error = *err_last();
		loop->error.code = code;
	}
	pthread_mutex_unlock(&loop->lock);
	atomic_store(&loop->stop, true);
}

static void
loop_run(struct loop *loop, int worker)
{
	while (!atomic_load(&loop->stop)) {
		size_t index = atomic_fetch_add(&loop->next, 1);
		enum err code;

		if (index >= loop->count)
			return;
		code = work_check(loop->work);
		if (!code)
			code = loop->fn(loop->arg, index, worker);
		if (code)
			loop_fail(loop, code);
	}
}

static void *
helper(void *arg)
{
	struct pool *pool = ((struct helper_arg *)arg)->pool;
	int worker = ((struct helper_arg *)arg)->worker;
	unsigned seen = 0;

	buf_free(arg);
	pthread_mutex_lock(&pool->lock);
	for (;;) {
		struct loop *loop;

		while (!pool->quit && (!pool->loop || pool->generation == seen))
			pthread_cond_wait(&pool->wake, &pool->lock);
		if (pool->quit)
			break;
		seen = pool->generation;
		loop = pool->loop;
		pool->inside++;
		pthread_mutex_unlock(&pool->lock);
		loop_run(loop, worker);
		pthread_mutex_lock(&pool->lock);
		if (--pool->inside == 0)
			pthread_cond_signal(&pool->idle);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static enum err
start_helpers(struct pool *pool)
{
	for (; pool->started < pool->threads - 1; pool->started++) {
		struct helper_arg *arg = buf_alloc(1, sizeof(*arg));

		if (!arg)
			return ERR_NOMEM;
		*arg = (struct helper_arg){ pool, pool->started + 1 };
		if (pthread_create(&pool->helpers[pool->started], NULL, helper, arg)) {
			buf_free(arg);
			return err_set(ERR_NOMEM, "cannot start thread %d; use a smaller --threads",
				       pool->started + 1);
		}
	}
	return OK;
}

enum err
pool_create(struct pool **out, int threads)
{
	struct pool *pool = buf_alloc(1, sizeof(*pool));
	enum err code = ERR_NOMEM;

	*out = NULL;
	if (!pool)
		return ERR_NOMEM;
	pool->threads = threads > 1 ? threads : 1;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->wake, NULL);
	pthread_cond_init(&pool->idle, NULL);
	pool->helpers = buf_alloc((size_t)pool->threads, sizeof(*pool->helpers));
	if (pool->helpers)
		code = start_helpers(pool);
	if (code)
		pool_free(pool);
	else
		*out = pool;
	return code;
}

void
pool_free(struct pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->quit = true;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	for (int i = 0; i < pool->started; i++)
		pthread_join(pool->helpers[i], NULL);
	pthread_cond_destroy(&pool->wake);
	pthread_cond_destroy(&pool->idle);
	pthread_mutex_destroy(&pool->lock);
	buf_free(pool->helpers);
	buf_free(pool);
}

int
pool_threads(const struct pool *pool)
{
	return pool ? pool->threads : 1;
}

int
work_threads(const struct work *work)
{
	return work ? pool_threads(work->pool) : 1;
}

static void
pool_open(struct pool *pool, struct loop *loop)
{
	pthread_mutex_lock(&pool->lock);
	pool->loop = loop;
	pool->generation++;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
}

/* After this no helper holds the loop: late wakers find pool->loop NULL. */
static void
pool_close(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->loop = NULL;
	while (pool->inside)
		pthread_cond_wait(&pool->idle, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
}

enum err
work_each(const struct work *work, size_t count,
	  enum err (*fn)(void *arg, size_t index, int worker), void *arg)
{
	struct loop loop = { .work = work, .count = count, .fn = fn, .arg = arg };
	struct pool *pool = work ? work->pool : NULL;
	bool shared = pool && count > 1 && !atomic_exchange(&pool->busy, true);
	enum err code;

	pthread_mutex_init(&loop.lock, NULL);
	if (shared)
		pool_open(pool, &loop);
	loop_run(&loop, 0);
	if (shared) {
		pool_close(pool);
		atomic_store(&pool->busy, false);
	}
	pthread_mutex_destroy(&loop.lock);
	code = loop.error.code;
	return code ? err_adopt(&loop.error) : OK;
}

bool
work_cancelled(const struct work *work)
{
	return work && work->cancel && atomic_load_explicit(work->cancel, memory_order_relaxed);
}

enum err
work_check(const struct work *work)
{
	return work_cancelled(work) ? err_set(ERR_CANCELLED, "cancelled") : OK;
}

void
work_expect(const struct work *work, uint64_t units)
{
	if (work && work->total)
		atomic_fetch_add_explicit(work->total, units, memory_order_relaxed);
}

void
work_advance(const struct work *work, uint64_t units)
{
	if (work && work->done)
		atomic_fetch_add_explicit(work->done, units, memory_order_relaxed);
}

void
work_publish(const struct work *work, const struct tile *tile)
{
	if (work && work->publish)
		work->publish(work->publish_ctx, tile);
}
