/* Rounding under a scale, and what it costs in the output. */
#include "quantizers/awq.h"

#include <math.h>

void
awq_clamp(float *x, size_t n, float bound)
{
	for (size_t i = 0; i < n; i++)
		x[i] = x[i] > bound ? bound : x[i] < -bound ? -bound : x[i];
}

/* The scaled row, clamped where there are bounds. */
static void
prepare_row(float *out, const struct awq *awq, const struct awq_layer *layer, size_t row)
{
	awq->kernels->multiply(out, layer->layer->weight + row * awq->columns, awq->scale,
			       awq->columns);
	for (size_t g = 0; g < awq->groups && layer->bounds; g++)
		awq_clamp(out + g * awq->width, awq->width, layer->bounds[row * awq->groups + g]);
}

size_t
awq_round_row(float *out, uint8_t *codes, struct awq *awq, const struct awq_item *item, size_t row,
	      struct awq_scratch *scratch, bool keep)
{
	struct awq_layer *layer = &awq->layers[item->layer];
	size_t clipped = 0;

	prepare_row(scratch->row, awq, layer, row);
	for (size_t g = 0; g < awq->groups; g++) {
		size_t at = g * awq->width;
		struct grid grid = layer->tensor_grid;

		if (awq->setting.width)
			grid = grid_fit(awq->kernels, &awq->setting, scratch->row + at, awq->width);
		clipped += awq->kernels->quantize(codes + at, out + at, scratch->row + at,
						  awq->width, grid);
		if (keep && awq->setting.width)
			grid_store(layer->out, row * awq->groups + g, grid);
	}
	awq->kernels->multiply(out, out, awq->inverse, awq->columns);
	return clipped;
}

static enum err
range_item(void *arg, size_t index, int worker)
{
	struct awq *awq = arg;
	const struct awq_item *item = &awq->items[index];
	float *row = awq->scratch[worker].row;

	awq->minima[index] = INFINITY;
	awq->maxima[index] = -INFINITY;
	for (size_t r = item->first; r < item->first + item->rows; r++) {
		float min, max;

		prepare_row(row, awq, &awq->layers[item->layer], r);
		awq->kernels->minmax(&min, &max, row, awq->columns);
		awq->minima[index] = fminf(awq->minima[index], min);
		awq->maxima[index] = fmaxf(awq->maxima[index], max);
	}
	return OK;
}

enum err
awq_find_tensor_grids(struct awq *awq)
{
	enum err code = OK;

	if (awq->setting.width)
		return OK;
	code = work_each(awq->task->work, awq->item_count, range_item, awq);
	for (size_t l = 0; l < awq->task->layer_count && !code; l++) {
		float min = INFINITY, max = -INFINITY;

		for (size_t i = 0; i < awq->item_count; i++)
			if (awq->items[i].layer == l) {
				min = fminf(min, awq->minima[i]);
				max = fmaxf(max, awq->maxima[i]);
			}
		awq->layers[l].tensor_grid = grid_from_range(&awq->setting, min, max);
	}
	return code;
}

static enum err
loss_item(void *arg, size_t index, int worker)
{
	struct awq *awq = arg;
	const struct awq_item *item = &awq->items[index];
	struct awq_scratch *scratch = &awq->scratch[worker];
	const struct quant_layer *layer = awq->layers[item->layer].layer;
	struct trace trace = { .kernels = awq->kernels,
			       .work = awq->task->work,
			       .x = scratch->difference,
			       .rows = item->rows,
			       .n = awq->columns,
			       .ldx = awq->columns,
			       .h = layer->statistics->gram,
			       .ldh = awq->columns,
			       .product = scratch->product };
	double of_row[TRACE_ROWS];

	for (size_t r = 0; r < item->rows; r++) {
		float *d = scratch->difference + r * awq->columns;

		awq_round_row(d, scratch->codes, awq, item, item->first + r, scratch, false);
		awq->kernels->subtract(d, d, layer->weight + (item->first + r) * awq->columns,
				       awq->columns);
	}
	trace_rows(of_row, &trace);
	awq->losses[index] = 0.0;
	for (size_t r = 0; r < item->rows; r++)
		awq->losses[index] += of_row[r];
	work_advance(awq->task->work, item->rows * awq->columns);
	return work_check(awq->task->work);
}

enum err
awq_loss(double *out, struct awq *awq)
{
	enum err code = awq_find_tensor_grids(awq);

	if (!code)
		code = work_each(awq->task->work, awq->item_count, loss_item, awq);
	*out = 0.0;
	for (size_t i = 0; i < awq->item_count && !code; i++)
		*out += awq->losses[i];
	return code;
}
