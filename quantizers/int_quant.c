/* int_quant: whole numbers of 2 to 8 bits by tensor, channel, group, token or block, as
 * compressed-tensors 0.20.0 rounds them (vllm-project/compressed-tensors) or as AMD Quark 0.13
 * does, with the observers of either: minmax, mse (llm-compressor 0.14.0.1), percentile (Quark).
 * Presets are theirs. Weights and scales are float32 here; for a model in 16 bits those tools also
 * do the arithmetic in 16 bits. */
#include "quantizers/effects.h"
#include "quantizers/int_fit.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 128 };
enum granularity { TENSOR, CHANNEL, GROUP, TOKEN, BLOCKS };
enum preset { PRESET_NONE };

static const char *const granularities[] = { "tensor", "channel", "group", "token", "block", NULL };
static const char *const observers[] = { "minmax", "mse", "percentile", NULL };
static const char *const rules[] = { "compressed_tensors", "quark", NULL };
static const char *const activations[] = { "none", "int8_token", "int8_range", NULL };
static const char *const presets[] = { "none",        "w4a16",      "w4a16_asym",
				       "w8a16",       "w8a8",       "quark_int4",
				       "quark_uint4", "quark_int8", "quark_int8_percentile",
				       NULL };

static const struct param params[] = {
	{ .name = "preset",
	  .type = PARAM_CHOICE,
	  .choices = presets,
	  .help = "settings of llm-compressor and Quark by name, which take the place of all "
		  "below" },
	GRID_PARAM_BITS,
	{ .name = "granularity",
	  .type = PARAM_CHOICE,
	  .choices = granularities,
	  .def = GROUP,
	  .help = "what shares a scale; of weights a token is a row too; blocks are 128 x 128" },
	GRID_PARAM_GROUP_SIZE,
	{ .name = "symmetric",
	  .type = PARAM_BOOL,
	  .def = 1,
	  .help = "grid centred on zero, without stored zero points" },
	{ .name = "observer",
	  .type = PARAM_CHOICE,
	  .choices = observers,
	  .help = "how ranges are found: as they are, by least error, by percentile of the "
		  "tensor" },
	{ .name = "percentile",
	  .type = PARAM_FLOAT,
	  .min = 50,
	  .max = 100,
	  .def = 99.99999999,
	  .help = "of magnitudes, where observer=percentile ends the range" },
	{ .name = "rule",
	  .type = PARAM_CHOICE,
	  .choices = rules,
	  .help = "whose arithmetic: they differ in ties, last bits and the scale of zeros" },
	GRID_PARAM_SCALE_DTYPE,
	{ .name = "activations",
	  .type = PARAM_CHOICE,
	  .choices = activations,
	  .help = "the layer's input: int8_range rounds each token to 8 bits as "
		  "compressed-tensors" },
	{ 0 },
};

/* What a preset sets: llm-compressor's schemes of that name, Quark's specs. */
static const struct {
	double bits, granularity, symmetric, observer, rule, activations;
} preset_values[] = {
	{ 4, GROUP, 1, INT_MINMAX, INT_COMPRESSED_TENSORS, 0 },   /* w4a16 */
	{ 4, GROUP, 0, INT_MINMAX, INT_COMPRESSED_TENSORS, 0 },   /* w4a16_asym */
	{ 8, CHANNEL, 1, INT_MINMAX, INT_COMPRESSED_TENSORS, 0 }, /* w8a16 */
	{ 8, CHANNEL, 1, INT_MINMAX, INT_COMPRESSED_TENSORS, 2 }, /* w8a8 */
	{ 4, GROUP, 1, INT_MINMAX, INT_QUARK, 0 },                /* quark_int4 */
	{ 4, GROUP, 0, INT_MINMAX, INT_QUARK, 0 },                /* quark_uint4 */
	{ 8, TENSOR, 1, INT_MINMAX, INT_QUARK, 0 },               /* quark_int8 */
	{ 8, TENSOR, 1, INT_PERCENTILE, INT_QUARK, 0 },           /* quark_int8_percentile */
};

static void
set(struct param_values *values, const char *name, double value)
{
	values->v[param_find(params, name)] = value;
}

static void
resolve(struct param_values *values)
{
	size_t preset = (size_t)param_get(params, values, "preset");

	if (preset == PRESET_NONE)
		return;
	param_defaults(values, params);
	set(values, "bits", preset_values[preset - 1].bits);
	set(values, "granularity", preset_values[preset - 1].granularity);
	set(values, "symmetric", preset_values[preset - 1].symmetric);
	set(values, "observer", preset_values[preset - 1].observer);
	set(values, "rule", preset_values[preset - 1].rule);
	set(values, "activations", preset_values[preset - 1].activations);
}

static struct int_setting
setting_of(const struct param_values *given, size_t columns)
{
	struct param_values values = *given;
	enum granularity granularity;
	double group;
	struct int_setting setting = { .band = 1, .width = columns };

	resolve(&values);
	granularity = (enum granularity)param_get(params, &values, "granularity");
	group = param_get(params, &values, "group_size");
	setting.bits = (int)param_get(params, &values, "bits");
	setting.symmetric = param_get(params, &values, "symmetric") != 0.0;
	setting.rule = (enum int_rule)param_get(params, &values, "rule");
	setting.observer = (enum int_observer)param_get(params, &values, "observer");
	setting.percentile = param_get(params, &values, "percentile");
	setting.scale_dtype = (enum scale_dtype)param_get(params, &values, "scale_dtype");
	setting.tensor = granularity == TENSOR || (granularity == GROUP && group == 0.0);
	if (granularity == BLOCKS)
		setting.band = setting.width = BLOCK;
	if (granularity == GROUP && group > 0.0)
		setting.width = (size_t)group;
	return setting;
}

