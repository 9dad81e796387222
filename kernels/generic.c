/* Portable C: the definition that every other set must equal bit for bit. Sums keep 8 partials. */
#include "kernels/sets.h"

#include <cblas.h>
#include <math.h>

static float
absmax(const float *x, size_t n)
{
	float most = 0.0f;

	for (size_t i = 0; i < n; i++)
		if (fabsf(x[i]) > most)
			most = fabsf(x[i]);
	return most;
}

static void
minmax(float *min, float *max, const float *x, size_t n)
{
	*min = INFINITY;
	*max = -INFINITY;
	for (size_t i = 0; i < n; i++) {
		if (x[i] < *min)
			*min = x[i];
		if (x[i] > *max)
			*max = x[i];
	}
}

/* A product of two floats is exact in double. */
static double
dot(const float *a, const float *b, size_t n)
{
	double s[8] = { 0 };

	for (size_t i = 0; i < n; i++)
		s[i % 8] += (double)a[i] * (double)b[i];
	return kernel_fold8(s);
}

static double
sq_sum(const float *x, size_t n)
{
	return dot(x, x, n);
}

/* The difference is rounded to float first: it is the error of a float32 weight. */
static double
sq_error(const float *a, const float *b, size_t n)
{
	double s[8] = { 0 };

	for (size_t i = 0; i < n; i++) {
		double d = (double)(a[i] - b[i]);

		s[i % 8] += d * d;
	}
	return kernel_fold8(s);
}

static void
axpy(float *y, float alpha, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = fmaf(alpha, x[i], y[i]);
}

static void
gemm(const struct gemm *g)
{
	cblas_sgemm(CblasRowMajor, g->transpose_a ? CblasTrans : CblasNoTrans,
		    g->transpose_b ? CblasTrans : CblasNoTrans, (blasint)g->m, (blasint)g->n,
		    (blasint)g->k, g->alpha, g->a, (blasint)g->lda, g->b, (blasint)g->ldb, g->beta,
		    g->c, (blasint)g->ldc);
}

const struct kernels kernels_generic = {
	.name = "generic",
	.absmax = absmax,
	.minmax = minmax,
	.dot = dot,
	.sq_sum = sq_sum,
	.sq_error = sq_error,
	.axpy = axpy,
	.gemm = gemm,
};
