/* mlx_affine: codes in groups of a row with a scale and a bias each, w = code s + b, by the rule of
 * MLX 0.32.4 (Apple, github.com/ml-explore/mlx; codes, scales and biases are bit for bit its CPU's)
 * or by that of transformers 5.23.0, whose `metal` quantizer holds the same tensors
 * (integrations/metal_quantization.py):
 *
 *   mlx    the range, (max - min) / (2^b - 1) but at least 1e-7, is stretched so that the end
 *          farther from zero is the bias and zero has a code: s = end / rint(end / s), which is
 *          negative where that end is the maximum. One bit: s = max - min, b = min.
 *   metal  s = (max - min) / (2^b - 1) but at least 1e-8, b = min.
 *
 * Codes are found with both in float32; what is stored is in the model's type. Weights are restored
 * as transformers does where it finds no Apple GPU: in float32, then rounded to the type.
 * mx.dequantize rounds the product too, so that in 16 bits it may be a unit of the last place off.
 */
#include "quantizers/grid.h"
#include "quantizers/rows.h"
#include "quantizers/stepwise.h"

#include <math.h>

enum rule { RULE_MLX, RULE_METAL };

static const char *const rules[] = { "mlx", "metal", NULL };
static const double bit_counts[] = { 1, 2, 3, 4, 5, 6, 8 };
static const double group_sizes[] = { -1, 32, 64, 128 };

/* The type of scales is that of the model. */
static const struct param params[] = {
	{ .name = "bits",
	  .type = PARAM_INT,
	  .min = 1,
	  .max = 8,
	  .def = 4,
	  .values = bit_counts,
	  .value_count = sizeof(bit_counts) / sizeof(bit_counts[0]),
	  .help = "bits of one code; transformers takes 2, 4 and 8" },
	{ .name = "group_size",
	  .type = PARAM_INT,
	  .min = -1,
	  .max = 128,
	  .def = 64,
	  .values = group_sizes,
	  .value_count = sizeof(group_sizes) / sizeof(group_sizes[0]),
	  .help = "weights of a row that share a scale; -1 the whole row, which MLX has not" },
	{ .name = "rule",
	  .type = PARAM_CHOICE,
	  .choices = rules,
	  .help = "whose scales and biases: MLX's, or those of transformers' metal quantizer" },
	{ .name = "scale_dtype",
	  .type = PARAM_CHOICE,
	  .choices = grid_scale_dtypes,
	  .def = SCALE_BF16,
	  .help = "type of the model, to which weights are rounded first, scales and biases too" },
	{ 0 },
};

enum { CODE_WORD = 32 };

/* In a float16 model no restored weight may round to infinity: what a range of this size becomes
 * with a scale that was rounded up still fits. */
static const float widest_f16 = 65472.0f;

struct mlx {
	enum rule rule;
	int bits;
	size_t width; /* of a group */
	enum float_type type;
	float *biases; /* (groups) */
};

/* The scale and bias before they are rounded to the type. */
static void
fit(float *scale, float *bias, const struct mlx *mlx, float min, float max)
{
	float exact = (max - min) / (float)((1 << mlx->bits) - 1), end, steps;

	if (mlx->rule == RULE_METAL || mlx->bits == 1) {
		*scale = fmaxf(exact, mlx->rule == RULE_METAL ? 1e-8f : 1e-7f);
		*bias = min;
		return;
	}
	*scale = fmaxf(exact, 1e-7f);
	end = fabsf(min) > fabsf(max) ? min : max;
	if (!(fabsf(min) > fabsf(max)))
		*scale = -*scale;
	steps = rintf(end / *scale);
	*bias = steps != 0.0f ? end : 0.0f;
	if (steps != 0.0f)
		*scale = end / steps;
}

static void
restore(const struct rows *rows, size_t at, const struct mlx *mlx)
{
	float *out = rows->out->dequantized + at;

	if (mlx->type == FLOAT_16)
		rows->task->kernels->round_f16(out, out, mlx->width);
	else if (mlx->type == FLOAT_B16)
		rows->task->kernels->round_bf16(out, out, mlx->width);
}

/* The codes come from the exact scale, what they stand for from the stored one. */
static size_t
quantize_group(const struct rows *rows, size_t group)
{
	const struct kernels *kernels = rows->task->kernels;
	const struct mlx *mlx = rows->scheme;
	size_t at = group * mlx->width, clipped;
	const float *w = rows->layer->weight + at;
	float *out = rows->out->dequantized + at, min, max, scale, bias;
	struct stepwise map = { .multiply = 1.0f,
				.most = (float)((1 << mlx->bits) - 1),
				.held = mlx->type };

	kernels->minmax(&min, &max, w, mlx->width);
	fit(&scale, &bias, mlx, stepwise_round(min, mlx->type), stepwise_round(max, mlx->type));
	map.add = -bias;
	map.divide = scale;
	rows->out->scales[group] = map.scale = stepwise_round(scale, mlx->type);
	mlx->biases[group] = map.shift = stepwise_round(bias, mlx->type);
	clipped = kernels->stepwise(rows->out->codes + at, out, w, mlx->width, &map);
	restore(rows, at, mlx);
	return clipped;
}

