/* Portable C: the definition that every other set must equal bit for bit. Sums keep 8 partials. */
#include "kernels/power.h"
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
subtract(float *out, const float *a, const float *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = a[i] - b[i];
}

static void
multiply(float *out, const float *a, const float *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = a[i] * b[i];
}

static void
add_squares(double *sum, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum[i] += (double)x[i] * (double)x[i];
}

/* The tests are written so that a NaN becomes code 0 and is not counted. */
static inline uint8_t
grid_code(size_t *beyond, float x, struct grid grid)
{
	float t = rintf(x / grid.scale) + grid.zero;

	*beyond += t < 0.0f || t > grid.most;
	t = t > 0.0f ? t : 0.0f;
	return (uint8_t)(t < grid.most ? t : grid.most);
}

static size_t
quantize(uint8_t *codes, float *out, const float *x, size_t n, struct grid grid)
{
	size_t beyond = 0;

	for (size_t i = 0; i < n; i++) {
		codes[i] = grid_code(&beyond, x[i], grid);
		if (out)
			out[i] = ((float)codes[i] - grid.zero) * grid.scale;
	}
	return beyond;
}

static size_t
quantize_column(const struct column_step *step)
{
	size_t beyond = 0;

	for (size_t i = 0; i < step->n; i++) {
		struct grid grid = { step->scale[i], step->zero[i], step->most };

		step->codes[i] = grid_code(&beyond, step->w[i], grid);
		step->w[i] = ((float)step->codes[i] - grid.zero) * grid.scale;
		step->error[i] -= step->w[i];
	}
	return beyond;
}

static void
dequantize(float *out, const uint8_t *codes, size_t n, struct grid grid)
{
	for (size_t i = 0; i < n; i++)
		out[i] = ((float)codes[i] - grid.zero) * grid.scale;
}

static double
grid_error(const float *x, size_t n, struct grid grid, float unit, float norm)
{
	double s[8] = { 0 };

	for (size_t i = 0; i < n; i++) {
		size_t beyond = 0;
		float q = ((float)grid_code(&beyond, x[i], grid) - grid.zero) * grid.scale;

		s[i % 8] += (double)kernel_pow(fabsf((x[i] - q) * unit), norm);
	}
	return kernel_fold8(s);
}

static void
extend(float *min, float *max, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		min[i] = x[i] < min[i] ? x[i] : min[i];
		max[i] = x[i] > max[i] ? x[i] : max[i];
	}
}

static void
eliminate(float *w, size_t stride, size_t columns, const float *factor, const float *error,
	  size_t n)
{
	for (size_t j = 0; j < columns; j++)
		for (size_t r = 0; r < n; r++)
			w[j * stride + r] = fmaf(factor[j], error[r], w[j * stride + r]);
}

static void
lookup_encode(uint8_t *codes, const float *x, size_t n, float scale, const float bounds[15])
{
	for (size_t i = 0; i < n; i++) {
		float v = x[i] * scale;
		unsigned code = 0;

		for (int b = 0; b < 15; b++)
			code += bounds[b] < v;
		codes[i] = (uint8_t)code;
	}
}

static void
lookup_decode(float *out, const uint8_t *codes, size_t n, float scale, const float table[16])
{
	for (size_t i = 0; i < n; i++)
		out[i] = table[codes[i] & 15] * scale;
}

static void
bin(uint32_t *index, const float *a, const float *minus, size_t n, const struct bins *bins)
{
	for (size_t i = 0; i < n; i++) {
		float v = minus ? a[i] - minus[i] : a[i];
		float at = (v - bins->low) * bins->per_unit;

		if (!isfinite(v))
			index[i] = bins->count + 2;
		else if (v < bins->low)
			index[i] = bins->count;
		else if (v >= bins->high)
			index[i] = bins->count + 1;
		else
			index[i] = at < (float)(bins->count - 1) ? (uint32_t)at : bins->count - 1;
	}
}

static int
all_finite(const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return 0;
	return 1;
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
	.subtract = subtract,
	.multiply = multiply,
	.add_squares = add_squares,
	.quantize = quantize,
	.quantize_column = quantize_column,
	.dequantize = dequantize,
	.grid_error = grid_error,
	.extend = extend,
	.eliminate = eliminate,
	.lookup_encode = lookup_encode,
	.lookup_decode = lookup_decode,
	.bin = bin,
	.finite = all_finite,
	.gemm = gemm,
	.forward = &forward_kernels_generic,
};
