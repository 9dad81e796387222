/* The list of methods, and the way in: what every method may rely on is checked here once. */
#include "quantizers/quantizer.h"

#include "core/buf.h"
#include "quantizers/effects.h"

#include <math.h>
#include <string.h>

const char *const part_names[PART_COUNT] = {
	[PART_CODES] = "codes",
	[PART_SCALES] = "scales",
	[PART_ZERO_POINTS] = "zero_points",
	[PART_CODEBOOKS] = "codebooks",
	[PART_OUTLIERS] = "outliers",
	[PART_OTHER] = "other",
	[PART_PADDING] = "padding",
};

const struct quantizer *const quantizers[] = {
#define QUANTIZER(name) &quantizer_##name,
#include "quantizers/quantizers.def"
#undef QUANTIZER
	NULL
};

const struct fact facts[] = {
#define FACT(field, question) { #field, question, offsetof(struct quantizer_facts, field) },
#include "quantizers/facts.def"
#undef FACT
	{ 0 },
};

enum { CHECK_ROWS = 64 };

/* Beyond this, ranges and products of float32 grids could overflow. */
static const float weight_limit = 1e36f;

const struct quantizer *
quantizer_find(const char *name)
{
	for (const struct quantizer *const *q = quantizers; *q; q++)
		if (!strcmp((*q)->name, name))
			return *q;
	return NULL;
}

enum err
quantizer_effect(struct activation_effect **out, const struct quantizer *quantizer,
		 const struct param_values *params)
{
	int at = param_find(quantizer->params, "activations");
	const struct activation_effect *found = NULL;
	struct param_values resolved = *params;

	if (quantizer->resolve)
		quantizer->resolve(&resolved);
	if (at >= 0)
		found = effects_find(quantizer->params[at].choices[(size_t)resolved.v[at]]);
	*out = NULL;
	if (!found)
		return OK;
	if (!(*out = buf_alloc(1, sizeof(**out))))
		return ERR_NOMEM;
	**out = *found;
	if (quantizer->effect_level)
		(*out)->level =
			(float)param_get(quantizer->params, params, quantizer->effect_level);
	return OK;
}

void
quantized_free(struct quantized *quantized)
{
	if (!quantized)
		return;
	buf_free(quantized->codes);
	buf_free(quantized->scales);
	buf_free(quantized->zero_points);
	buf_free(quantized->group_of);
	buf_free(quantized->column_scale);
	buf_free(quantized->dequantized);
	buf_free(quantized->method_scale);
	buf_free(quantized->effect);
	for (size_t i = 0; i < QUANT_EXTRAS; i++)
		buf_free(quantized->extras[i].data);
	*quantized = (struct quantized){ 0 };
}

double
quantized_bits(const struct quantized *quantized)
{
	double bits = 0.0;

	for (int part = 0; part < PART_COUNT; part++)
		bits += quantized->part_bits[part];
	return bits;
}

const struct quant_array *
quantized_extra(const struct quantized *quantized, const char *name)
{
	for (size_t i = 0; i < QUANT_EXTRAS; i++)
		if (quantized->extras[i].name && !strcmp(quantized->extras[i].name, name))
			return &quantized->extras[i];
	return NULL;
}

void *
quantized_extra_add(struct quantized *quantized, const char *name, enum quant_array_type type,
		    size_t count)
{
	struct quant_array *at = quantized->extras;

	while (at->name)
		at++;
	*at = (struct quant_array){ name, type, count, buf_alloc(count, type == QUANT_U8 ? 1 : 4) };
	return at->data;
}

/* A matrix to be searched for the first value that no method could work with. */
struct scan {
	const struct kernels *kernels;
	const char *layer, *what;
	const float *values;
	size_t rows, columns;
};

static enum err
refuse_value(const struct scan *scan, size_t row)
{
	const float *values = scan->values + row * scan->columns;
	size_t column = 0;

	while (isfinite(values[column]) && fabsf(values[column]) <= weight_limit)
		column++;
	return err_at(ERR_RANGE, NULL, scan->layer,
		      "%s at row %zu, column %zu is %g; repair it or keep this layer as it is",
		      scan->what, row, column, (double)values[column]);
}