static size_t
quantize(const struct rows *rows, size_t first, size_t count)
{
	const struct mlx *mlx = rows->scheme;
	size_t groups = rows->layer->columns / mlx->width, clipped = 0;

	for (size_t g = first * groups; g < (first + count) * groups; g++)
		clipped += quantize_group(rows, g);
	return clipped;
}

/* Codes lie one behind the other in a row, in words of 32 bits. */
static void
count_bits(struct quantized *out, const struct mlx *mlx)
{
	double rows = (double)out->rows, used = (double)mlx->bits * (double)out->columns;

	out->part_bits[PART_CODES] = rows * used;
	out->part_bits[PART_PADDING] = rows * (CODE_WORD * ceil(used / CODE_WORD) - used);
	out->part_bits[PART_SCALES] = stepwise_bits(mlx->type) * (double)out->scale_count;
	out->part_bits[PART_ZERO_POINTS] = out->part_bits[PART_SCALES];
}

static enum err
check_range(const struct quant_task *task, const struct quant_layer *layer)
{
	float min, max;
	enum err code = rows_range(&min, &max, task, layer);

	if (code || fmaxf(max, 0.0f) - fminf(min, 0.0f) <= widest_f16)
		return code;
	return err_at(ERR_RANGE, NULL, layer->name,
		      "weights from %g to %g are too far apart for float16; take scale_dtype bf16 "
		      "or f32",
		      (double)min, (double)max);
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	double group = param_get(params, task->params, "group_size");
	struct mlx mlx = { .rule = (enum rule)param_get(params, task->params, "rule"),
			   .bits = (int)param_get(params, task->params, "bits"),
			   .width = group > 0 ? (size_t)group : layer->columns,
			   .type = (enum float_type)param_get(params, task->params,
							      "scale_dtype") };
	size_t groups = layer->rows * (layer->columns / mlx.width);
	struct rows rows = { task, layer, out, 1, quantize, &mlx };
	enum err code = mlx.type == FLOAT_16 ? check_range(task, layer) : OK;

	if (!code)
		code = rows_alloc(out, layer, groups, false);
	if (code)
		return code;
	out->group_count = layer->columns / mlx.width;
	mlx.biases = quantized_extra_add(out, "biases", QUANT_F32, groups);
	code = mlx.biases ? rows_run(&rows) : ERR_NOMEM;
	count_bits(out, &mlx);
	return code;
}

static enum err
check(const struct param_values *values, size_t rows, size_t columns)
{
	int bits = (int)param_get(params, values, "bits");

	(void)rows;
	if (param_get(params, values, "rule") == RULE_METAL && bits != 2 && bits != 4 && bits != 8)
		return err_at(ERR_RANGE, NULL, "bits",
			      "transformers' metal has 2, 4 and 8 bits, not %d; use one of them or "
			      "rule mlx",
			      bits);
	return grid_check_group(param_get(params, values, "group_size"), columns);
}

const struct quantizer quantizer_mlx_affine = {
	.name = "mlx_affine",
	.family = "rounding",
	.summary = "groups with a scale and a bias, as MLX and transformers' metal hold them",
	.paper = "none; MLX: Hannun et al. 2023, Apple",
	.repository = "https://github.com/ml-explore/mlx",
	.version = "0.32.4; transformers 5.23.0",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "none",
		.bits = "1 to 6 and 8; 2, 4 and 8 in transformers",
		.groups = "32, 64 or 128 weights of a row",
		.fine_tuning = "adapters beside the frozen weights with mlx-lm; not in transformers",
		.formats = "MLX safetensors (weight, scales, biases); metal of transformers, where the "
			   "last are qbiases",
		.kernels = "Apple GPUs by Metal; MLX also has CPU and CUDA ones; transformers restores "
			   "the weights elsewhere",
		.loss = "relative weight error on Gaussian weights: 0.0083 at 4 bits, 0.16 at 2, "
			"2.7 at 1 (groups of 64)",
		.sources = "MLX 0.32.4's mx.quantize; transformers 5.23.0 metal_quantization.py",
	},
	.absolute = "no step is below 1e-7, of rule metal 1e-8",
	.check = check,
	.solve = solve,
};
