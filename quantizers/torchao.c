/* torchao: integers and 8-bit floats as torchao 0.18.0 quantizes linear layers on the CPU, bit for
 * bit, in the type that the model is held in; int4, which it makes on GPUs alone, by its formulas
 * (tinygemm; hqq after Badri and Shaji 2023; mslk's int4_row_quantize_zp for the plain packing). */
#include "quantizers/torchao.h"

#include "core/buf.h"
#include "quantizers/grid.h"
#include "quantizers/minifloat.h"
#include "quantizers/rows.h"

#include <math.h>

enum granularity { BY_VARIANT, TENSOR, ROW, GROUP, BLOCK };
enum { INT4_GROUP = 128, BLOCK_SIZE = 128, TILE_COLUMNS = 1024, TILE_ROWS = 8 };

static const char *const variants[] = { "int8wo", "int4wo", "intx", "int8dyn",
					"fp8wo",  "fp8dyn", NULL };
static const char *const granularities[] = {
	"by_variant", "tensor", "row", "group", "block", NULL
};
static const char *const mappings[] = { "symmetric", "asymmetric", "symmetric_no_clipping", NULL };
static const char *const rules[] = { "default", "tinygemm", "hqq", "hqq_scale_only", NULL };
static const char *const activations[] = { "by_variant",
					   "none",
					   "int8_torchao",
					   "int8_torchao_tensor",
					   "int8_torchao_affine",
					   "fp8_tensor",
					   "fp8_token",
					   "fp8_block",
					   NULL };
enum { DYNAMIC, NO_EFFECT, INT8_TOKEN, INT8_TENSOR, INT8_AFFINE, FP8_TENSOR, FP8_TOKEN, FP8_BLOCK };

static const struct param params[] = {
	{ .name = "variant",
	  .type = PARAM_CHOICE,
	  .choices = variants,
	  .def = INTX,
	  .help = "weight only (wo), or with activations rounded as they come (dyn)" },
	{ .name = "bits",
	  .type = PARAM_INT,
	  .min = 1,
	  .max = 8,
	  .def = 4,
	  .help = "of intx, which stores each code in 8 bits whatever it has" },
	{ .name = "group_size",
	  .type = PARAM_INT,
	  .min = -1,
	  .max = 1048576,
	  .def = 0,
	  .help = "columns that share a scale; -1 a whole row, 0 what the granularity says" },
	{ .name = "granularity",
	  .type = PARAM_CHOICE,
	  .choices = granularities,
	  .help = "what shares a scale; by itself int4wo groups of 128, fp8dyn the tensor, else "
		  "rows" },
	{ .name = "mapping",
	  .type = PARAM_CHOICE,
	  .choices = mappings,
	  .help = "of intx: the range about zero, as it is, or reaching to the farther end" },
	{ .name = "choose_qparams",
	  .type = PARAM_CHOICE,
	  .choices = rules,
	  .help = "int4wo's plain packing or tinygemm or hqq; intx may fit its scales by hqq" },
	{ .name = "activations",
	  .type = PARAM_CHOICE,
	  .choices = activations,
	  .help = "what happens to the layer's input: none shows the loss of the weights alone" },
	STEPWISE_PARAM(FLOAT_B16),
	{ 0 },
};

static double
value(const struct param_values *values, const char *name)
{
	return param_get(params, values, name);
}

static bool
is_float(enum torchao_variant variant)
{
	return variant == FP8WO || variant == FP8DYN;
}

static enum granularity
granularity_of(const struct param_values *values)
{
	static const enum granularity usual[] = { ROW, GROUP, ROW, ROW, ROW, TENSOR };
	enum granularity asked = (enum granularity)value(values, "granularity");
	double size = value(values, "group_size");

	if (asked != BY_VARIANT)
		return asked;
	if (size != 0)
		return size > 0 ? GROUP : ROW;
	return usual[(size_t)value(values, "variant")];
}

static size_t
group_width(const struct param_values *values, size_t columns)
{
	double size = value(values, "group_size");

	switch (granularity_of(values)) {
	case GROUP:
		return size > 0 ? (size_t)size : INT4_GROUP;
	case BLOCK:
		return BLOCK_SIZE;
	default:
		return columns;
	}
}

