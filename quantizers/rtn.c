/* Round to nearest: each weight to the nearest point of its group's grid. */
#include "quantizers/effects.h"
#include "quantizers/grid.h"

#include "core/buf.h"

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
	struct grid tensor_grid; /* group_size 0 */
	uint64_t *clipped;       /* (tiles) */
};

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
		struct grid grid = rtn->tensor_grid;

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
	size_t first = tile * TILE_ROWS, columns = rtn->layer->columns;
	size_t rows = rtn->layer->rows - first < TILE_ROWS ? rtn->layer->rows - first : TILE_ROWS;
	struct tile done = { .row = first,
			     .rows = rows,
			     .columns = columns,
			     .values = rtn->out->dequantized + first * columns,
			     .stride = columns };
	enum err code = OK;

	(void)worker;
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
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	struct rtn rtn = { .task = task,
			   .layer = layer,
			   .out = out,
			   .setting = grid_setting(task->quantizer, task->params, layer->columns) };
	size_t tiles = (layer->rows + TILE_ROWS - 1) / TILE_ROWS;
	enum err code = grid_alloc(out, &rtn.setting, layer->rows, layer->columns);

	work_expect(task->work, (uint64_t)layer->rows * layer->columns);
	rtn.clipped = buf_alloc(tiles, sizeof(*rtn.clipped));
	if (!rtn.clipped)
		code = ERR_NOMEM;
	if (!code && !rtn.setting.width) {
		code = grid_fit_layer(&rtn.tensor_grid, task, layer, &rtn.setting);
		grid_store(out, 0, rtn.tensor_grid);
	}
	if (!code)
		code = work_each(task->work, tiles, quantize_tile, &rtn);
	for (size_t tile = 0; tile < tiles && !code; tile++)
		out->clipped += rtn.clipped[tile];
	if (!code)
		grid_count_bits(out, &rtn.setting);
	buf_free(rtn.clipped);
	return code;
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
	.facts = {
		.calibration = "none",
		.bits = "2 to 8",
		.groups = "any that divides the row; the row; the tensor",
		.fine_tuning = "LoRA beside the frozen weights, with the loaders of GPTQ and compressed-tensors",
		.formats = "compressed-tensors pack-quantized (any bits); GPTQ (symmetric 4 and 8 bits load everywhere)",
		.kernels = "Marlin and Machete on NVIDIA GPUs for 4 and 8 bits; dequantizing loaders on any CPU",
		.loss = "Llama-2-7B, WikiText-2 at 2048, 5.47 before: 5.72 at 4 bits, 6.66 at 3, groups of 128",
		.sources = "OmniQuant arXiv 2308.13137 table 1; compressed-tensors 0.20.0; vLLM's kernel checks",
	},
	.check = check,
	.solve = solve,
};
