#include "support/support.h"

#include "support/method_bench.h"

#include "core/buf.h"
#include "support/golden.h"

void
method_bench_open(struct method_bench *b, const struct quantizer *method, size_t rows,
		  size_t columns)
{
	int group;

	*b = (struct method_bench){ .method = method,
				    .count = method->scope == SCOPE_INPUT_GROUP
						     ? METHOD_BENCH_LAYERS
						     : 1 };
	param_defaults(&b->params, method->params);
	group = param_find(method->params, "group_size");
	if (group >= 0)
		b->params.v[group] = columns % 32 ? -1 : 32;
	if (method->needs)
		b->statistics = golden_statistics(columns);
	for (uint32_t i = 0; i < b->count; i++) {
		size_t layer_rows = i ? rows + 3 : rows;
		float *weight = buf_alloc(layer_rows * columns, sizeof(*weight));

		assert_non_null(weight);
		golden_values(weight, layer_rows * columns, i + 5, 1.0f);
		b->layers[i] =
			(struct quant_layer){ .name = i ? "layers.0.mlp.up" : "layers.0.attn.v",
					      .rows = layer_rows,
					      .columns = columns,
					      .weight = weight,
					      .statistics = b->statistics,
					      .foldable = true };
	}
}

float *
method_bench_weight(const struct method_bench *b, size_t layer)
{
	return (float *)(uintptr_t)b->layers[layer].weight;
}

void
method_bench_close(struct method_bench *b)
{
	for (size_t i = 0; i < b->count; i++)
		buf_free(method_bench_weight(b, i));
	if (b->statistics)
		golden_free(b->statistics);
}

enum err
method_bench_run(const struct method_bench *b, struct quantized *out)
{
	struct quant_task task = { .kernels = kernels_current(),
				   .quantizer = b->method,
				   .params = &b->params,
				   .layers = b->layers,
				   .layer_count = b->count,
				   .work = &b->work };

	return quantizer_solve(out, &task);
}

void
method_bench_free(const struct method_bench *b, struct quantized *q)
{
	for (size_t i = 0; i < b->count; i++)
		quantized_free(&q[i]);
}

void
method_bench_each(void (*test)(const struct quantizer *method))
{
	for (const struct quantizer *const *q = quantizers; *q; q++)
		test(*q);
}