/* A band of rows is one, or a row of blocks. */
static size_t
quantize_integers(const struct rows *rows, size_t row)
{
	const struct torchao *torchao = rows->scheme;
	size_t columns = rows->layer->columns, groups = columns / torchao->width, clipped = 0;

	for (size_t g = 0; g < groups; g++) {
		size_t at = row * columns + g * torchao->width, group = row * groups + g;
		struct torchao_grid grid = { 0 };
		float min, max;

		rows->task->kernels->minmax(&min, &max, rows->layer->weight + at, torchao->width);
		grid = torchao_grid(torchao, min, max, group);
		rows->out->scales[group] = grid.stored;
		if (rows->out->zero_points)
			rows->out->zero_points[group] = grid.zero;
		if (torchao->zeros)
			torchao->zeros[group] = grid.zero;
		clipped += rows->task->kernels->stepwise(
			rows->out->codes + at, rows->out->dequantized + at,
			rows->layer->weight + at, torchao->width, &grid.map);
	}
	return clipped;
}

static void
round_run(const struct torchao *torchao, float *out, const float *x, size_t n)
{
	const struct kernels *kernels = torchao->task->kernels;

	if (torchao->type == FLOAT_16)
		kernels->round_f16(out, x, n);
	else if (torchao->type == FLOAT_B16)
		kernels->round_bf16(out, x, n);
	else if (out != x)
		kernels->scale(out, x, n, 1.0f);
}

/* A scale of 0 is divided by in torchao, which makes NaN of zeros: here they stay. */
static void
round_float8(const struct torchao *torchao, size_t at, size_t n, float scale)
{
	const struct kernels *kernels = torchao->task->kernels;
	float *out = torchao->out->dequantized + at;
	uint8_t *codes = torchao->out->codes + at;

	round_run(torchao, out, torchao->layer->weight + at, n);
	kernels->divide(out, out, n, scale > 0.0f ? scale : 1.0f);
	kernels->mini_encode(codes, out, n, 1.0f, &minifloat_e4m3fn);
	kernels->mini_decode(out, codes, n, scale, &minifloat_e4m3fn);
	round_run(torchao, out, out, n);
}

static void
quantize_floats(const struct rows *rows, size_t first, size_t count)
{
	const struct torchao *torchao = rows->scheme;
	size_t columns = rows->layer->columns, groups = columns / torchao->width;

	for (size_t g = 0; g < groups; g++) {
		size_t at = first * columns + g * torchao->width;
		float most = 0.0f, scale;

		for (size_t r = 0; r < count; r++)
			most = fmaxf(most, rows->task->kernels->absmax(rows->layer->weight + at +
									       r * columns,
								       torchao->width));
		scale = torchao_float8_scale(torchao, most);
		rows->out->scales[first / torchao->height * groups + g] = scale;
		for (size_t r = 0; r < count; r++)
			round_float8(torchao, at + r * columns, torchao->width, scale);
	}
}

static size_t
quantize(const struct rows *rows, size_t first, size_t count)
{
	const struct torchao *torchao = rows->scheme;

	if (!is_float(torchao->variant))
		return quantize_integers(rows, first);
	quantize_floats(rows, first, count);
	return 0;
}

/* One grid for the tensor, known beforehand. */
static size_t
quantize_whole(const struct rows *rows, size_t first, size_t count)
{
	const struct torchao *torchao = rows->scheme;
	size_t n = count * rows->layer->columns, at = first * rows->layer->columns;
	struct torchao_grid grid;

	if (is_float(torchao->variant)) {
		round_float8(torchao, at, n, rows->out->scales[0]);
		return 0;
	}
	grid = torchao_grid(torchao, -torchao->most, torchao->most, 0);
	return rows->task->kernels->stepwise(rows->out->codes + at, rows->out->dequantized + at,
					     rows->layer->weight + at, n, &grid.map);
}

static enum err
run_whole(struct torchao *torchao, struct rows *rows)
{
	float min, max;
	enum err code = rows_range(&min, &max, torchao->task, torchao->layer);

	if (code)
		return code;
	torchao->most = fmaxf(-min, max);
	rows->quantize = quantize_whole;
	rows->out->scales[0] =
		is_float(torchao->variant)
			? torchao_float8_scale(torchao, torchao->most)
			: torchao_grid(torchao, -torchao->most, torchao->most, 0).stored;
	return rows_run(rows);
}

/* A solver reads the weights as the type holds them: until codes are known, they lie where those
 * will be restored to. */
static enum err
held_tile(void *arg, size_t row, int worker)
{
	struct torchao *torchao = arg;
	size_t columns = torchao->layer->columns;

	(void)worker;
	round_run(torchao, torchao->out->dequantized + row * columns,
		  torchao->layer->weight + row * columns, columns);
	return OK;
}

