/* gemma_int: signed codes of 2, 4 or 8 bits with one float32 scale for each row, w = code s, as
 * the checkpoints hold them that transformers 5.23.0 reads with quant_method "gemma"
 * (integrations/gemma_quant.py), where a step for the layer's input may stand beside them. How
 * those codes and steps are found is published nowhere: transformers only reads them, and its
 * config says that the quantizer needs calibration. So the format is theirs and the rule ours:
 *
 *   absmax  s = max|w| / (2^(b-1) - 1), which clips nothing; of 2 bits it leaves -1, 0 and 1
 *   mse     of those steps and smaller ones, to 1/64, the one of least squared error
 *
 * A step for the layer's output, which the format has too, is counted and not simulated. */
#include "quantizers/grid.h"
#include "quantizers/rows.h"

#include <float.h>
#include <math.h>

enum observer { ABSMAX, MSE };

static const char *const observers[] = { "absmax", "mse", NULL };
static const char *const activations[] = { "none", "int8_static", NULL };
static const double bit_counts[] = { 2, 4, 8 };

static const struct param params[] = {
	{ .name = "bits",
	  .type = PARAM_INT,
	  .min = 2,
	  .max = 8,
	  .def = 4,
	  .values = bit_counts,
	  .value_count = sizeof(bit_counts) / sizeof(bit_counts[0]),
	  .help = "bits of one code" },
	{ .name = "observer",
	  .type = PARAM_CHOICE,
	  .choices = observers,
	  .help = "how a row's scale is found, a rule of ours: nothing clipped, or least error" },
	{ .name = "activations",
	  .type = PARAM_CHOICE,
	  .choices = activations,
	  .help = "int8_static: the layer's input in 8 bits with the step that activation_scale "
		  "says" },
	{ .name = "activation_scale",
	  .type = PARAM_FLOAT,
	  .min = 0,
	  .max = 65504,
	  .help = "step of the input, say its largest magnitude / 127; 0: not calibrated" },
	{ 0 },
};

enum { CANDIDATES = 49, BYTE = 8 };
static const float shrink = 0x1.d5818ep-1f; /* 2^(-1/8) */

static struct grid
grid_of(int bits, float scale)
{
	return (struct grid){ scale, (float)(1 << (bits - 1)), (float)((1 << bits) - 1) };
}

/* Errors in parts of the largest weight, so that no square underflows. */
static float
least_error(const struct kernels *kernels, const float *w, size_t n, int bits, float absmax)
{
	float scale = absmax / (float)((1 << (bits - 1)) - 1), best = scale;
	double lowest = INFINITY;

	for (int i = 0; i < CANDIDATES && scale >= FLT_MIN; i++, scale *= shrink) {
		double error = kernels->grid_error(w, n, grid_of(bits, scale), 1.0f / absmax, 2.0f);

		if (error < lowest) {
			lowest = error;
			best = scale;
		}
	}
	return best;
}

struct gemma {
	int bits;
	enum observer observer;
};

static float
scale_of(const struct gemma *gemma, const struct kernels *kernels, const float *w, size_t n)
{
	float absmax = kernels->absmax(w, n);
	float scale = absmax / (float)((1 << (gemma->bits - 1)) - 1);

	if (!(scale >= FLT_MIN)) /* a row of zeros, or next to it */
		return 1.0f;
	return gemma->observer == MSE ? least_error(kernels, w, n, gemma->bits, absmax) : scale;
}

static size_t
quantize(const struct rows *rows, size_t first, size_t count)
{
	const struct gemma *gemma = rows->scheme;
	const struct kernels *kernels = rows->task->kernels;
	size_t columns = rows->layer->columns, clipped = 0;

	for (size_t r = first; r < first + count; r++) {
		const float *w = rows->layer->weight + r * columns;
		float scale = scale_of(gemma, kernels, w, columns);

		rows->out->scales[r] = scale;
		clipped += kernels->quantize(rows->out->codes + r * columns,
					     rows->out->dequantized + r * columns, w, columns,
					     grid_of(gemma->bits, scale));
	}
	return clipped;
}

/* Rows of whole bytes, and the steps of input and output. */
static void
count_bits(struct quantized *out, int bits)
{
	double rows = (double)out->rows, used = (double)bits * (double)out->columns;

	out->part_bits[PART_CODES] = rows * used;
	out->part_bits[PART_PADDING] = rows * (BYTE * ceil(used / BYTE) - used);
	out->part_bits[PART_SCALES] = 32.0 * rows;
	out->part_bits[PART_OTHER] = 64.0;
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	struct gemma gemma = { (int)param_get(params, task->params, "bits"),
			       (enum observer)param_get(params, task->params, "observer") };
	struct rows rows = { task, layer, out, 1, quantize, &gemma };
	enum err code = rows_alloc(out, layer, layer->rows, false);

	out->group_count = 1;
	if (!code)
		code = rows_run(&rows);
	count_bits(out, gemma.bits);
	return code;
}

static enum err
check(const struct param_values *values, size_t rows, size_t columns)
{
	(void)rows;
	(void)columns;
	if (param_get(params, values, "activations") != 0 &&
	    !(param_get(params, values, "activation_scale") > 0))
		return err_at(ERR_RANGE, NULL, "activations",
			      "int8_static rounds to multiples of activation_scale, which is 0; "
			      "set it, say to the input's largest magnitude / 127");
	return OK;
}

const struct quantizer quantizer_gemma_int = {
	.name = "gemma_int",
	.family = "rounding",
	.summary = "signed codes with a scale for each row, the format of quantized Gemma checkpoints",
	.paper = "none; the rule that finds the codes is not published, this one is qscope's",
	.repository = "https://github.com/huggingface/transformers",
	.version = "5.23.0, which reads the format and writes none",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "none for weights; the input's step by hand",
		.bits = "2, 4 and 8",
		.groups = "each row",
		.fine_tuning = "no: transformers lists it as not trainable",
		.formats = "gemma of transformers, read only there; two and four bits packed in bytes",
		.kernels = "PyTorch's own on any device: weights are restored in each forward pass",
		.loss = "relative weight error on Gaussian weights, rows of 4096: 0.025 at 4 "
			"bits (mse 0.012), 0.83 at 2 bits (mse 0.15)",
		.sources = "transformers 5.23.0 gemma_quant.py and quantizer_gemma.py",
	},
	.effect_level = "activation_scale",
	.check = check,
	.solve = solve,
};
