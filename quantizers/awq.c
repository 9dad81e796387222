/* AWQ (Lin et al. 2023, arXiv 2306.00978): input channels that matter are scaled up before rounding
 * and the input scaled down in what comes before. The scales are mean |x|^r over a grid of r, with
 * AutoAWQ's counter-weight of mean |w|; the least output error of all layers that share the input
 * wins, here through their Gram matrix: sum over layers of tr(D H D') over the number of outputs,
 * that is the mean squared difference of the linear outputs. (The published search looks at the
 * output of the whole attention or MLP instead.) Grids are AWQ's own, see grid.h. */
#include "quantizers/awq.h"

#include "core/buf.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct param params[] = {
	GRID_PARAM_BITS,
	GRID_PARAM_GROUP_SIZE,
	GRID_PARAM_SYMMETRIC,
	{ .name = "clip",
	  .type = PARAM_BOOL,
	  .def = 1,
	  .help = "search a clipping bound for each group, but for queries and keys" },
	{ .name = "duo_scaling",
	  .type = PARAM_BOOL,
	  .def = 1,
	  .help = "divide the scales by the weights' own mean size, as AutoAWQ does" },
	{ .name = "grid",
	  .type = PARAM_INT,
	  .min = 1,
	  .max = 100,
	  .def = 20,
	  .help = "points of the search over the exponent of mean |x|" },
	GRID_PARAM_SCALE_DTYPE,
	{ 0 },
};

/* The reference's guards. */
static const double weight_guard = 1e-6, scale_guard = 1e-4;

static void
set_scale(struct awq *awq, const float *scale)
{
	for (size_t c = 0; c < awq->columns; c++) {
		awq->scale[c] = scale[c];
		awq->inverse[c] = 1.0f / scale[c];
	}
}

/* Mean over rows of |w| / (its group's largest + 1e-6), over all layers of the scope. */
static void
mean_weights(double *out, const struct awq *awq)
{
	double rows = 0.0;

	for (size_t l = 0; l < awq->task->layer_count; l++) {
		const struct quant_layer *layer = awq->layers[l].layer;

		rows += (double)layer->rows;
		for (size_t at = 0; at < layer->rows * awq->columns; at += awq->width) {
			const float *w = layer->weight + at;
			double most = (double)awq->kernels->absmax(w, awq->width) + weight_guard;

			for (size_t i = 0; i < awq->width; i++)
				out[at % awq->columns + i] += (double)fabsf(w[i]) / most;
		}
	}
	for (size_t c = 0; c < awq->columns; c++)
		out[c] /= rows;
}

/* s = mean |x|^r / (mean w^(1 - r) + 1e-4), at least 1e-4, over the root of largest times least. */
static void
candidate_scale(float *out, const struct awq *awq, const double *weight_mean, double r)
{
	const float *mean_abs = awq->layers[0].layer->statistics->mean_abs;
	bool duo = param_get(params, awq->task->params, "duo_scaling") != 0.0;
	double least = INFINITY, most = 0.0;

	for (size_t c = 0; c < awq->columns; c++) {
		double s = pow((double)mean_abs[c], r);

		if (duo)
			s /= pow(weight_mean[c], 1.0 - r) + scale_guard;
		out[c] = (float)fmax(s, scale_guard);
		least = fmin(least, (double)out[c]);
		most = fmax(most, (double)out[c]);
	}
	for (size_t c = 0; c < awq->columns; c++) {
		out[c] = (float)((double)out[c] / sqrt(least * most));
		if (!isnormal(out[c]) || !isnormal(1.0f / out[c]))
			out[c] = 1.0f;
	}
}

static enum err
try_scales(struct awq *awq, const double *weight_mean, float *candidate, float *best)
{
	size_t points = (size_t)param_get(params, awq->task->params, "grid");
	double least = INFINITY, loss;
	enum err code = OK;

	for (size_t c = 0; c < awq->columns; c++)
		best[c] = 1.0f;
	for (size_t i = 0; i < points && !code; i++) {
		candidate_scale(candidate, awq, weight_mean, (double)i / (double)points);
		set_scale(awq, candidate);
		code = awq_loss(&loss, awq);
		if (!code && loss < least) {
			least = loss;
			memcpy(best, candidate, awq->columns * sizeof(*best));
		}
	}
	set_scale(awq, best);
	return code;
}