static enum err
run_solved(struct torchao *torchao, const struct rows *rows)
{
	size_t groups = torchao->out->scale_count;
	float *room = buf_alloc_dirty(2 * groups, sizeof(*room));
	enum err code =
		room ? work_each(torchao->task->work, torchao->layer->rows, held_tile, torchao)
		     : ERR_NOMEM;

	torchao->solved = room;
	torchao->solved_zeros = room ? room + groups : NULL;
	if (!code && torchao->rule == RULE_HQQ)
		code = torchao_solve_hqq(torchao, torchao->out->dequantized);
	else if (!code)
		code = torchao_solve_scales(torchao, torchao->out->dequantized);
	if (!code)
		code = rows_run(rows);
	buf_free(room);
	return code;
}

/* Tiles of tinygemm are padded; its scales and zeros lie side by side. */
static void
count_int4(const struct torchao *torchao)
{
	const struct quant_layer *layer = torchao->layer;
	double width = stepwise_bits(torchao->type), *parts = torchao->out->part_bits;
	double rows = (double)layer->rows, columns = (double)layer->columns;
	double groups = (double)torchao->out->scale_count;

	parts[PART_CODES] = 4.0 * rows * columns;
	parts[PART_SCALES] = parts[PART_ZERO_POINTS] = width * groups;
	if (torchao->rule == RULE_DEFAULT) {
		parts[PART_PADDING] = layer->columns % 2 ? 4.0 * rows : 0.0;
		return;
	}
	rows = ceil(rows / TILE_ROWS) * TILE_ROWS;
	columns = ceil(columns / TILE_COLUMNS) * TILE_COLUMNS;
	parts[PART_PADDING] = rows * columns * (4.0 + 2.0 * width / (double)torchao->width) -
			      parts[PART_CODES] - parts[PART_SCALES] - parts[PART_ZERO_POINTS];
}

static void
count_bits(const struct torchao *torchao)
{
	double weights = (double)torchao->layer->rows * (double)torchao->layer->columns;
	double groups = (double)torchao->out->scale_count, *parts = torchao->out->part_bits;

	if (torchao->variant == INT4WO) {
		count_int4(torchao);
		return;
	}
	parts[PART_CODES] = (double)torchao->bits * weights;
	parts[PART_PADDING] = 8.0 * weights - parts[PART_CODES];
	parts[PART_SCALES] =
		(torchao->variant == INTX ? stepwise_bits(torchao->type) : 32.0) * groups;
	if (!is_float(torchao->variant))
		parts[PART_ZERO_POINTS] = 8.0 * groups;
}

static enum err
allocate(struct torchao *torchao)
{
	const struct quant_layer *layer = torchao->layer;
	size_t groups = layer->columns / torchao->width, bands = 1;
	bool affine = torchao->variant == INTX && torchao->mapping == ASYMMETRIC;
	enum err code;

	if (torchao->height)
		bands = layer->rows / torchao->height;
	code = rows_alloc(torchao->out, layer, groups * bands, affine);
	torchao->out->group_count = torchao->height == 1 ? groups : 0;
	if (!code && torchao->variant == INT4WO) {
		torchao->zeros = quantized_extra_add(torchao->out, "zeros", QUANT_F32,
						     torchao->out->scale_count);
		code = torchao->zeros ? OK : ERR_NOMEM;
	}
	return code;
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	const struct param_values *values = task->params;
	enum granularity granularity = granularity_of(values);
	struct torchao torchao = {
		.task = task,
		.layer = layer,
		.out = out,
		.variant = (enum torchao_variant)value(values, "variant"),
		.mapping = (enum torchao_mapping)value(values, "mapping"),
		.rule = (enum torchao_rule)value(values, "choose_qparams"),
		.type = (enum float_type)value(values, "compute_dtype"),
		.bits = value(values, "variant") == INTX ? (int)value(values, "bits") : 8,
		.width = group_width(values, layer->columns),
		.height = granularity == TENSOR  ? 0
			  : granularity == BLOCK ? BLOCK_SIZE
						 : 1,
	};
	struct rows rows = { task,     layer,   out, torchao.height ? torchao.height : 1,
			     quantize, &torchao };
	enum err code = stepwise_check(task, layer, torchao.type);

	if (!code)
		code = allocate(&torchao);
	if (!code && granularity == TENSOR)
		code = run_whole(&torchao, &rows);
	else if (!code && (torchao.rule == RULE_HQQ || torchao.rule == RULE_HQQ_SCALE_ONLY))
		code = run_solved(&torchao, &rows);
	else if (!code)
		code = rows_run(&rows);
	if (!code)
		count_bits(&torchao);
	return code;
}

