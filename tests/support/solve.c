#include "support/solve.h"

#include "support/support.h"

#include "core/buf.h"

#include <stdio.h>
#include <string.h>

void
solve_params(struct param_values *out, const struct quantizer *quantizer, const char *settings)
{
	char copy[256], *save = NULL;

	param_defaults(out, quantizer->params);
	snprintf(copy, sizeof(copy), "%s", settings ? settings : "");
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *equals = strchr(word, '=');
		int at;

		assert_non_null(equals);
		*equals = '\0';
		at = param_find(quantizer->params, word);
		assert_true(at >= 0);
		assert_ok(param_parse(&out->v[at], &quantizer->params[at], equals + 1));
	}
}

enum err
solve_run(struct quantized *out, const struct solve *solve)
{
	const struct quantizer *quantizer = quantizer_find(solve->method);
	struct quant_layer layer = { .name = "layers.0.attn.q",
				     .rows = solve->rows,
				     .columns = solve->columns,
				     .weight = solve->weight,
				     .statistics = solve->statistics,
				     .foldable = solve->foldable };
	struct param_values params;
	struct quant_task task = { .kernels = kernels_current(),
				   .quantizer = quantizer,
				   .params = &params,
				   .layers = &layer,
				   .layer_count = 1,
				   .work = solve->work };

	assert_non_null(quantizer);
	solve_params(&params, quantizer, solve->settings);
	return quantizer_solve(out, &task);
}

static double
trace(const float *d, const struct solve *solve)
{
	size_t n = solve->columns;
	double sum = 0.0;

	for (size_t r = 0; r < solve->rows; r++)
		for (size_t i = 0; i < n; i++) {
			double part = 0.0;

			for (size_t j = 0; j < n; j++)
				part += (double)solve->statistics->gram[i * n + j] *
					(double)d[r * n + j];
			sum += part * (double)d[r * n + i];
		}
	return sum;
}

double
solve_output_error(const struct solve *solve, const struct quantized *quantized)
{
	size_t count = solve->rows * solve->columns;
	float *d = buf_alloc(count, sizeof(*d));
	double error;

	assert_non_null(d);
	for (size_t i = 0; i < count; i++)
		d[i] = solve->weight[i] - quantized->dequantized[i];
	error = trace(d, solve) / trace(solve->weight, solve);
	buf_free(d);
	return error;
}