static enum err
search_scales(struct awq *awq)
{
	double *weight_mean = buf_alloc(awq->columns, sizeof(*weight_mean));
	float *candidate = buf_alloc(awq->columns, sizeof(*candidate));
	float *best = buf_alloc(awq->columns, sizeof(*best));
	enum err code = ERR_NOMEM;

	if (weight_mean && candidate && best) {
		mean_weights(weight_mean, awq);
		code = try_scales(awq, weight_mean, candidate, best);
	}
	buf_free(weight_mean);
	buf_free(candidate);
	buf_free(best);
	return code;
}

static enum err
final_item(void *arg, size_t index, int worker)
{
	struct awq *awq = arg;
	const struct awq_item *item = &awq->items[index];
	struct quantized *out = awq->layers[item->layer].out;
	size_t columns = awq->columns;

	for (size_t r = item->first; r < item->first + item->rows; r++)
		awq->clipped[index] +=
			awq_round_row(out->dequantized + r * columns, out->codes + r * columns, awq,
				      item, r, &awq->scratch[worker], true);
	work_publish(awq->task->work,
		     &(struct tile){ .layer = item->layer,
				     .row = item->first,
				     .rows = item->rows,
				     .columns = columns,
				     .values = out->dequantized + item->first * columns,
				     .stride = columns });
	work_advance(awq->task->work, item->rows * columns);
	return OK;
}

static enum err
keep_scale(struct quantized *out, const struct awq *awq, bool folded)
{
	size_t columns = awq->columns;

	out->method_scale = buf_alloc(columns, sizeof(float));
	if (!out->method_scale)
		return ERR_NOMEM;
	memcpy(out->method_scale, awq->scale, columns * sizeof(float));
	if (!folded) {
		snprintf(out->note, sizeof(out->note),
			 "scales not applied: nothing before this layer can take them");
		return OK;
	}
	out->column_scale = buf_alloc(columns, sizeof(float));
	if (!out->column_scale)
		return ERR_NOMEM;
	memcpy(out->column_scale, awq->scale, columns * sizeof(float));
	out->scale_folded = true;
	return OK;
}

/* Round every layer under the scales and bounds found. */
static enum err
finish(struct awq *awq, bool folded)
{
	enum err code = awq_find_tensor_grids(awq);

	for (size_t l = 0; l < awq->task->layer_count && !code; l++) {
		struct awq_layer *layer = &awq->layers[l];

		code = grid_alloc(layer->out, &awq->setting, layer->layer->rows, awq->columns);
		if (!code && !awq->setting.width)
			grid_store(layer->out, 0, layer->tensor_grid);
		if (!code)
			code = keep_scale(layer->out, awq, folded);
		if (!code)
			grid_count_bits(layer->out, &awq->setting);
	}
	if (!code)
		code = work_each(awq->task->work, awq->item_count, final_item, awq);
	for (size_t i = 0; i < awq->item_count && !code; i++)
		awq->layers[awq->items[i].layer].out->clipped += awq->clipped[i];
	return code;
}

static bool
all_foldable(const struct awq *awq)
{
	for (size_t l = 0; l < awq->task->layer_count; l++)
		if (!awq->layers[l].layer->foldable)
			return false;
	return true;
}

static enum err
run(struct awq *awq)
{
	bool foldable = all_foldable(awq);
	bool clip = param_get(params, awq->task->params, "clip") != 0.0 && awq->setting.width;
	uint64_t weights = 0, passes = 1;
	enum err code = OK;

	if (foldable)
		passes += (uint64_t)param_get(params, awq->task->params, "grid");
	for (size_t i = 0; i < awq->item_count; i++)
		weights += awq->items[i].rows * awq->columns;
	work_expect(awq->task->work, weights * passes);
	for (size_t c = 0; c < awq->columns; c++)
		awq->scale[c] = awq->inverse[c] = 1.0f;
	if (foldable)
		code = search_scales(awq);
	if (!code && clip)
		code = awq_clip(awq);
	return code ? code : finish(awq, foldable);
}

static bool
scratch_alloc(struct awq *awq)
{
	size_t threads = (size_t)work_threads(awq->task->work), columns = awq->columns;
	bool ready = true;

	awq->scratch = buf_alloc(threads, sizeof(*awq->scratch));
	for (size_t i = 0; i < threads && awq->scratch; i++) {
		struct awq_scratch *s = &awq->scratch[i];

		s->difference = buf_alloc(TRACE_ROWS * columns, sizeof(*s->difference));
		s->product = buf_alloc(TRACE_ROWS * TRACE_COLUMNS, sizeof(*s->product));
		s->row = buf_alloc(columns, sizeof(*s->row));
		s->codes = buf_alloc(columns, sizeof(*s->codes));
		ready = ready && s->difference && s->product && s->row && s->codes;
	}
	return ready && awq->scratch;
}