static void
resolve(struct param_values *values)
{
	static const int of_int8[] = { INT8_TOKEN, INT8_TENSOR, INT8_TOKEN, INT8_TOKEN,
				       INT8_TOKEN };
	static const int of_fp8[] = { FP8_TENSOR, FP8_TENSOR, FP8_TOKEN, FP8_TENSOR, FP8_BLOCK };
	enum torchao_variant variant = (enum torchao_variant)value(values, "variant");
	double *effect = &values->v[param_find(params, "activations")];

	if (*effect != DYNAMIC)
		return;
	*effect = variant == INT8DYN  ? of_int8[granularity_of(values)]
		  : variant == FP8DYN ? of_fp8[granularity_of(values)]
				      : NO_EFFECT;
}

static enum err
check_granularity(const struct param_values *values, size_t rows, size_t columns)
{
	static const unsigned allowed[] = { 1u << TENSOR | 1u << ROW | 1u << GROUP,
					    1u << GROUP,
					    1u << ROW | 1u << GROUP,
					    1u << TENSOR | 1u << ROW,
					    1u << TENSOR | 1u << ROW | 1u << GROUP,
					    1u << TENSOR | 1u << ROW | 1u << BLOCK };
	enum granularity granularity = granularity_of(values);
	size_t variant = (size_t)value(values, "variant");

	if (!(allowed[variant] & 1u << granularity))
		return err_at(
			ERR_RANGE, NULL,
			value(values, "granularity") != BY_VARIANT ? "granularity" : "group_size",
			"%s has no scale for each %s; leave it to the variant or take another",
			variants[variant], granularities[granularity]);
	if (granularity == BLOCK && rows % BLOCK_SIZE)
		return err_at(ERR_RANGE, NULL, "granularity",
			      "blocks of 128 do not divide %zu rows; use tensor or row", rows);
	return grid_check_divides(group_width(values, columns), columns, "columns");
}

static enum err
check(const struct param_values *values, size_t rows, size_t columns)
{
	enum torchao_variant variant = (enum torchao_variant)value(values, "variant");
	enum torchao_rule rule = (enum torchao_rule)value(values, "choose_qparams");
	enum torchao_mapping mapping = (enum torchao_mapping)value(values, "mapping");
	bool of_int4 = rule == RULE_TINYGEMM || rule == RULE_HQQ;

	if ((of_int4 && variant != INT4WO) || (rule == RULE_HQQ_SCALE_ONLY && variant != INTX))
		return err_at(ERR_RANGE, NULL, "choose_qparams", "%s is not for %s; use default",
			      rules[rule], variants[variant]);
	if (mapping != SYMMETRIC && (variant != INTX || rule != RULE_DEFAULT))
		return err_at(ERR_RANGE, NULL, "mapping",
			      "%s is for intx and the default choose_qparams; use symmetric",
			      mappings[mapping]);
	if (mapping == SYMMETRIC_NO_CLIPPING && value(values, "bits") == 1)
		return err_at(ERR_RANGE, NULL, "mapping",
			      "%s needs a code above zero, which 1 of bits has not; use symmetric",
			      mappings[mapping]);
	return check_granularity(values, rows, columns);
}

const struct quantizer quantizer_torchao = {
	.name = "torchao",
	.family = "rounding",
	.summary = "int8, int4, int1 to int8 and float8, weights alone or with their inputs, as "
		   "torchao does it",
	.paper = "Or et al. 2025, arXiv 2507.16099",
	.repository = "https://github.com/pytorch/ao",
	.version = "0.18.0",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "none; static activation scales, not offered here, would need some",
		.bits = "1 to 8 integer, float8; intx takes 8 bits a code on disk, int4 4",
		.groups = "rows, the tensor, groups of columns; int4 32, 64, 128 or 256",
		.fine_tuning = "yes: quantization-aware training with the same grids, QLoRA through PEFT",
		.formats = "safetensors through transformers, as tensors of torchao",
		.kernels = "int8 and intx: CPU and GPU by PyTorch; int4: NVIDIA from 8.0, Intel XPU; "
			   "float8 dynamic: NVIDIA from 8.9",
		.loss = "relative weight error on Gaussian weights: int4 in groups of 128 0.01, int8 "
			"7.4e-5, float8 7e-4",
		.sources = "torchao 0.18.0; transformers 5.23.0 and its quantization overview",
	},
	.resolve = resolve,
	.check = check,
	.solve = solve,
};
