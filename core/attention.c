#include "core/attention.h"

#include "kernels/forward.h"
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

/* Queries [begin, begin + count) of the call under one head; keys: those up to the last of them. */
struct query_tile {
	const struct attention *a;
	size_t head, begin, count, keys;
	float *scores; /* (count, keys) */
};

/* scores = query key' / sqrt(head_dim) */
static void
score(const struct query_tile *t)
{
	const struct attention *a = t->a;
	size_t group = a->heads / a->kv_heads;

	kernels_current()->gemm(&(struct gemm){
		.m = t->count,
		.n = t->keys,
		.k = a->head_dim,
		.a = a->query + (t->begin * a->heads + t->head) * a->head_dim,
		.lda = a->heads * a->head_dim,
		.b = a->key + t->head / group * a->head_dim,
		.ldb = a->kv_heads * a->head_dim,
		.c = t->scores,
		.ldc = t->keys,
		.alpha = (float)(1.0 / sqrt((double)a->head_dim)),
		.transpose_b = 1,
	});
}

static void
mix(const struct query_tile *t)
{
	const struct attention *a = t->a;
	size_t group = a->heads / a->kv_heads;

	kernels_current()->gemm(&(struct gemm){
		.m = t->count,
		.n = a->head_dim,
		.k = t->keys,
		.a = t->scores,
		.lda = t->keys,
		.b = a->value + t->head / group * a->head_dim,
		.ldb = a->kv_heads * a->head_dim,
		.c = a->out + (t->begin * a->heads + t->head) * a->head_dim,
		.ldc = a->heads * a->head_dim,
		.alpha = 1.0f,
	});
}

/* The weights sum to 1 only after mix: dividing its few outputs is cheaper. */
static void
run_tile(const struct query_tile *t)
{
	const struct attention *a = t->a;
	const struct forward_kernels *kernels = kernels_current()->forward;
	float inverse[ATTENTION_TILE];

	score(t);
	for (size_t i = 0; i < t->count; i++) {
		float *row = t->scores + i * t->keys;
		size_t seen = a->first + t->begin + i + 1;
		double sum = kernels->exp_store(row, kernels->max(row, seen), seen);

		memset(row + seen, 0, (t->keys - seen) * sizeof(*row));
		inverse[i] = (float)(1.0 / sum);
	}
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

		run_tile(&(struct query_tile){ .a = a,
					       .head = head,
					       .begin = begin,
					       .count = count,
					       .keys = a->first + begin + count,
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
