/* Affine grids: from a range, by GPTQ's shrink search, and their storage. */
#include "quantizers/grid.h"

#include "core/buf.h"
#include "quantizers/narrow.h"

#include <float.h>
#include <math.h>

const char *const grid_scale_dtypes[] = { "f32", "f16", "bf16", NULL };

/* GPTQ's search: 80 of 100 steps down from the whole range. */
enum { SHRINK_STEPS = 100, SHRINK_TRIED = 80, WORD_BITS = 32 };

struct grid_setting
grid_setting(const struct quantizer *quantizer, const struct param_values *params, size_t columns)
{
	const struct param *list = quantizer->params;
	double group_size = param_get(list, params, "group_size");

	return (struct grid_setting){
		.bits = (int)param_get(list, params, "bits"),
		.width = group_size < 0 ? columns : (size_t)group_size,
		.symmetric = param_get(list, params, "symmetric") != 0.0,
		.norm = (float)param_get(list, params, "mse"),
		.scale_dtype = (enum scale_dtype)param_get(list, params, "scale_dtype"),
	};
}

static size_t
divisor_below(size_t columns, size_t size)
{
	size_t d = size < columns ? size : columns;

	while (columns % d)
		d--;
	return d;
}

static size_t
divisor_above(size_t columns, size_t size)
{
	size_t d = size;

	while (d < columns && columns % d)
		d++;
	return d;
}

enum err
grid_check_divides(size_t size, size_t count, const char *what)
{
	size_t below = divisor_below(count, size);

	if (count % size == 0)
		return OK;
	if (size > count)
		return err_at(ERR_RANGE, NULL, "group_size",
			      "%zu is more than the %zu %s; use %zu or -1 for the whole row", size,
			      count, what, below);
	return err_at(ERR_RANGE, NULL, "group_size", "%zu does not divide %zu %s; use %zu or %zu",
		      size, count, what, below, divisor_above(count, size));
}

enum err
grid_check_group(double group_size, size_t columns)
{
	return grid_check_divides(group_size > 0 ? (size_t)group_size : columns, columns,
				  "columns");
}

float
grid_narrow(float value, enum scale_dtype dtype)
{
	if (dtype == SCALE_F16)
		return copysignf(narrow_f16(fabsf(value)), value);
	return dtype == SCALE_BF16 ? copysignf(narrow_bf16(fabsf(value)), value) : value;
}

static float
symmetric_scale(const struct grid_setting *setting, float reach)
{
	if (setting->rule == GRID_AWQ)
		return reach / (float)((1u << (setting->bits - 1)) - 1);
	return 2.0f * reach / (float)((1u << setting->bits) - 1);
}

/* Clipping leaves ranges [-b, b], whose ends lie half way between two codes: a scale rounded
 * towards zero keeps b / s at or above the half, so that ties fall outwards as they do in exact
 * arithmetic. */
static float
awq_scale(float min, float max, float most)
{
	double exact = ((double)max - (double)min) / (double)most;
	float scale = (float)exact;

	return (double)scale > exact ? nextafterf(scale, 0.0f) : scale;
}

static float
asymmetric_scale(const struct grid_setting *setting, float min, float max)
{
	float most = (float)((1u << setting->bits) - 1);

	return setting->rule == GRID_AWQ ? awq_scale(min, max, most) : (max - min) / most;
}

struct grid
grid_from_range(const struct grid_setting *setting, float min, float max)
{
	float most = (float)((1u << setting->bits) - 1);
	float exact = setting->symmetric ? symmetric_scale(setting, fmaxf(-min, max))
					 : asymmetric_scale(setting, min, max);
	float scale = grid_narrow(exact, setting->scale_dtype);
	struct grid grid = { scale, (float)(1u << (setting->bits - 1)), most };

	/* A range of zero, or one whose step is too small to be divided by. */
	if (!(scale >= FLT_MIN))
		grid.scale = 1.0f;
	if (!setting->symmetric)
		grid.zero = fmaxf(fminf(rintf(-min / grid.scale), most), 0.0f);
	return grid;
}