static enum err
check(const struct param_values *given, size_t rows, size_t columns)
{
	struct param_values values = *given;
	struct int_setting setting = setting_of(given, columns);

	(void)rows;
	resolve(&values);
	if (setting.observer == INT_PERCENTILE && !(setting.tensor && setting.symmetric))
		return err_at(
			ERR_RANGE, NULL, NULL,
			"observer=percentile takes granularity=tensor and symmetric=true alone, "
			"as in Quark; set those or another observer");
	if (param_get(params, &values, "granularity") != GROUP)
		return OK;
	if (param_get(params, given, "preset") != PRESET_NONE && columns % setting.width)
		return err_at(ERR_RANGE, NULL, NULL,
			      "preset %s has groups of %zu, which do not divide %zu columns; set "
			      "group_size and the others by hand",
			      presets[(size_t)param_get(params, given, "preset")], setting.width,
			      columns);
	return grid_check_group(param_get(params, &values, "group_size"), columns);
}

struct int_quant {
	const struct int_setting *setting;
	const struct int_fit *fit;
};

static size_t
quantize(const struct rows *rows, size_t first, size_t count)
{
	const struct int_quant *scheme = rows->scheme;
	const struct int_setting *setting = scheme->setting;
	size_t columns = rows->layer->columns, clipped = 0;

	for (size_t c = 0; c < columns; c += setting->width) {
		size_t n = columns - c < setting->width ? columns - c : setting->width;
		size_t area = setting->tensor ? 0
					      : first / setting->band * scheme->fit->per_band +
							c / setting->width;
		struct affine grid =
			int_fit_grid(setting, scheme->fit->min[area], scheme->fit->max[area]);

		for (size_t at = first * columns + c; at < (first + count) * columns; at += columns)
			clipped += rows->task->kernels->affine(rows->out->codes + at,
							       rows->out->dequantized + at,
							       rows->layer->weight + at, n, &grid);
	}
	return clipped;
}

static void
store_grids(struct quantized *out, const struct int_quant *scheme)
{
	for (size_t area = 0; area < out->scale_count; area++) {
		struct affine grid = int_fit_grid(scheme->setting, scheme->fit->min[area],
						  scheme->fit->max[area]);

		out->scales[area] = grid.step;
		if (out->zero_points)
			out->zero_points[area] = grid.zero - grid.low;
	}
}

/* As compressed-tensors stores it: fewer than 8 bits in pack-quantized, each row's codes and each
 * column of zero points in whole 32-bit words, beside the shape; 8 bits in int-quantized. */
static void
count_bits(struct quantized *out, const struct int_setting *setting)
{
	double rows = (double)out->rows, columns = (double)out->columns, bits = setting->bits;
	double areas = (double)out->scale_count, height = ceil(rows / (double)setting->band);

	if (setting->tensor)
		height = 1.0;
	out->part_bits[PART_CODES] = bits * rows * columns;
	out->part_bits[PART_SCALES] = (setting->scale_dtype == SCALE_F32 ? 32.0 : 16.0) * areas;
	out->part_bits[PART_ZERO_POINTS] = out->zero_points ? bits * areas : 0.0;
	if (bits == 8.0)
		return;
	out->part_bits[PART_OTHER] = 2.0 * 64.0;
	out->part_bits[PART_PADDING] = rows * (32.0 * ceil(columns * bits / 32.0) - columns * bits);
	if (out->zero_points)
		out->part_bits[PART_PADDING] +=
			areas / height * (32.0 * ceil(height * bits / 32.0) - height * bits);
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	struct int_setting setting = setting_of(task->params, layer->columns);
	struct int_fit fit = { .task = task, .layer = layer, .setting = &setting };
	struct int_quant scheme = { &setting, &fit };
	struct rows rows = { task, layer, out, setting.band, quantize, &scheme };
	enum err code = int_fit_run(&fit);

	if (!code)
		code = rows_alloc(out, layer, fit.count, !setting.symmetric);
	if (!code) {
		store_grids(out, &scheme);
		code = rows_run(&rows);
	}
	out->group_count = setting.tensor || setting.band > 1 ? 0 : fit.per_band;
	int_fit_free(&fit);
	if (!code)
		count_bits(out, &setting);
	return code;
}

const struct quantizer quantizer_int_quant = {
	.name = "int_quant",
	.family = "rounding",
	.summary = "whole numbers by tensor, channel, group or block, with other tools' observers",
	.paper = "Jacob et al. 2017, arXiv 1712.05877",
	.repository = "https://github.com/vllm-project/compressed-tensors",
	.version = "0.20.0; llm-compressor 0.14.0.1; AMD Quark 0.13",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "none for weights and dynamic inputs",
		.bits = "2 to 8, inputs 8 where asked for",
		.groups = "the tensor, each row, any that divides the row, blocks of 128 x 128",
		.fine_tuning = "LoRA beside the frozen weights, with compressed-tensors' loader",
		.formats = "compressed-tensors pack-quantized and int-quantized; Quark",
		.kernels = "vLLM: Marlin and Machete for 4 and 8 bits, INT8 tensor cores; CPU for W8A8",
		.loss = "Llama-2-7B, WikiText-2 at 2048, 5.47 before: 5.72 at 4 bits, groups of 128",
		.sources = "OmniQuant arXiv 2308.13137; transformers' overview; compressed-tensors 0.20.0",
	},
	.resolve = resolve,
	.check = check,
	.solve = solve,
};
