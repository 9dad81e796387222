#include "core/attention.h"

#include "kernels/forward.h"
#include "kernels/kernels.h"

#include <string.h>

/* Queries [begin, begin + count) of the call under one head; keys: those from `low` up to the last
 * that any of them sees. */
struct query_tile {
	const struct attention *a;
	size_t head, begin, count, low, keys;
	float *scores; /* (count, keys) */
};

static size_t
key_at(const struct query_tile *t)
{
	const struct attention *a = t->a;

	return (t->low * a->kv_heads + t->head / (a->heads / a->kv_heads)) * a->head_dim;
}

/* scores = scale query key' */
static void
score(const struct query_tile *t)
{
	const struct attention *a = t->a;

	kernels_current()->gemm(&(struct gemm){
		.m = t->count,
		.n = t->keys,
		.k = a->head_dim,
		.a = a->query + (t->begin * a->heads + t->head) * a->head_dim,
		.lda = a->heads * a->head_dim,
		.b = a->key + key_at(t),
		.ldb = a->kv_heads * a->head_dim,
		.c = t->scores,
		.ldc = t->keys,
		.alpha = a->scale,
		.transpose_b = 1,
	});
}

static void
mix(const struct query_tile *t)
{
	const struct attention *a = t->a;

	kernels_current()->gemm(&(struct gemm){
		.m = t->count,
		.n = a->head_dim,
		.k = t->keys,
		.a = t->scores,
		.lda = t->keys,
		.b = a->value + key_at(t),
		.ldb = a->kv_heads * a->head_dim,
		.c = a->out + (t->begin * a->heads + t->head) * a->head_dim,
		.ldc = a->heads * a->head_dim,
		.alpha = 1.0f,
	});
}

/* One query's scores become weights, up to a factor: the inverse of what is returned. */
static double
soften(const struct query_tile *t, size_t query)
{
	const struct forward_kernels *kernels = kernels_current()->forward;
	const struct attention *a = t->a;
	float *row = t->scores + query * t->keys;
	size_t end = a->first + t->begin + query + 1; /* keys it sees: [start, end) */
	size_t start = a->window && end > a->window ? end - a->window : 0;
	size_t from = start > t->low ? start - t->low : 0, count = end - t->low - from;
	double sum;

	if (a->softcap > 0.0f)
		kernels->softcap(row + from, a->softcap, count);
	if (a->bias)
		kernels_current()->axpy(row + from, 1.0f,
					a->bias + t->head * a->bias_stride + t->low + from, count);
	sum = kernels->exp_store(row + from, kernels->max(row + from, count), count);
	memset(row, 0, from * sizeof(*row));
	memset(row + from + count, 0, (t->keys - from - count) * sizeof(*row));
	return sum;
}

/* The weights sum to 1 only after mix: dividing its few outputs is cheaper. */
static void
run_tile(const struct query_tile *t)
{
	const struct attention *a = t->a;
	const struct forward_kernels *kernels = kernels_current()->forward;
	float inverse[ATTENTION_TILE];

	score(t);
	for (size_t i = 0; i < t->count; i++)
		inverse[i] = (float)(1.0 / soften(t, i));
	mix(t);
	for (size_t i = 0; i < t->count; i++)
		kernels->scale(a->out + ((t->begin + i) * a->heads + t->head) * a->head_dim,
			       inverse[i], a->head_dim);
}

static enum err
run_head(void *arg, size_t head, int worker)
{
	const struct attention *a = arg;

	for (size_t begin = 0; begin < a->count; begin += ATTENTION_TILE) {
		size_t left = a->count - begin;
		size_t count = left < ATTENTION_TILE ? left : ATTENTION_TILE;
		size_t end = a->first + begin + 1; /* of what the first query sees */
		size_t low = a->window && end > a->window ? end - a->window : 0;

		run_tile(&(struct query_tile){ .a = a,
					       .head = head,
					       .begin = begin,
					       .count = count,
					       .low = low,
					       .keys = a->first + begin + count - low,
					       .scores = a->scores +
							 (size_t)worker * a->scores_size });
	}
	return OK;
}

enum err
attention_run(const struct attention *attention, const struct work *work)
{
	enum err code = OK;

	if (attention->parallel)
		return work_each(work, attention->heads, run_head, (void *)attention);
	for (size_t head = 0; head < attention->heads && !code; head++)
		if (!(code = work_check(work)))
			code = run_head((void *)attention, head, 0);
	return code;
}