static void
fill_items(struct awq *awq)
{
	size_t at = 0;

	for (size_t l = 0; l < awq->task->layer_count; l++)
		for (size_t first = 0; first < awq->layers[l].layer->rows; first += TRACE_ROWS) {
			size_t left = awq->layers[l].layer->rows - first;

			awq->items[at++] =
				(struct awq_item){ l, first,
						   left < TRACE_ROWS ? left : TRACE_ROWS };
		}
}

static enum err
allocate(struct awq *awq, struct quantized *out)
{
	size_t count = awq->task->layer_count;

	awq->layers = buf_alloc(count, sizeof(*awq->layers));
	for (size_t l = 0; l < count && awq->layers; l++)
		awq->layers[l] =
			(struct awq_layer){ .layer = &awq->task->layers[l], .out = &out[l] };
	for (size_t l = 0; l < count; l++)
		awq->item_count += (awq->task->layers[l].rows + TRACE_ROWS - 1) / TRACE_ROWS;
	awq->items = buf_alloc(awq->item_count, sizeof(*awq->items));
	awq->losses = buf_alloc(awq->item_count, sizeof(*awq->losses));
	awq->minima = buf_alloc(awq->item_count, sizeof(*awq->minima));
	awq->maxima = buf_alloc(awq->item_count, sizeof(*awq->maxima));
	awq->clipped = buf_alloc(awq->item_count, sizeof(*awq->clipped));
	awq->scale = buf_alloc(awq->columns, sizeof(*awq->scale));
	awq->inverse = buf_alloc(awq->columns, sizeof(*awq->inverse));
	if (!scratch_alloc(awq) || !awq->layers || !awq->items || !awq->losses || !awq->minima ||
	    !awq->maxima || !awq->clipped || !awq->scale || !awq->inverse)
		return ERR_NOMEM;
	fill_items(awq);
	return OK;
}

static void
release(struct awq *awq)
{
	for (size_t l = 0; l < awq->task->layer_count && awq->layers; l++)
		buf_free(awq->layers[l].bounds);
	for (size_t i = 0; i < (size_t)work_threads(awq->task->work) && awq->scratch; i++) {
		buf_free(awq->scratch[i].difference);
		buf_free(awq->scratch[i].product);
		buf_free(awq->scratch[i].row);
		buf_free(awq->scratch[i].codes);
	}
	buf_free(awq->scratch);
	buf_free(awq->layers);
	buf_free(awq->items);
	buf_free(awq->losses);
	buf_free(awq->minima);
	buf_free(awq->maxima);
	buf_free(awq->clipped);
	buf_free(awq->scale);
	buf_free(awq->inverse);
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	size_t columns = task->layers[0].columns;
	struct awq awq = { .task = task,
			   .kernels = task->kernels,
			   .setting = grid_setting(task->quantizer, task->params, columns),
			   .columns = columns };
	enum err code;

	awq.setting.rule = GRID_AWQ;
	awq.width = awq.setting.width ? awq.setting.width : columns;
	awq.groups = columns / awq.width;
	code = allocate(&awq, out);
	if (!code)
		code = run(&awq);
	release(&awq);
	return code;
}

static enum err
check(const struct param_values *values, size_t rows, size_t columns)
{
	(void)rows;
	return grid_check_group(param_get(params, values, "group_size"), columns);
}

const struct quantizer quantizer_awq = {
	.name = "awq",
	.family = "scaled",
	.summary = "scales up the input channels that matter before rounding",
	.paper = "Lin et al. 2023, arXiv 2306.00978",
	.repository = "https://github.com/casper-hansen/AutoAWQ",
	.version = "0.2.9",
	.scope = SCOPE_INPUT_GROUP,
	.needs = NEED_CHANNELS | NEED_GRAM,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "required: 128 sequences of 512 tokens usual",
		.bits = "2 to 8; its own format holds 4",
		.groups = "any that divides the row, 128 usual; the row",
		.fine_tuning = "LoRA beside the frozen weights",
		.formats = "AWQ gemm (4 bits with zero points); compressed-tensors pack-quantized",
		.kernels = "AWQ and Marlin kernels on NVIDIA and AMD GPUs; CPU through GPTQModel and vLLM",
		.loss = "Llama-2-7B, WikiText-2 at 2048, 5.47 before: 5.62 at 4 bits, 6.24 at 3, groups of 128",
		.sources = "OmniQuant arXiv 2308.13137 table 1; AutoAWQ 0.2.9; transformers' overview",
	},
	.check = check,
	.solve = solve,
};
