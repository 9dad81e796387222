#include "sessions/picture.h"

#include "core/buf.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MODULES_MAX = 64 };

static double
weight_error(const struct layer_result *result)
{
	return result->measurement->relative;
}

static double
output_error(const struct layer_result *result)
{
	return result->measurement->has_output ? result->measurement->output.relative : (double)NAN;
}

static double
bits(const struct layer_result *result)
{
	return result->bits_per_weight;
}

static double
sqnr(const struct layer_result *result)
{
	return result->measurement->sqnr_db;
}

static double
clipped(const struct layer_result *result)
{
	return (double)result->measurement->clipped /
	       ((double)result->measurement->rows * (double)result->measurement->columns);
}

const struct metric metrics[] = {
	{ "output_error", "output error, relative", true, output_error },
	{ "weight_error", "weight error, relative", true, weight_error },
	{ "sqnr_db", "signal to noise, dB", false, sqnr },
	{ "bits", "bits per weight", false, bits },
	{ "clipped", "share of weights clipped", false, clipped },
	{ 0 },
};

const struct metric *
metric_find(const char *name)
{
	for (const struct metric *metric = metrics; metric->name; metric++)
		if (!strcmp(metric->name, name))
			return metric;
	return NULL;
}

void
picture_init(struct picture *picture)
{
	memset(picture, 0, sizeof(*picture));
	picture->data.title = picture->title;
	picture->data.series = picture->series;
	picture->data.cursor_row = picture->data.cursor_column = -1;
}

void
picture_clear(struct picture *picture)
{
	for (size_t i = 0; i < picture->owned_count; i++)
		buf_free(picture->owned[i]);
	picture_init(picture);
}

void *
picture_alloc(struct picture *picture, size_t count, size_t size)
{
	void *memory;

	if (picture->owned_count == sizeof(picture->owned) / sizeof(picture->owned[0])) {
		err_set(ERR_RANGE, "too many series in one picture; draw fewer");
		return NULL;
	}
	memory = buf_alloc(count ? count : 1, size);
	if (memory)
		picture->owned[picture->owned_count++] = memory;
	return memory;
}

static struct series *
add_series(struct picture *picture, const char *name, size_t count)
{
	struct series *series = &picture->series[picture->data.series_count];

	if (picture->data.series_count == PICTURE_SERIES) {
		err_set(ERR_RANGE, "more than %d series in one picture; draw fewer",
			PICTURE_SERIES);
		return NULL;
	}
	snprintf(picture->names[picture->data.series_count], sizeof(picture->names[0]), "%s", name);
	*series = (struct series){ .name = picture->names[picture->data.series_count],
				   .count = count,
				   .role = ROLE_CURRENT };
	picture->data.series_count++;
	return series;
}

static void
describe(struct picture *picture, const char *what, const struct engine *engine,
	 const struct layer_result *result)
{
	char setting[120];

	recipe_describe(setting, sizeof(setting), &result->setting);
	snprintf(picture->title, sizeof(picture->title), "%s of %s", what,
		 engine_model(engine)->layers[result->layer].name);
	snprintf(picture->note, sizeof(picture->note), "%s", setting);
	picture->data.note = picture->note;
}

/* The part of the range that holds counts, symmetric about zero, a little wider. */
static struct axis
occupied(const struct histogram *h)
{
	double reach = 0, width = (h->high - h->low) / HISTOGRAM_BINS;

	for (size_t i = 0; i < HISTOGRAM_BINS; i++) {
		double low = fabs(h->low + width * (double)i);
		double high = fabs(h->low + width * (double)(i + 1));

		if (h->counts[i])
			reach = fmax(reach, fmax(low, high));
	}
	reach = reach > 0 ? fmin(1.1 * reach, fmax(fabs(h->low), fabs(h->high))) : h->high;
	return (struct axis){ .label = "weight error", .low = -reach, .high = reach };
}

enum err
picture_histogram(struct picture *out, const struct engine *engine,
		  const struct layer_result *result)
{
	const struct histogram *h = &result->measurement->histogram;
	double *edges, *counts;
	struct series *series;

	picture_init(out);
	edges = picture_alloc(out, HISTOGRAM_BINS + 1, sizeof(*edges));
	counts = picture_alloc(out, HISTOGRAM_BINS, sizeof(*counts));
	series = add_series(out, result->setting.method->name, HISTOGRAM_BINS);
	if (!edges || !counts || !series)
		return ERR_NOMEM;
	for (size_t i = 0; i <= HISTOGRAM_BINS; i++)
		edges[i] = h->low + (h->high - h->low) * (double)i / HISTOGRAM_BINS;
	for (size_t i = 0; i < HISTOGRAM_BINS; i++)
		counts[i] = (double)h->counts[i];
	series->x = edges;
	series->y = counts;
	describe(out, "weight error", engine, result);
	out->data.x = occupied(h);
	out->data.y = (struct axis){ .label = "weights", .log = true };
	out->data.below = (double)h->below;
	out->data.above = (double)h->above;
	return OK;
}

static const char *const channel_names[CHANNEL_COUNT] = { [CHANNEL_MEAN_ABS] = "mean |x|",
							  [CHANNEL_MEAN_SQ] = "mean x^2",
							  [CHANNEL_WEIGHT_ERROR] = "weight error",
							  [CHANNEL_DAMAGE] = "damage",
							  [CHANNEL_METHOD_SCALE] = "method scale" };

