#include "quantizers/rows.h"

#include "core/buf.h"

#include <math.h>

enum { TILE_ROWS = 64 };

struct run {
	const struct rows *rows;
	size_t tile_rows;  /* a whole number of bands */
	uint64_t *clipped; /* (tiles) */
};

enum err
rows_alloc(struct quantized *out, const struct quant_layer *layer, size_t scale_count,
	   bool zero_points)
{
	size_t weights = layer->rows * layer->columns;

	out->rows = layer->rows;
	out->columns = layer->columns;
	out->scale_count = scale_count;
	out->codes = buf_alloc_dirty(weights, sizeof(*out->codes));
	out->dequantized = buf_alloc_dirty(weights, sizeof(*out->dequantized));
	out->scales = buf_alloc(scale_count, sizeof(*out->scales));
	if (zero_points)
		out->zero_points = buf_alloc(scale_count, sizeof(*out->zero_points));
	return out->codes && out->dequantized && out->scales && (!zero_points || out->zero_points)
		       ? OK
		       : ERR_NOMEM;
}

static enum err
run_tile(void *arg, size_t tile, int worker)
{
	struct run *run = arg;
	const struct rows *rows = run->rows;
	size_t columns = rows->layer->columns, first = tile * run->tile_rows;
	size_t left = rows->layer->rows - first,
	       count = left < run->tile_rows ? left : run->tile_rows;
	struct tile done = { .row = first,
			     .rows = count,
			     .columns = columns,
			     .values = rows->out->dequantized + first * columns,
			     .stride = columns };
	enum err code = OK;

	(void)worker;
	for (size_t at = 0; at < count && !code; at += rows->band) {
		size_t band = count - at < rows->band ? count - at : rows->band;

		run->clipped[tile] += rows->quantize(rows, first + at, band);
		code = work_check(rows->task->work);
	}
	if (!code) {
		work_publish(rows->task->work, &done);
		work_advance(rows->task->work, (uint64_t)count * columns);
	}
	return code;
}

enum err
rows_run(const struct rows *rows)
{
	struct run run = { .rows = rows, .tile_rows = rows->band };
	size_t tiles;
	enum err code;

	while (run.tile_rows < TILE_ROWS)
		run.tile_rows += rows->band;
	tiles = (rows->layer->rows + run.tile_rows - 1) / run.tile_rows;
	work_expect(rows->task->work, (uint64_t)rows->layer->rows * rows->layer->columns);
	run.clipped = buf_alloc(tiles, sizeof(*run.clipped));
	code = run.clipped ? work_each(rows->task->work, tiles, run_tile, &run) : ERR_NOMEM;
	for (size_t tile = 0; tile < tiles && !code; tile++)
		rows->out->clipped += run.clipped[tile];
	buf_free(run.clipped);
	return code;
}

struct ranges {
	const struct quant_task *task;
	const struct quant_layer *layer;
	float *minima, *maxima; /* (tiles) */
};

static enum err
range_tile(void *arg, size_t tile, int worker)
{
	const struct ranges *ranges = arg;
	size_t first = tile * TILE_ROWS, left = ranges->layer->rows - first;
	size_t columns = ranges->layer->columns;

	(void)worker;
	ranges->task->kernels->minmax(&ranges->minima[tile], &ranges->maxima[tile],
				      ranges->layer->weight + first * columns,
				      (left < TILE_ROWS ? left : TILE_ROWS) * columns);
	return OK;
}

enum err
rows_range(float *min, float *max, const struct quant_task *task, const struct quant_layer *layer)
{
	size_t tiles = (layer->rows + TILE_ROWS - 1) / TILE_ROWS;
	struct ranges ranges = { .task = task, .layer = layer };
	enum err code;

	ranges.minima = buf_alloc(2 * tiles, sizeof(*ranges.minima));
	if (!ranges.minima)
		return ERR_NOMEM;
	ranges.maxima = ranges.minima + tiles;
	code = work_each(task->work, tiles, range_tile, &ranges);
	*min = INFINITY;
	*max = -INFINITY;
	for (size_t tile = 0; tile < tiles && !code; tile++) {
		*min = fminf(*min, ranges.minima[tile]);
		*max = fmaxf(*max, ranges.maxima[tile]);
	}
	buf_free(ranges.minima);
	return code;
}
