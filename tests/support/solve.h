#ifndef TESTS_SUPPORT_SOLVE_H
#define TESTS_SUPPORT_SOLVE_H

#include "quantizers/quantizer.h"

/* Quantize one layer. `settings` is "bits=3 symmetric=true"; the rest are defaults. */
struct solve {
	const char *method, *settings;
	size_t rows, columns;
	const float *weight;
	const struct statistics *statistics;
	const struct work *work;
	bool foldable;
};

/* Parse settings into values; fails the test when one does not parse. */
void solve_params(struct param_values *out, const struct quantizer *quantizer,
		  const char *settings);
/* tr(D H D') / tr(W H W'), in double. */
double solve_output_error(const struct solve *solve, const struct quantized *quantized);
enum err solve_run(struct quantized *out, const struct solve *solve);

#endif
