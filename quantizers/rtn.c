/* Round to nearest: each weight to the nearest point of its group's grid. */
#include "quantizers/effects.h"
#include "quantizers/grid.h"

#include "core/buf.h"

#include <math.h>

static const struct param params[] = {
	GRID_PARAM_BITS, GRID_PARAM_GROUP_SIZE, GRID_PARAM_SYMMETRIC,
	EFFECTS_PARAM,   GRID_PARAM_MSE,        GRID_PARAM_SCALE_DTYPE,
	{ 0 },
};

enum { TILE_ROWS = 64 };

struct rtn {
	const struct quant_task *task;
	const struct quant_layer *layer;
	struct quantized *out;
	struct grid_setting setting;
	struct grid grid;       /* group_size 0: of the whole tensor */
	float *minima, *maxima; /* (tiles) */
	double *errors;         /* (tiles) of one candidate */
	float unit;
	uint64_t *clipped; /* (tiles) */
};

static size_t
tile_count(const struct rtn *rtn)
{
	return (rtn->layer->rows + TILE_ROWS - 1) / TILE_ROWS;
}

/* The tile's first row, and in *rows how many it has. */
static size_t
tile_rows(size_t *rows, const struct rtn *rtn, size_t tile)
{
	size_t first = tile * TILE_ROWS;

	*rows = rtn->layer->rows - first < TILE_ROWS ? rtn->layer->rows - first : TILE_ROWS;
	return first;
}

static enum err
range_tile(void *arg, size_t tile, int worker)
{
	struct rtn *rtn = arg;
	size_t rows, first = tile_rows(&rows, rtn, tile), columns = rtn->layer->columns;

	(void)worker;
	rtn->task->kernels->minmax(&rtn->minima[tile], &rtn->maxima[tile],
				   rtn->layer->weight + first * columns, rows * columns);
	return OK;
}

static enum err
error_tile(void *arg, size_t tile, int worker)
{
	struct rtn *rtn = arg;
	size_t rows, first = tile_rows(&rows, rtn, tile), columns = rtn->layer->columns;

	(void)worker;
	rtn->errors[tile] =
		rtn->task->kernels->grid_error(rtn->layer->weight + first * columns, rows * columns,
					       rtn->grid, rtn->unit, rtn->setting.norm);
	return OK;
}

static enum err
tensor_error(double *out, void *ctx, struct grid grid, float unit)
{
	struct rtn *rtn = ctx;
	enum err code;

	rtn->grid = grid;
	rtn->unit = unit;
	code = work_each(rtn->task->work, tile_count(rtn), error_tile, rtn);
	*out = 0.0;
	for (size_t tile = 0; tile < tile_count(rtn) && !code; tile++)
		*out += rtn->errors[tile];
	return code;
}

/* One grid for the whole tensor: a pass for the range, then perhaps the search. */
static enum err
fit_tensor(struct rtn *rtn)
{
	struct grid_search search = { .setting = &rtn->setting, .error = tensor_error, .ctx = rtn };
	struct grid grid;
	enum err code = work_each(rtn->task->work, tile_count(rtn), range_tile, rtn);

	for (size_t tile = 0; tile < tile_count(rtn); tile++) {
		search.min = fminf(search.min, rtn->minima[tile]);
		search.max = fmaxf(search.max, rtn->maxima[tile]);
	}
	if (!code)
		code = grid_search(&grid, &search);
	if (!code) {
		rtn->grid = grid;
		grid_store(rtn->out, 0, grid);
	}
	return code;
}

static size_t
quantize_row(struct rtn *rtn, size_t row)
{
	const struct kernels *kernels = rtn->task->kernels;
	struct quantized *out = rtn->out;
	size_t columns = rtn->layer->columns, clipped = 0;
	size_t width = rtn->setting.width ? rtn->setting.width : columns;

	for (size_t g = 0; g < columns / width; g++) {
		size_t at = row * columns + g * width;
		const float *w = rtn->layer->weight + at;
		struct grid grid = rtn->grid;

		if (rtn->setting.width) {
			grid = grid_fit(kernels, &rtn->setting, w, width);
			grid_store(out, row * out->group_count + g, grid);
		}
		clipped +=
			kernels->quantize(out->codes + at, out->dequantized + at, w, width, grid);
	}
	return clipped;
}

static enum err
quantize_tile(void *arg, size_t tile, int worker)
{
	struct rtn *rtn = arg;
	size_t rows, first = tile_rows(&rows, rtn, tile), columns = rtn->layer->columns;
	struct tile done = { .row = first,
			     .rows = rows,
			     .columns = columns,
			     .values = rtn->out->dequantized + first * columns,
			     .stride = columns };
	enum err code = OK;

	(void)worker;
	rtn->clipped[tile] = 0;
	for (size_t row = first; row < first + rows && !code; row++) {
		rtn->clipped[tile] += quantize_row(rtn, row);
		code = work_check(rtn->task->work);
	}
	if (!code) {
		work_publish(rtn->task->work, &done);
		work_advance(rtn->task->work, rows * columns);
	}
	return code;
}

static enum err
solve_layer(struct rtn *rtn)
{
	size_t tiles = tile_count(rtn);
	enum err code = grid_alloc(rtn->out, &rtn->setting, rtn->layer->rows, rtn->layer->columns);

	rtn->minima = buf_alloc(tiles, sizeof(*rtn->minima));
	rtn->maxima = buf_alloc(tiles, sizeof(*rtn->maxima));
	rtn->errors = buf_alloc(tiles, sizeof(*rtn->errors));
	rtn->clipped = buf_alloc(tiles, sizeof(*rtn->clipped));
	if (!rtn->minima || !rtn->maxima || !rtn->errors || !rtn->clipped)
		code = ERR_NOMEM;
	if (!code && !rtn->setting.width)
		code = fit_tensor(rtn);
	if (!code)
		code = work_each(rtn->task->work, tiles, quantize_tile, rtn);
	for (size_t tile = 0; tile < tiles && !code; tile++)
		rtn->out->clipped += rtn->clipped[tile];
	if (!code)
		grid_count_bits(rtn->out, &rtn->setting);
	buf_free(rtn->minima);
	buf_free(rtn->maxima);
	buf_free(rtn->errors);
	buf_free(rtn->clipped);
	return code;
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	struct rtn rtn = { .task = task,
			   .layer = layer,
			   .out = out,
			   .setting = grid_setting(task->quantizer, task->params, layer->columns) };

	work_expect(task->work, (uint64_t)layer->rows * layer->columns);
	return solve_layer(&rtn);
}

static enum err
check(const struct param_values *values, size_t rows, size_t columns)
{
	(void)rows;
	return grid_check_group(param_get(params, values, "group_size"), columns);
}

const struct quantizer quantizer_rtn = {
	.name = "rtn",
	.family = "rounding",
	.summary = "round to nearest: each weight to its group's grid, nothing else",
	.paper = "the baseline of Frantar et al. 2022, arXiv 2210.17323",
	.repository = "https://github.com/vllm-project/compressed-tensors",
	.version = "the grid of GPTQ's reference code",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.check = check,
	.solve = solve,
};
