#include "core/attention.h"

#include "kernels/forward.h"
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

/* scores (count, keys) = query key' / sqrt(head_dim) */
static void
score(const struct attention *a, size_t head, float *scores)
{
	size_t keys = a->first + a->count, group = a->heads / a->kv_heads;

	kernels_current()->gemm(&(struct gemm){
		.m = a->count,
		.n = keys,
		.k = a->head_dim,
		.a = a->query + head * a->head_dim,
		.lda = a->heads * a->head_dim,
		.b = a->key + head / group * a->head_dim,
		.ldb = a->kv_heads * a->head_dim,
		.c = scores,
		.ldc = keys,
		.alpha = (float)(1.0 / sqrt((double)a->head_dim)),
		.transpose_b = 1,
	});
}

static void
mix(const struct attention *a, size_t head, const float *weights)
{
	size_t keys = a->first + a->count, group = a->heads / a->kv_heads;

	kernels_current()->gemm(&(struct gemm){
		.m = a->count,
		.n = a->head_dim,
		.k = keys,
		.a = weights,
		.lda = keys,
		.b = a->value + head / group * a->head_dim,
		.ldb = a->kv_heads * a->head_dim,
		.c = a->out + head * a->head_dim,
		.ldc = a->heads * a->head_dim,
		.alpha = 1.0f,
	});
}

/* Rows of weights that sum to 1 only after mix: dividing its few outputs is cheaper. */
static enum err
run_head(void *arg, size_t head, int worker)
{
	const struct attention *a = arg;
	const struct forward_kernels *kernels = kernels_current()->forward;
	size_t keys = a->first + a->count;
	float *scores = a->scores + (size_t)worker * a->scores_size;
	float inverse[ATTENTION_TILE];

	score(a, head, scores);
	for (size_t i = 0; i < a->count; i++) {
		float *row = scores + i * keys;
		size_t seen = a->first + i + 1;
		double sum = kernels->exp_store(row, kernels->max(row, seen), seen);

		memset(row + seen, 0, (keys - seen) * sizeof(*row));
		inverse[i] = (float)(1.0 / sum);
	}
	mix(a, head, scores);
	for (size_t i = 0; i < a->count; i++)
		kernels->scale(a->out + (i * a->heads + head) * a->head_dim, inverse[i],
			       a->head_dim);
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
