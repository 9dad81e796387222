/* The observers of int_quant. mse is that of llm-compressor 0.14.0.1 (memoryless_mse): 20 ranges
 * from 1 down to 0.81 of the observed one, the sum of |error|^2.4, and an end to all of them once
 * five in a row have improved none of the tensor's areas. */
#include "quantizers/int_fit.h"

#include "quantizers/narrow.h"

#include "core/buf.h"

#include <float.h>
#include <math.h>

enum { STEPS = 20, PATIENCE = 5 };

static const float norm = 2.4f;
static const double grid_steps = 100.0;

static float
narrow(float scale, enum scale_dtype dtype)
{
	return dtype == SCALE_F16    ? narrow_f16(scale)
	       : dtype == SCALE_BF16 ? narrow_bf16(scale)
				     : scale;
}

static float
clamp(float x, float low, float high)
{
	return x < low ? low : x > high ? high : x;
}

/* compressed-tensors: z = rint(clamp(low - min / s)), and a scale of zero becomes epsilon, after
 * that. Quark: s at least epsilon, z = clamp(low - rint(min / s)), and it multiplies by 1 / s; its
 * asymmetric codes are unsigned, so that a sum with z rounds elsewhere. */
struct affine
int_fit_grid(const struct int_setting *setting, float min, float max)
{
	float high = (float)((1 << (setting->bits - 1)) - 1), low = -high - 1.0f, scale;
	struct affine grid;

	if (setting->rule == INT_QUARK && !setting->symmetric) {
		high -= low;
		low = 0.0f;
	}
	grid = (struct affine){ .low = low, .high = high };
	min = min < 0.0f ? min : 0.0f;
	max = max > 0.0f ? max : 0.0f;
	scale = setting->symmetric ? fmaxf(-min, max) / ((high - low) / 2.0f)
				   : (max - min) / (high - low);
	if (setting->rule == INT_QUARK)
		scale = fmaxf(scale, FLT_EPSILON);
	if (scale > 0.0f)
		scale = narrow(scale, setting->scale_dtype);
	if (!setting->symmetric && setting->rule == INT_QUARK)
		grid.zero = clamp(low - rintf(min / scale), low, high);
	else if (!setting->symmetric && scale > 0.0f)
		grid.zero = rintf(clamp(low - min / scale, low, high));
	grid.step = scale > 0.0f ? scale : FLT_EPSILON;
	grid.multiplies = setting->rule == INT_QUARK;
	grid.scale = grid.multiplies ? 1.0f / grid.step : grid.step;
	return grid;
}

/* Call fn for each row of each area of a band. */
struct stretch {
	const float *x;
	size_t n, area;
};

static void
each_stretch(const struct int_fit *fit, size_t band,
	     void (*fn)(const struct int_fit *fit, const struct stretch *stretch))
{
	size_t columns = fit->layer->columns, width = fit->setting->width;
	size_t first = band * fit->setting->band, end = first + fit->setting->band;

	if (end > fit->layer->rows)
		end = fit->layer->rows;
	for (size_t r = first; r < end; r++)
		for (size_t c = 0; c < columns; c += width)
			fn(fit, &(struct stretch){ fit->layer->weight + r * columns + c,
						   columns - c < width ? columns - c : width,
						   band * fit->per_band + c / width });
}

static void
widen(const struct int_fit *fit, const struct stretch *stretch)
{
	float min, max;

	fit->task->kernels->minmax(&min, &max, stretch->x, stretch->n);
	fit->min[stretch->area] = fminf(fit->min[stretch->area], min);
	fit->max[stretch->area] = fmaxf(fit->max[stretch->area], max);
}

/* A whole short last block is padded with zeros by compressed-tensors, which its range then holds;
 * the grids hold zero anyway. */
static enum err
observe_band(void *arg, size_t band, int worker)
{
	const struct int_fit *fit = arg;

	(void)worker;
	for (size_t area = band * fit->per_band; area < (band + 1) * fit->per_band; area++) {
		fit->min[area] = INFINITY;
		fit->max[area] = -INFINITY;
	}
	each_stretch(fit, band, widen);
	return work_check(fit->task->work);
}

