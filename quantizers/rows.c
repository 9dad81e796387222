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
	struct tile done = { .layer = (size_t)(rows->layer - rows->task->layers),
			     .row = first,
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
	work_expect(rows->task->work, (uint64_t)rows->layer->rows * rows->layer->columns);
	return rows_run_expected(rows);
}

enum err
rows_run_expected(const struct rows *rows)
{
	struct run run = { .rows = rows, .tile_rows = rows->band };
	size_t tiles;
	enum err code;

	while (run.tile_rows < TILE_ROWS)
		run.tile_rows += rows->band;
	tiles = (rows->layer->rows + run.tile_rows - 1) / run.tile_rows;
	run.clipped = buf_alloc(tiles, sizeof(*run.clipped));
	code = run.clipped ? work_each(rows->task->work, tiles, run_tile, &run) : ERR_NOMEM;
	for (size_t tile = 0; tile < tiles && !code; tile++)
		rows->out->clipped += run.clipped[tile];
	buf_free(run.clipped);
	return code;
}

size_t
rows_affine(const struct rows *rows, size_t row, const float *w, const struct affine *affine)
{
	size_t columns = rows->layer->columns;

	return rows->task->kernels->affine(rows->out->codes + row * columns,
					   rows->out->dequantized + row * columns, w, columns,
					   affine);
}

/* What one pass over the tensor finds in each tile. */
struct pass {
	const struct quant_task *task;
	const struct quant_layer *layer;
	float *minima, *maxima; /* (tiles) */
	double *sums;           /* (tiles) */
};

static const float *
tile_values(size_t *n, const struct pass *pass, size_t tile)
{
	size_t first = tile * TILE_ROWS, left = pass->layer->rows - first;

	*n = (left < TILE_ROWS ? left : TILE_ROWS) * pass->layer->columns;
	return pass->layer->weight + first * pass->layer->columns;
}

static size_t
tile_count(const struct quant_layer *layer)
{
	return (layer->rows + TILE_ROWS - 1) / TILE_ROWS;
}

static enum err
range_tile(void *arg, size_t tile, int worker)
{
	const struct pass *pass = arg;
	size_t n;
	const float *x = tile_values(&n, pass, tile);

	(void)worker;
	pass->task->kernels->minmax(&pass->minima[tile], &pass->maxima[tile], x, n);
	return OK;
}

enum err
rows_range(float *min, float *max, const struct quant_task *task, const struct quant_layer *layer)
{
	size_t tiles = tile_count(layer);
	struct pass pass = { .task = task, .layer = layer };
	enum err code;

	pass.minima = buf_alloc(2 * tiles, sizeof(*pass.minima));
	if (!pass.minima)
		return ERR_NOMEM;
	pass.maxima = pass.minima + tiles;
	code = work_each(task->work, tiles, range_tile, &pass);
	*min = INFINITY;
	*max = -INFINITY;
	for (size_t tile = 0; tile < tiles && !code; tile++) {
		*min = fminf(*min, pass.minima[tile]);
		*max = fmaxf(*max, pass.maxima[tile]);
	}
	buf_free(pass.minima);
	return code;
}

static enum err
sum_tile(void *arg, size_t tile, int worker)
{
	const struct pass *pass = arg;
	size_t n;
	const float *x = tile_values(&n, pass, tile);

	(void)worker;
	pass->sums[tile] = pass->task->kernels->abs_sum(x, n);
	return OK;
}

enum err
rows_abs_sum(double *out, const struct quant_task *task, const struct quant_layer *layer)
{
	size_t tiles = tile_count(layer);
	struct pass pass = { .task = task, .layer = layer };
	enum err code;

	pass.sums = buf_alloc(tiles, sizeof(*pass.sums));
	if (!pass.sums)
		return ERR_NOMEM;
	code = work_each(task->work, tiles, sum_tile, &pass);
	*out = 0.0;
	for (size_t tile = 0; tile < tiles && !code; tile++)
		*out += pass.sums[tile];
	buf_free(pass.sums);
	return code;
}
