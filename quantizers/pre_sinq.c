/* Pre-SINQ: the column factors of SINQ's normalisation (sinkhorn.h), folded into what comes before,
 * so that any grid may follow and nothing more is stored (Müller et al. 2025, arXiv 2509.22944; the
 * scripts in presinq_models_generation of their repository). All layers that share the input are
 * one matrix W, one below the other; a round is
 *
 *	t = columns of sinkhorn(tile), for each tile of group_size columns
 *	t <- t / median(t), W <- W diag(1 / t)
 *
 * and what follows is rtn's grid (grid.h) of W diag(1 / t1) diag(1 / t2) ... Those scripts take
 * models whose weights the layers before have changed already (a factor of `down` is in the rows of
 * `up` when its turn comes) and round factors and weights to 16 bits; here each input stands for
 * itself, in float32. */
#include "quantizers/grid.h"
#include "quantizers/rows.h"
#include "quantizers/sinkhorn.h"

#include "core/buf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct param params[] = {
	GRID_PARAM_BITS,
	{ .name = "group_size",
	  .type = PARAM_INT,
	  .min = -1,
	  .max = 1048576,
	  .def = 64,
	  .help = "columns of a tile, and weights of a row that share a scale; -1 the whole row" },
	GRID_PARAM_SYMMETRIC,
	{ .name = "iterations",
	  .type = PARAM_INT,
	  .min = 0,
	  .max = 200,
	  .def = 4,
	  .help = "steps of the normalisation at most in each round" },
	{ .name = "rounds",
	  .type = PARAM_INT,
	  .min = 0,
	  .max = 20,
	  .def = 3,
	  .help = "times that factors are taken, of what the last ones left; 0 takes none" },
	GRID_PARAM_MSE,
	GRID_PARAM_SCALE_DTYPE,
	{ 0 },
};

enum { SOLVING = 4 };

/* A column without weights would shrink with every round. */
static const float least_factor = 0x1p-40f, most_factor = 0x1p40f;

struct pre_sinq {
	const struct quant_task *task;
	struct quantized *out; /* (layers) */
	struct grid_setting setting;
	size_t columns, rows; /* of all layers */
	int iterations;
	float *factor, *inverse; /* (columns) the product so far, and 1 over it */
	float *found, *sorted;   /* (columns) of this round */
};