/* A power of two near 1 / range: makes errors near 1, so that no power of them underflows and a
 * scaled matrix takes the same path. */
static float
unit_of(float min, float max)
{
	int exponent;

	frexpf(fmaxf(-min, max), &exponent);
	return ldexpf(1.0f, exponent > 120 ? -120 : exponent < -120 ? 120 : -exponent);
}

enum err
grid_search(struct grid *out, const struct grid_search *search)
{
	float unit = unit_of(search->min, search->max);
	double best = INFINITY;

	*out = grid_from_range(search->setting, search->min, search->max);
	for (int i = 0; i < SHRINK_TRIED && search->setting->norm > 0.0f; i++) {
		float p = 1.0f - (float)i / (float)SHRINK_STEPS;
		struct grid grid =
			grid_from_range(search->setting, p * search->min, p * search->max);
		double error;
		enum err code = search->error(&error, search->ctx, grid, unit);

		if (code)
			return code;
		if (error < best) {
			best = error;
			*out = grid;
		}
	}
	return OK;
}

struct beside {
	const struct kernels *kernels;
	const float *x;
	size_t n;
	float norm;
};

static enum err
error_beside(double *out, void *ctx, struct grid grid, float unit)
{
	const struct beside *b = ctx;

	*out = b->kernels->grid_error(b->x, b->n, grid, unit, b->norm);
	return OK;
}

struct grid
grid_fit(const struct kernels *kernels, const struct grid_setting *setting, const float *x,
	 size_t n)
{
	struct beside beside = { kernels, x, n, setting->norm };
	struct grid_search search = { .setting = setting, .error = error_beside, .ctx = &beside };
	struct grid grid;

	kernels->minmax(&search.min, &search.max, x, n);
	if (setting->rule == GRID_GPTQ) {
		search.min = fminf(search.min, 0.0f);
		search.max = fmaxf(search.max, 0.0f);
	}
	grid_search(&grid, &search); /* error_beside cannot fail */
	return grid;
}

enum err
grid_alloc(struct quantized *out, const struct grid_setting *setting, size_t rows, size_t columns)
{
	out->rows = rows;
	out->columns = columns;
	out->group_count = setting->width ? columns / setting->width : 0;
	out->scale_count = setting->width ? rows * out->group_count : 1;
	out->codes = buf_alloc_dirty(rows * columns, sizeof(*out->codes));
	out->dequantized = buf_alloc_dirty(rows * columns, sizeof(*out->dequantized));
	out->scales = buf_alloc(out->scale_count, sizeof(*out->scales));
	if (!setting->symmetric)
		out->zero_points = buf_alloc(out->scale_count, sizeof(*out->zero_points));
	return out->codes && out->dequantized && out->scales &&
			       (setting->symmetric || out->zero_points)
		       ? OK
		       : ERR_NOMEM;
}

void
grid_store(struct quantized *out, size_t at, struct grid grid)
{
	out->scales[at] = grid.scale;
	if (out->zero_points)
		out->zero_points[at] = grid.zero;
}

static double
word_padding(size_t count, size_t bits)
{
	size_t used = count * bits % WORD_BITS;

	return used ? (double)(WORD_BITS - used) : 0.0;
}

void
grid_count_bits(struct quantized *out, const struct grid_setting *setting)
{
	size_t bits = (size_t)setting->bits, rows = out->rows;
	size_t zero_rows = out->group_count ? rows : 1;
	size_t zeros_in_row = out->group_count ? out->group_count : 1;
	double scale_bits = setting->scale_dtype == SCALE_F32 ? 32.0 : 16.0;
	double padding = (double)rows * word_padding(out->columns, bits);

	out->part_bits[PART_CODES] = (double)rows * (double)out->columns * (double)bits;
	out->part_bits[PART_SCALES] = (double)out->scale_count * scale_bits;
	if (out->zero_points) {
		out->part_bits[PART_ZERO_POINTS] = (double)out->scale_count * (double)bits;
		padding += (double)zero_rows * word_padding(zeros_in_row, bits);
	}
	out->part_bits[PART_PADDING] = padding;
}