static void
add_error(const struct int_fit *fit, const struct stretch *stretch)
{
	size_t area = fit->setting->tensor ? 0 : stretch->area;
	struct affine affine = int_fit_grid(fit->setting, fit->least[area] * fit->shrink,
					    fit->most[area] * fit->shrink);
	struct grid grid = { affine.step, affine.zero - affine.low, affine.high - affine.low };

	fit->error[stretch->area] +=
		fit->task->kernels->grid_error(stretch->x, stretch->n, grid, 1.0f, norm);
}

static enum err
try_band(void *arg, size_t band, int worker)
{
	const struct int_fit *fit = arg;

	(void)worker;
	for (size_t area = band * fit->per_band; area < (band + 1) * fit->per_band; area++)
		fit->error[area] = 0.0;
	each_stretch(fit, band, add_error);
	return work_check(fit->task->work);
}

/* Take the candidate where it is strictly better; say whether it was anywhere. */
static bool
improve(struct int_fit *fit)
{
	bool any = false;

	for (size_t band = 1; band < fit->bands && fit->setting->tensor; band++)
		fit->error[0] += fit->error[band];
	for (size_t area = 0; area < fit->count; area++) {
		if (!((float)fit->error[area] < (float)fit->lowest[area]))
			continue;
		any = true;
		fit->lowest[area] = fit->error[area];
		fit->min[area] = fit->least[area] * fit->shrink;
		fit->max[area] = fit->most[area] * fit->shrink;
	}
	return any;
}

static enum err
search(struct int_fit *fit)
{
	enum err code = OK;
	int stale = 0;

	for (size_t area = 0; area < fit->count; area++) {
		fit->least[area] = fit->min[area];
		fit->most[area] = fit->max[area];
		fit->lowest[area] = (double)FLT_MAX;
	}
	for (int step = 0; step < STEPS && stale < PATIENCE && !code; step++) {
		fit->shrink = (float)(1.0 - step / grid_steps);
		code = work_each(fit->task->work, fit->bands, try_band, fit);
		if (!code)
			stale = improve(fit) ? 0 : stale + 1;
	}
	return code;
}

static enum err
allocate(struct int_fit *fit)
{
	bool mse = fit->setting->observer == INT_MSE;
	size_t room = fit->bands * fit->per_band;

	fit->min = buf_alloc(room, sizeof(*fit->min));
	fit->max = buf_alloc(room, sizeof(*fit->max));
	if (mse) {
		fit->least = buf_alloc(room, sizeof(*fit->least));
		fit->most = buf_alloc(room, sizeof(*fit->most));
		fit->error = buf_alloc(room, sizeof(*fit->error));
		fit->lowest = buf_alloc(room, sizeof(*fit->lowest));
	}
	return fit->min && fit->max &&
			       (!mse || (fit->least && fit->most && fit->error && fit->lowest))
		       ? OK
		       : ERR_NOMEM;
}

enum err
int_fit_run(struct int_fit *fit)
{
	const struct int_setting *setting = fit->setting;
	enum err code;

	fit->bands = (fit->layer->rows + setting->band - 1) / setting->band;
	fit->per_band = (fit->layer->columns + setting->width - 1) / setting->width;
	fit->count = setting->tensor ? 1 : fit->bands * fit->per_band;
	code = allocate(fit);
	if (!code && setting->observer == INT_PERCENTILE) {
		fit->min[0] = 0.0f;
		return int_percentile(&fit->max[0], fit->task, fit->layer, setting->percentile);
	}
	if (!code)
		code = work_each(fit->task->work, fit->bands, observe_band, fit);
	for (size_t band = 1; band < fit->bands && setting->tensor && !code; band++) {
		fit->min[0] = fminf(fit->min[0], fit->min[band]);
		fit->max[0] = fmaxf(fit->max[0], fit->max[band]);
	}
	return !code && setting->observer == INT_MSE ? search(fit) : code;
}

void
int_fit_free(struct int_fit *fit)
{
	buf_free(fit->min);
	buf_free(fit->max);
	buf_free(fit->least);
	buf_free(fit->most);
	buf_free(fit->error);
	buf_free(fit->lowest);
}