enum err
picture_channels(struct picture *out, const struct engine *engine,
		 const struct layer_result *result, int channel, size_t k)
{
	const struct measurement *m = result->measurement;
	uint32_t *top;
	double *values;
	const char **labels;
	char(*texts)[12];
	struct series *series;

	picture_init(out);
	k = k < m->columns ? k : m->columns;
	top = picture_alloc(out, k, sizeof(*top));
	values = picture_alloc(out, k, sizeof(*values));
	labels = picture_alloc(out, k, sizeof(*labels));
	texts = picture_alloc(out, k, sizeof(*texts));
	series = add_series(out, channel_names[channel], k);
	if (!top || !values || !labels || !texts || !series)
		return ERR_NOMEM;
	measurement_top(top, m, channel, k);
	for (size_t i = 0; i < k; i++) {
		values[i] = (double)m->channels[(size_t)top[i] * CHANNEL_COUNT + (size_t)channel];
		snprintf(texts[i], sizeof(texts[i]), "%u", top[i]);
		labels[i] = texts[i];
	}
	series->y = values;
	series->labels = labels;
	describe(out, "channels", engine, result);
	out->data.x = (struct axis){ .label = channel_names[channel] };
	return OK;
}

/* ------------------------------------------------------------------------------- maps */

static int
find_module(const char *const *modules, size_t count, const char *module)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(modules[i], module))
			return (int)i;
	return -1;
}

/* Modules in the order of the first block that has them; all experts of a block are one. */
static size_t
list_modules(const char **modules, const struct model *model)
{
	size_t count = 0;

	for (size_t i = 0; i < model->layer_count && count < MODULES_MAX; i++)
		if (model->layers[i].block >= 0 &&
		    find_module(modules, count, model->layers[i].kind) < 0)
			modules[count++] = model->layers[i].kind;
	return count;
}

static void
fill_map(double *cells, const struct model *model, const char *const *modules, size_t columns,
	 struct layer_result *const *results, const struct metric *metric)
{
	for (size_t i = 0; i < model->shape.blocks * columns; i++)
		cells[i] = (double)NAN;
	for (size_t i = 0; i < model->layer_count; i++) {
		const struct layer *layer = &model->layers[i];
		int column = find_module(modules, columns, layer->kind);
		double *cell, value;

		if (!results[i] || layer->block < 0 || column < 0)
			continue;
		cell = &cells[(size_t)layer->block * columns + (size_t)column];
		/* Of experts the largest figure stands for all. */
		value = metric->value(results[i]);
		if (isnan(*cell) || value > *cell)
			*cell = value;
	}
}

enum err
picture_map(struct picture *out, const struct engine *engine, struct layer_result *const *results,
	    const struct metric *metric)
{
	const struct model *model = engine_model(engine);
	size_t blocks = model->shape.blocks, columns;
	const char **modules, **rows;
	char(*texts)[24];
	double *cells;

	picture_init(out);
	modules = picture_alloc(out, MODULES_MAX, sizeof(*modules));
	rows = picture_alloc(out, blocks, sizeof(*rows));
	texts = picture_alloc(out, blocks, sizeof(*texts));
	if (!modules || !rows || !texts)
		return ERR_NOMEM;
	columns = list_modules(modules, model);
	cells = picture_alloc(out, blocks * columns, sizeof(*cells));
	if (!cells)
		return ERR_NOMEM;
	fill_map(cells, model, modules, columns, results, metric);
	for (size_t b = 0; b < blocks; b++) {
		snprintf(texts[b], sizeof(texts[b]), "%zu", b);
		rows[b] = texts[b];
	}
	snprintf(out->title, sizeof(out->title), "%s", metric->label);
	out->data.cells = cells;
	out->data.rows = blocks;
	out->data.columns = columns;
	out->data.row_labels = rows;
	out->data.column_labels = modules;
	out->data.value = (struct axis){ .label = metric->label, .log = metric->log };
	return OK;
}

enum err
picture_add_line(struct picture *out, const struct engine *engine, const char *name,
		 struct layer_result *const *results, const struct metric *metric)
{
	const struct model *model = engine_model(engine);
	size_t blocks = model->shape.blocks;
	double *x = picture_alloc(out, blocks, sizeof(*x));
	double *sums = picture_alloc(out, blocks, sizeof(*sums));
	double *counts = picture_alloc(out, blocks, sizeof(*counts));
	struct series *series = x && sums && counts ? add_series(out, name, blocks) : NULL;

	if (!series)
		return err_last()->code;
	for (size_t i = 0; i < model->layer_count; i++) {
		int block = model->layers[i].block;

		if (!results[i] || block < 0)
			continue;
		sums[block] += metric->value(results[i]);
		counts[block]++;
	}
	for (size_t b = 0; b < blocks; b++) {
		x[b] = (double)b;
		sums[b] = counts[b] > 0 ? sums[b] / counts[b] : (double)NAN;
	}
	series->x = x;
	series->y = sums;
	series->role = out->data.series_count % 2 ? ROLE_CURRENT : ROLE_ACCENT;
	snprintf(out->title, sizeof(out->title), "%s by block", metric->label);
	out->data.x = (struct axis){ .label = "block" };
	out->data.y = (struct axis){ .label = metric->label, .log = metric->log };
	return OK;
}