static int
ascending(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* The lower one where two are in the middle. */
static float
median(const struct pre_sinq *pre)
{
	memcpy(pre->sorted, pre->found, pre->columns * sizeof(*pre->sorted));
	qsort(pre->sorted, pre->columns, sizeof(*pre->sorted), ascending);
	return pre->sorted[(pre->columns - 1) / 2];
}

/* One layer's rows of a tile under the factors so far. They lie in the room of its dequantized
 * weights, tile after tile. */
static enum err
scale_tile(struct sinkhorn_part *out, const struct pre_sinq *pre, size_t layer, size_t tile)
{
	const struct quant_layer *from = &pre->task->layers[layer];
	size_t n = pre->setting.width;
	float *to = pre->out[layer].dequantized + tile * from->rows * n;

	enum err code = OK;

	for (size_t r = 0; r < from->rows && !code; r++) {
		pre->task->kernels->multiply(to + r * n, from->weight + r * pre->columns + tile * n,
					     pre->inverse + tile * n, n);
		code = work_check(pre->task->work);
	}
	*out = (struct sinkhorn_part){ to, from->rows };
	return code;
}

static enum err
solve_tile(void *arg, size_t tile, int worker)
{
	struct pre_sinq *pre = arg;
	size_t count = pre->task->layer_count, n = pre->setting.width;
	struct sinkhorn_part *parts = buf_alloc(count, sizeof(*parts));
	float *row = buf_alloc(pre->rows, sizeof(*row));
	struct sinkhorn sinkhorn = { .parts = parts,
				     .part_count = count,
				     .columns = n,
				     .iterations = pre->iterations,
				     .kernels = pre->task->kernels,
				     .work = pre->task->work };
	enum err code = parts && row ? OK : ERR_NOMEM;

	(void)worker;
	for (size_t l = 0; l < count && !code; l++)
		code = scale_tile(&parts[l], pre, l, tile);
	if (!code)
		code = sinkhorn_solve(row, pre->found + tile * n, &sinkhorn);
	buf_free(parts);
	buf_free(row);
	work_advance(pre->task->work, (uint64_t)SOLVING * pre->rows * n);
	return code;
}

static enum err
find_factors(struct pre_sinq *pre, int rounds)
{
	enum err code = OK;

	for (int i = 0; i < rounds && !code; i++) {
		float middle;

		code = work_each(pre->task->work, pre->columns / pre->setting.width, solve_tile,
				 pre);
		if (code)
			break;
		middle = median(pre);
		for (size_t c = 0; c < pre->columns; c++) {
			float factor = pre->factor[c] * (pre->found[c] / middle);

			pre->factor[c] = fminf(fmaxf(factor, least_factor), most_factor);
			pre->inverse[c] = 1.0f / pre->factor[c];
		}
	}
	return code;
}

static size_t
round_row(const struct rows *rows, size_t row, size_t count)
{
	const struct pre_sinq *pre = rows->scheme;
	const struct kernels *kernels = pre->task->kernels;
	size_t columns = pre->columns, n = pre->setting.width, clipped = 0;
	float *x = rows->out->dequantized + row * columns;

	(void)count;
	kernels->multiply(x, rows->layer->weight + row * columns, pre->inverse, columns);
	for (size_t g = 0; g < columns / n; g++) {
		struct grid grid = grid_fit(kernels, &pre->setting, x + g * n, n);

		grid_store(rows->out, row * (columns / n) + g, grid);
		clipped += kernels->quantize(rows->out->codes + row * columns + g * n, x + g * n,
					     x + g * n, n, grid);
	}
	kernels->multiply(x, x, pre->factor, columns);
	return clipped;
}

/* What was quantized is W diag(1 / t). */
static enum err
keep_factors(struct quantized *out, const struct pre_sinq *pre, bool foldable)
{
	size_t size = pre->columns * sizeof(float);

	if (!foldable) {
		snprintf(out->note, sizeof(out->note),
			 "factors not applied: nothing before this layer can take them");
		return OK;
	}
	out->method_scale = buf_alloc(pre->columns, sizeof(float));
	out->column_scale = buf_alloc(pre->columns, sizeof(float));
	if (!out->method_scale || !out->column_scale)
		return ERR_NOMEM;
	memcpy(out->method_scale, pre->factor, size);
	memcpy(out->column_scale, pre->inverse, size);
	out->scale_folded = true;
	return OK;
}

static enum err
run(struct pre_sinq *pre)
{
	const struct quant_task *task = pre->task;
	int rounds = (int)param_get(params, task->params, "rounds");
	bool foldable = true;
	enum err code = OK;

	for (size_t l = 0; l < task->layer_count; l++)
		foldable = foldable && task->layers[l].foldable;
	rounds = foldable ? rounds : 0;
	work_expect(task->work, (uint64_t)pre->rows * pre->columns *
					(1 + (uint64_t)SOLVING * (uint64_t)rounds));
	code = find_factors(pre, rounds);
	for (size_t l = 0; l < task->layer_count && !code; l++) {
		struct rows rows = { task, &task->layers[l], &pre->out[l], 1, round_row, pre };

		code = rows_run_expected(&rows);
		if (!code)
			code = keep_factors(&pre->out[l], pre, foldable);
		grid_count_bits(&pre->out[l], &pre->setting);
	}
	return code;
}

static enum err
allocate(struct pre_sinq *pre)
{
	size_t columns = pre->columns;
	enum err code = OK;

	pre->factor = buf_alloc(4 * columns, sizeof(*pre->factor));
	if (!pre->factor)
		return ERR_NOMEM;
	pre->inverse = pre->factor + columns;
	pre->found = pre->inverse + columns;
	pre->sorted = pre->found + columns;
	for (size_t c = 0; c < columns; c++)
		pre->factor[c] = pre->inverse[c] = 1.0f;
	for (size_t l = 0; l < pre->task->layer_count && !code; l++) {
		pre->rows += pre->task->layers[l].rows;
		code = grid_alloc(&pre->out[l], &pre->setting, pre->task->layers[l].rows, columns);
	}
	return code;
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	size_t columns = task->layers[0].columns;
	struct pre_sinq pre = { .task = task,
				.out = out,
				.setting = grid_setting(task->quantizer, task->params, columns),
				.columns = columns,
				.iterations = (int)param_get(params, task->params, "iterations") };
	enum err code;

	if (!pre.setting.width)
		pre.setting.width = columns;
	code = allocate(&pre);
	if (!code)
		code = run(&pre);
	buf_free(pre.factor);
	return code;
}

static enum err
check(const struct param_values *values, size_t rows, size_t columns)
{
	(void)rows;
	return grid_check_group(param_get(params, values, "group_size"), columns);
}

const struct quantizer quantizer_pre_sinq = {
	.name = "pre_sinq",
	.family = "scaled",
	.summary = "evens out the input channels' weights, in what comes before, then rounds",
	.paper = "Müller et al. 2025, arXiv 2509.22944",
	.repository = "https://github.com/huawei-csl/SINQ",
	.version = "its presinq_models_generation; sinq 0.2.0",
	.scope = SCOPE_INPUT_GROUP,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "none; its variant with AWQ's scales, not computed here, takes a calibration text",
		.bits = "2 to 8",
		.groups = "any that divides the row, 64 usual; the row",
		.fine_tuning = "as the format it is written in: the model is an ordinary one before it is rounded",
		.formats = "any: its factors are in the weights before; compressed-tensors, GPTQ, GGUF, ...",
		.kernels = "those of the format it is written in",
		.loss = "no figure published for plain rounding; its scripts try it with HQQ, AWQ and GGUF",
		.sources = "arXiv 2509.22944; presinq_models_generation in the repository",
	},
	.absolute = "deviations below 1e-3 are 1e-3",
	.check = check,
	.solve = solve,
};