static enum err
scan_tile(void *arg, size_t index, int worker)
{
	const struct scan *scan = arg;
	size_t first = index * CHECK_ROWS;
	size_t end = first + CHECK_ROWS < scan->rows ? first + CHECK_ROWS : scan->rows;

	(void)worker;
	for (size_t row = first; row < end; row++) {
		const float *values = scan->values + row * scan->columns;

		if (!scan->kernels->finite(values, scan->columns) ||
		    scan->kernels->absmax(values, scan->columns) > weight_limit)
			return refuse_value(scan, row);
	}
	return OK;
}

static enum err
scan_run(const struct quant_task *task, const char *layer, const char *what, const float *values,
	 size_t rows, size_t columns)
{
	struct scan scan = { task->kernels, layer, what, values, rows, columns };

	return work_each(task->work, (rows + CHECK_ROWS - 1) / CHECK_ROWS, scan_tile, &scan);
}

static enum err
check_statistics(const struct quant_task *task, const struct quant_layer *layer)
{
	const struct statistics *statistics = layer->statistics;
	unsigned needs = task->quantizer->needs;
	size_t columns = layer->columns;
	enum err code;

	if (!needs)
		return OK;
	if (!statistics || !statistics->tokens || !statistics->mean_abs ||
	    ((needs & NEED_GRAM) && !statistics->gram))
		return err_at(ERR_USAGE, NULL, layer->name,
			      "%s needs calibration statistics; name a calibration text",
			      task->quantizer->name);
	if (statistics->columns != columns)
		return err_at(ERR_RANGE, NULL, layer->name,
			      "statistics of %zu channels do not fit %zu columns; calibrate again",
			      statistics->columns, columns);
	code = scan_run(task, layer->name, "mean |x|", statistics->mean_abs, 1, columns);
	if (!code && (needs & NEED_GRAM))
		code = scan_run(task, layer->name, "Gram matrix", statistics->gram, columns,
				columns);
	return code;
}

static enum err
check_layer(const struct quant_task *task, const struct quant_layer *layer)
{
	const struct quantizer *quantizer = task->quantizer;
	enum err code;

	if (layer->columns != task->layers[0].columns ||
	    layer->statistics != task->layers[0].statistics)
		return err_at(ERR_USAGE, NULL, layer->name, "does not share its input with %s",
			      task->layers[0].name);
	if (!layer->rows || !layer->columns)
		return err_at(ERR_RANGE, NULL, layer->name, "%zu x %zu holds no weights; keep it",
			      layer->rows, layer->columns);
	if (quantizer->check) {
		code = quantizer->check(task->params, layer->rows, layer->columns);
		if (code) {
			struct err_detail detail = *err_last();

			return err_at(code, NULL, layer->name, "%s: %s", detail.item,
				      detail.message);
		}
	}
	code = scan_run(task, layer->name, "weight", layer->weight, layer->rows, layer->columns);
	return code ? code : check_statistics(task, layer);
}

enum err
quantizer_solve(struct quantized *out, const struct quant_task *task)
{
	const struct quantizer *quantizer = task->quantizer;
	enum err code = OK;

	for (size_t i = 0; i < task->layer_count; i++)
		out[i] = (struct quantized){ 0 };
	for (size_t i = 0; quantizer->params[i].name && !code; i++)
		code = param_check(&quantizer->params[i], task->params->v[i]);
	for (size_t i = 0; i < task->layer_count && !code; i++)
		code = check_layer(task, &task->layers[i]);
	if (!code)
		code = quantizer->solve(out, task);
	for (size_t i = 0; i < task->layer_count && !code; i++)
		code = quantizer_effect(&out[i].effect, quantizer, task->params);
	for (size_t i = 0; i < task->layer_count && code; i++)
		quantized_free(&out[i]);
	return code;
}
