/* One grid for a whole tensor: a pass over row tiles for the range, one more for each candidate of
 * the shrink search. */
#include "quantizers/grid.h"

#include "core/buf.h"

#include <math.h>

enum { TILE_ROWS = 64 };

struct tiles {
	const struct quant_task *task;
	const struct quant_layer *layer;
	const struct grid_setting *setting;
	size_t count;
	float *minima, *maxima; /* (count) */
	double *errors;         /* (count) of the candidate */
	struct grid candidate;
	float unit;
};

static const float *
tile_values(size_t *n, const struct tiles *tiles, size_t tile)
{
	size_t first = tile * TILE_ROWS, rows = tiles->layer->rows - first;

	*n = (rows < TILE_ROWS ? rows : TILE_ROWS) * tiles->layer->columns;
	return tiles->layer->weight + first * tiles->layer->columns;
}

static enum err
range_tile(void *arg, size_t tile, int worker)
{
	struct tiles *tiles = arg;
	size_t n;
	const float *x = tile_values(&n, tiles, tile);

	(void)worker;
	tiles->task->kernels->minmax(&tiles->minima[tile], &tiles->maxima[tile], x, n);
	return OK;
}

static enum err
error_tile(void *arg, size_t tile, int worker)
{
	struct tiles *tiles = arg;
	size_t n;
	const float *x = tile_values(&n, tiles, tile);

	(void)worker;
	tiles->errors[tile] = tiles->task->kernels->grid_error(x, n, tiles->candidate, tiles->unit,
							       tiles->setting->norm);
	return OK;
}

static enum err
tensor_error(double *out, void *ctx, struct grid grid, float unit)
{
	struct tiles *tiles = ctx;
	enum err code;

	tiles->candidate = grid;
	tiles->unit = unit;
	code = work_each(tiles->task->work, tiles->count, error_tile, tiles);
	*out = 0.0;
	for (size_t tile = 0; tile < tiles->count && !code; tile++)
		*out += tiles->errors[tile];
	return code;
}

static enum err
search(struct grid *out, struct tiles *tiles)
{
	struct grid_search search = { .setting = tiles->setting,
				      .error = tensor_error,
				      .ctx = tiles };
	enum err code = work_each(tiles->task->work, tiles->count, range_tile, tiles);

	for (size_t tile = 0; tile < tiles->count; tile++) {
		search.min = fminf(search.min, tiles->minima[tile]);
		search.max = fmaxf(search.max, tiles->maxima[tile]);
	}
	return code ? code : grid_search(out, &search);
}

enum err
grid_fit_layer(struct grid *out, const struct quant_task *task, const struct quant_layer *layer,
	       const struct grid_setting *setting)
{
	struct tiles tiles = { .task = task,
			       .layer = layer,
			       .setting = setting,
			       .count = (layer->rows + TILE_ROWS - 1) / TILE_ROWS };
	enum err code = ERR_NOMEM;

	tiles.minima = buf_alloc(tiles.count, sizeof(*tiles.minima));
	tiles.maxima = buf_alloc(tiles.count, sizeof(*tiles.maxima));
	tiles.errors = buf_alloc(tiles.count, sizeof(*tiles.errors));
	if (tiles.minima && tiles.maxima && tiles.errors)
		code = search(out, &tiles);
	buf_free(tiles.minima);
	buf_free(tiles.maxima);
	buf_free(tiles.errors);
	return code;
}
