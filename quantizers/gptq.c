/* GPTQ (Frantar et al. 2022, arXiv 2210.17323): columns are rounded one after the other, and each
 * error is made up for by the columns still to come. gptq_factor.c has the mathematics,
 * gptq_strip.c the loop; here are the settings and what is stored. */
#include "quantizers/gptq_strip.h"

#include "core/buf.h"

#include <stdio.h>

static const double bits_allowed[] = { 2, 3, 4, 8 };

/* Defaults are GPTQModel's (damp 0.05; AutoGPTQ and the paper take 0.01) but for symmetric, so that
 * rtn and gptq differ by compensation alone. */
static const struct param params[] = {
	{ .name = "bits",
	  .type = PARAM_INT,
	  .min = 2,
	  .max = 8,
	  .def = 4,
	  .values = bits_allowed,
	  .value_count = sizeof(bits_allowed) / sizeof(bits_allowed[0]),
	  .help = "bits of one code" },
	GRID_PARAM_GROUP_SIZE,
	GRID_PARAM_SYMMETRIC,
	{ .name = "act_order",
	  .type = PARAM_BOOL,
	  .def = 0,
	  .help = "round the columns with the largest activations first" },
	{ .name = "static_groups",
	  .type = PARAM_BOOL,
	  .def = 0,
	  .help = "take every group's grid from the original weights, in file order" },
	{ .name = "damp",
	  .type = PARAM_FLOAT,
	  .min = 0,
	  .max = 1,
	  .def = 0.05,
	  .help = "share of the Gram matrix's mean diagonal added to it; raised where needed" },
	GRID_PARAM_MSE,
	GRID_PARAM_SCALE_DTYPE,
	{ 0 },
};

static enum err
solve_strips(struct gptq *gptq)
{
	size_t threads = (size_t)work_threads(gptq->task->work),
	       strips = (gptq->layer->rows + GPTQ_STRIP - 1) / GPTQ_STRIP;
	enum err code = OK;

	gptq->strips = buf_alloc(threads, sizeof(*gptq->strips));
	gptq->clipped = buf_alloc(strips, sizeof(*gptq->clipped));
	if (!gptq->strips || !gptq->clipped)
		code = ERR_NOMEM;
	for (size_t i = 0; i < threads && !code; i++)
		if (!gptq_strip_alloc(gptq, &gptq->strips[i]))
			code = ERR_NOMEM;
	if (!code)
		code = work_each(gptq->task->work, strips, gptq_strip_solve, gptq);
	for (size_t i = 0; i < strips && !code; i++)
		gptq->out->clipped += gptq->clipped[i];
	for (size_t i = 0; i < threads && gptq->strips; i++)
		gptq_strip_free(&gptq->strips[i]);
	buf_free(gptq->strips);
	buf_free(gptq->clipped);
	return code;
}

/* What the format stores beside codes and grids: each column's group, where groups follow the order
 * of rounding. */
static enum err
store_group_of(struct gptq *gptq)
{
	struct quantized *out = gptq->out;
	size_t n = gptq->factor.n;

	grid_count_bits(out, &gptq->setting);
	if (!gptq->act_order || gptq->fixed_groups || gptq->groups == 1)
		return OK;
	out->group_of = buf_alloc(n, sizeof(*out->group_of));
	if (!out->group_of)
		return ERR_NOMEM;
	for (size_t s = 0; s < n; s++)
		out->group_of[gptq->factor.column[s]] = (uint32_t)gptq_strip_group(gptq, s);
	out->part_bits[PART_OTHER] = 32.0 * (double)n;
	return OK;
}

static void
say_damp(struct gptq *gptq, double damp)
{
	if (gptq->factor.damp > damp)
		snprintf(gptq->out->note, sizeof(gptq->out->note),
			 "damp raised from %g to %g: the Gram matrix is not positive definite",
			 damp, gptq->factor.damp);
}

static void
expect(const struct gptq *gptq)
{
	size_t n = gptq->layer->columns, rows = gptq->layer->rows;

	for (size_t first = 0; first < rows; first += GPTQ_STRIP)
		for (size_t block = 0; block * GPTQ_BLOCK < n; block++)
			work_expect(gptq->task->work,
				    gptq_strip_cost(rows - first < GPTQ_STRIP ? rows - first
									      : GPTQ_STRIP,
						    block));
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	double damp = param_get(params, task->params, "damp");
	struct gptq gptq = { .task = task,
			     .layer = layer,
			     .out = out,
			     .setting = grid_setting(task->quantizer, task->params, layer->columns),
			     .act_order = param_get(params, task->params, "act_order") != 0.0 };
	struct gptq_order order = { gptq.act_order, damp };
	enum err code = grid_alloc(out, &gptq.setting, layer->rows, layer->columns);

	gptq.grouped = param_get(params, task->params, "group_size") > 0.0;
	gptq.fixed_groups =
		param_get(params, task->params, "static_groups") != 0.0 || !gptq.grouped;
	gptq.groups = gptq.setting.width ? layer->columns / gptq.setting.width : 1;
	expect(&gptq);
	if (!code)
		code = gptq_factor_make(&gptq.factor, task, &order);
	if (!code && !gptq.setting.width) {
		code = grid_fit_layer(&gptq.tensor_grid, task, layer, &gptq.setting);
		grid_store(out, 0, gptq.tensor_grid);
	}
	if (!code)
		code = solve_strips(&gptq);
	if (!code)
		code = store_group_of(&gptq);
	say_damp(&gptq, damp);
	gptq_factor_free(&gptq.factor);
	return code;
}

static enum err
check(const struct param_values *values, size_t rows, size_t columns)
{
	(void)rows;
	return grid_check_group(param_get(params, values, "group_size"), columns);
}

const struct quantizer quantizer_gptq = {
	.name = "gptq",
	.family = "compensated",
	.summary = "rounds column by column and makes up for each error in those that follow",
	.paper = "Frantar et al. 2022, arXiv 2210.17323",
	.repository = "https://github.com/ModelCloud/GPTQModel",
	.version = "7.7.0",
	.scope = SCOPE_LINEAR,
	.needs = NEED_GRAM,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "required: 128 sequences of 2048 tokens usual",
		.bits = "2 to 8",
		.groups = "any that divides the row; the row; the tensor",
		.fine_tuning = "LoRA beside the frozen weights",
		.formats = "GPTQ (symmetric 4 and 8 bits load everywhere); compressed-tensors pack-quantized",
		.kernels = "Marlin, Machete and ExLlama on NVIDIA GPUs; torch and AVX-512 kernels on CPUs",
		.loss = "Llama-2-7B, WikiText-2 at 2048, 5.47 before: 5.61 at 4 bits, 6.29 at 3, groups of 128",
		.sources = "OmniQuant arXiv 2308.13137 table 1; GPTQModel 7.7.0; transformers' overview",
	},
	.check = check,
	.solve = solve,
};
