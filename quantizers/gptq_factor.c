/* GPTQ rounds column by column and moves what is left onto the columns still to come, so as to keep
 * tr(D H D') small. With H = M M', M upper triangular in the order of rounding, column j of D M is
 * the sum over i <= j of D_i M_ij: it is least when w_j + sum over i < j of D_i M_ij / M_jj is
 * rounded. That is the published algorithm, whose Cholesky factor of the inverse is the inverse of
 * M, without the inverse (QuIP calls it LDLQ: Chee et al. 2023, arXiv 2307.13304, theorem 6). M is
 * found as the Cholesky factor of H with its order reversed; hence the slots. */
#include "quantizers/gptq_factor.h"

#include "core/buf.h"
#include "quantizers/linalg.h"

#include <string.h>

static const double damp_step = 0.01;

enum { ROWS = 64 };

struct making {
	struct gptq_factor *factor;
	const struct quant_task *task;
	const float *gram;
};

static double
diagonal(const struct gptq_factor *factor, const float *gram, size_t column)
{
	/* The reference sets a dead channel's 2 x'x / n to 1. */
	return factor->dead[column] ? 0.5 : (double)gram[column * (factor->n + 1)];
}

/* Merges runs, largest first; channels that are alike keep their order. */
static void
sort_by_diagonal(uint32_t *order, uint32_t *scratch, const double *key, size_t n)
{
	for (size_t width = 1; width < n; width *= 2) {
		for (size_t first = 0; first < n; first += 2 * width) {
			size_t middle = first + width < n ? first + width : n;
			size_t end = middle + width < n ? middle + width : n;
			size_t a = first, b = middle;

			for (size_t i = first; i < end; i++)
				scratch[i] =
					b >= end || (a < middle && key[order[a]] >= key[order[b]])
						? order[a++]
						: order[b++];
		}
		memcpy(order, scratch, n * sizeof(*order));
	}
}

static enum err
order_columns(struct making *m, const struct gptq_order *order)
{
	size_t n = m->factor->n;
	uint32_t *sorted = buf_alloc(n, sizeof(*sorted));
	uint32_t *scratch = buf_alloc(n, sizeof(*scratch));
	double *key = buf_alloc(n, sizeof(*key));
	bool ready = sorted && scratch && key;

	for (size_t i = 0; i < n && ready; i++) {
		sorted[i] = (uint32_t)i;
		m->factor->dead[i] = m->gram[i * (n + 1)] <= 0.0f;
		key[i] = diagonal(m->factor, m->gram, i);
	}
	if (ready && order->act_order)
		sort_by_diagonal(sorted, scratch, key, n);
	for (size_t i = 0; i < n && ready; i++)
		m->factor->column[n - 1 - i] = sorted[i];
	buf_free(sorted);
	buf_free(scratch);
	buf_free(key);
	return ready ? OK : ERR_NOMEM;
}

static enum err
copy_rows(void *arg, size_t index, int worker)
{
	const struct making *m = arg;
	const struct gptq_factor *factor = m->factor;
	size_t n = factor->n, end = (index + 1) * ROWS < n ? (index + 1) * ROWS : n;
	double mean = 0.0;

	(void)worker;
	for (size_t column = 0; column < n; column++)
		mean += diagonal(factor, m->gram, column) / (double)n;
	for (size_t s = index * ROWS; s < end; s++) {
		const float *from = m->gram + factor->column[s] * n;
		float *to = factor->feed + s * factor->ld;

		for (size_t t = s; t < n; t++)
			to[t] = from[factor->column[t]];
		to[s] = (float)(diagonal(factor, m->gram, factor->column[s]) + factor->damp * mean);
	}
	return OK;
}

/* U to unit rows: U_st / U_ss. */
static enum err
scale_rows(void *arg, size_t index, int worker)
{
	const struct making *m = arg;
	size_t n = m->factor->n, end = (index + 1) * ROWS < n ? (index + 1) * ROWS : n;

	(void)worker;
	for (size_t s = index * ROWS; s < end; s++) {
		float *row = m->factor->feed + s * m->factor->ld, pivot = row[s];

		for (size_t t = s + 1; t < n; t++)
			row[t] /= pivot;
	}
	return OK;
}

static void
mirror_blocks(struct gptq_factor *factor)
{
	size_t n = factor->n, ld = factor->ld;

	for (size_t t = 0; t < n; t++)
		for (size_t s = gptq_block_first(n, t); s < t; s++)
			factor->feed[t * ld + s] = factor->feed[s * ld + t];
}

/* Raise the damping until the matrix is positive definite in float32. */
static enum err
factorize(struct making *m, double damp)
{
	struct gptq_factor *factor = m->factor;
	size_t tiles = (factor->n + ROWS - 1) / ROWS;
	struct cholesky cholesky = { m->task->kernels, m->task->work, factor->feed, factor->n,
				     factor->ld };
	bool positive = false;
	enum err code = OK;

	for (factor->damp = damp; !code && !positive; factor->damp += damp_step) {
		if (factor->damp > 1.0)
			return err_at(ERR_RANGE, NULL, m->task->layers[0].name,
				      "its Gram matrix is not positive definite even with damp 1; "
				      "calibrate on more text");
		work_expect(m->task->work, linalg_cholesky_cost(factor->n));
		code = work_each(m->task->work, tiles, copy_rows, m);
		if (!code)
			code = linalg_cholesky(&positive, &cholesky);
		if (positive)
			break;
	}
	if (!code)
		code = work_each(m->task->work, tiles, scale_rows, m);
	if (!code)
		mirror_blocks(factor);
	return code;
}

enum err
gptq_factor_make(struct gptq_factor *out, const struct quant_task *task,
		 const struct gptq_order *order)
{
	struct making m = { out, task, task->layers[0].statistics->gram };
	size_t n = task->layers[0].columns;
	enum err code;

	*out = (struct gptq_factor){ .n = n, .ld = (n + 15) / 16 * 16 + 16 };
	out->column = buf_alloc(n, sizeof(*out->column));
	out->dead = buf_alloc(n, sizeof(*out->dead));
	out->feed = buf_alloc_dirty(n * out->ld, sizeof(*out->feed));
	code = out->column && out->dead && out->feed ? OK : ERR_NOMEM;
	if (!code)
		code = order_columns(&m, order);
	if (!code)
		code = factorize(&m, order->damp);
	if (code)
		gptq_factor_free(out);
	return code;
}

void
gptq_factor_free(struct gptq_factor *factor)
{
	buf_free(factor->column);
	buf_free(factor->dead);
	buf_free(factor->feed);
	*factor = (struct gptq_factor){ 0 };
}
