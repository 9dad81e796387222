#ifndef KERNELS_FORWARD_H
#define KERNELS_FORWARD_H

#include <stddef.h>

/* The forward pass's own inner loops, one table per kernel set, under the contract of kernels.h.
 * Every set compiles the same text (forward.inc) with its own instructions: additions, products and
 * comparisons in one fixed order, no fused steps, an exp of our own; so all give the same bits. */
struct forward_kernels {
	/* out = (x scale) weight, element by element. */
	void (*norm_scale)(float *out, const float *x, const float *weight, float scale, size_t n);
	void (*scale)(float *x, float factor, size_t n);

	double (*sum)(const float *x, size_t n);
	/* out = (x - mean) scale weight, element by element. */
	void (*center_scale)(float *out, const float *x, const float *weight, float mean,
			     float scale, size_t n);

	/* x = f(x), times by[i] unless `by` is NULL; f: x / (1 + exp(-x)); x Phi(x), Phi the normal
	 * distribution; its approximation by tanh (Hendrycks, Gimpel 2016); x / (1 + exp(-1.702
	 * x)); max(x, 0); its square. */
	void (*silu)(float *x, const float *by, size_t n);
	void (*gelu)(float *x, const float *by, size_t n);
	void (*gelu_tanh)(float *x, const float *by, size_t n);
	void (*quick_gelu)(float *x, const float *by, size_t n);
	void (*relu)(float *x, const float *by, size_t n);
	void (*relu2)(float *x, const float *by, size_t n);
	/* x = cap tanh(x / cap). */
	void (*softcap)(float *x, float cap, size_t n);

	/* Turn the pairs (x[i], y[i]) by angles of which cosine and sine are given. */
	void (*rotate)(float *x, float *y, const float *cosine, const float *sine, size_t n);
	/* The same for the pairs (x[2i], x[2i + 1]), i < n. */
	void (*rotate_pairs)(float *x, const float *cosine, const float *sine, size_t n);

	/* NaN when any is NaN; -inf for none. */
	float (*max)(const float *x, size_t n);
	/* x = exp(x - max); returns their sum. exp is within 2 ulp, 0 below -87, NaN for NaN. */
	double (*exp_store)(float *x, float max, size_t n);
	/* Sum of exp(x - max), x left alone. */
	double (*exp_sum)(const float *x, float max, size_t n);
	/* Sum of p log(p / q), p = exp(a - a_log_sum), q = exp(b - b_log_sum). */
	double (*divergence)(const float *a, double a_log_sum, const float *b, double b_log_sum,
			     size_t n);

	/* Per column: += |x|, += x^2, max |x|. */
	void (*column_moments)(double *sum_abs, double *sum_sq, float *max_abs, const float *x,
			       size_t n);
	/* sum += x, in double. */
	void (*add_to_double)(double *sum, const float *x, size_t n);
};

#endif
