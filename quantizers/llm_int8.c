/* LLM.int8 (Dettmers et al. 2022, arXiv 2208.07339), bit for bit as bitsandbytes 0.50.2 makes it on
 * the CPU: the weight as float16, one scale max|w| for each row (SCB), codes rint(w 127 / SCB)
 * (CB), all of them 8 bits. In evaluation, columns of the input that reach the threshold within a
 * batch are multiplied in 16 bits and the rest as int8: the effect int8_split. */
#include "quantizers/effects.h"
#include "quantizers/rows.h"

#include "core/buf.h"

#include <math.h>
#include <stdio.h>

static const char *const activations[] = { "none", "int8_split", NULL };

static const struct param params[] = {
	{ .name = "threshold",
	  .type = PARAM_FLOAT,
	  .min = 0,
	  .max = 1000,
	  .def = 6,
	  .help = "input columns with |x| at or beyond this stay in 16 bits; 0 splits none off" },
	{ .name = "activations",
	  .type = PARAM_CHOICE,
	  .choices = activations,
	  .def = 1,
	  .help = "int8_split: int8 for each token but for outlier columns; none: the weights "
		  "alone" },
	{ 0 },
};

/* The reference multiplies by this instead of dividing by 127. */
static const float reciprocal = 7.874015718698502e-3f;

/* From here on float16 is infinite. */
static const float half_end = 65520.0f;

static size_t
quantize(const struct rows *rows, size_t first, size_t count)
{
	const struct kernels *kernels = rows->task->kernels;
	size_t columns = rows->layer->columns;

	for (size_t r = first; r < first + count; r++) {
		float *out = rows->out->dequantized + r * columns, most;
		struct affine grid = { .low = -128.0f, .high = 127.0f, .multiplies = 1 };

		kernels->round_f16(out, rows->layer->weight + r * columns, columns);
		most = rows->out->scales[r] = kernels->absmax(out, columns);
		/* A number over a tensor, as torch divides; a row of zeros has no scale. */
		grid.scale = most > 0.0f ? 1.0f / most * 127.0f : 0.0f;
		grid.step = most;
		rows_affine(rows, r, out, &grid);
		kernels->scale(out, out, columns, reciprocal);
	}
	return 0;
}

static enum err
check_range(const struct quant_task *task)
{
	float min, max;
	enum err code = rows_range(&min, &max, task, &task->layers[0]);

	if (!code && fmaxf(-min, max) >= half_end)
		return err_at(ERR_RANGE, NULL, task->layers[0].name,
			      "a weight of magnitude %g is beyond float16, in which this method "
			      "takes weights; use another",
			      (double)fmaxf(-min, max));
	return code;
}

/* "12 of 256 input columns reach |x| >= 6 on the calibration text: 3 17 40" and as many as fit. */
static void
describe(struct quantized *out, const struct quant_array *outliers, float threshold)
{
	const uint32_t *list = outliers->data;
	size_t room = sizeof(out->note);
	size_t used = (size_t)snprintf(
		out->note, room,
		"%zu of %zu input columns reach |x| >= %g on the calibration text%s",
		outliers->count, out->columns, (double)threshold, outliers->count ? ":" : "");

	for (size_t i = 0; i < outliers->count; i++) {
		if (used + 16 > room) {
			snprintf(out->note + used, room - used, " ...");
			return;
		}
		used += (size_t)snprintf(out->note + used, room - used, " %u", list[i]);
	}
}

/* The columns that the calibration text takes past the threshold: those that a batch of it would
 * have split off. The method's view of a channel is how near it comes: 1 and more is split off. */
static enum err
list_outliers(struct quantized *out, const struct quant_task *task)
{
	const struct statistics *statistics = task->layers[0].statistics;
	float threshold = (float)param_get(params, task->params, "threshold");
	struct quant_array *outliers = &out->extras[0];
	uint32_t *list;

	if (!statistics || !statistics->max_abs || threshold <= 0.0f)
		return OK;
	out->method_scale = buf_alloc(out->columns, sizeof(*out->method_scale));
	list = buf_alloc(out->columns, sizeof(*list));
	*outliers = (struct quant_array){ "outlier_columns", QUANT_U32, 0, list };
	if (!out->method_scale || !list)
		return ERR_NOMEM;
	for (size_t c = 0; c < out->columns; c++) {
		out->method_scale[c] = statistics->max_abs[c] / threshold;
		if (statistics->max_abs[c] >= threshold)
			list[outliers->count++] = (uint32_t)c;
	}
	describe(out, outliers, threshold);
	return OK;
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	struct rows rows = { task, layer, out, 1, quantize, NULL };
	enum err code = check_range(task);

	if (!code)
		code = rows_alloc(out, layer, layer->rows, false);
	if (!code)
		code = rows_run(&rows);
	if (!code)
		code = list_outliers(out, task);
	out->group_count = 1;
	out->part_bits[PART_CODES] = 8.0 * (double)layer->rows * (double)layer->columns;
	out->part_bits[PART_SCALES] = 32.0 * (double)layer->rows;
	out->part_bits[PART_OTHER] = 8.0; /* weight_format */
	return code;
}

const struct quantizer quantizer_llm_int8 = {
	.name = "llm_int8",
	.family = "rounding",
	.summary = "int8 weights by row; in evaluation int8 inputs but for outlier columns",
	.paper = "Dettmers et al. 2022, arXiv 2208.07339",
	.repository = "https://github.com/bitsandbytes-foundation/bitsandbytes",
	.version = "0.50.2",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.effect_level = "threshold",
	.facts = {
		.calibration = "none; a calibration text shows which columns would be split off",
		.bits = "8, inputs too but for outlier columns",
		.groups = "each row; each token of the input",
		.fine_tuning = "yes: adapters on top with PEFT",
		.formats = "bitsandbytes in safetensors, through transformers",
		.kernels = "bitsandbytes: NVIDIA, AMD and Intel GPUs, CPU; vLLM on NVIDIA",
		.loss = "no loss of accuracy from 125M to 175B parameters of OPT, by the paper",
		.sources = "arXiv 2208.07339; transformers' quantization overview; bitsandbytes 0.50.2",
	},
	.solve = solve,
};
