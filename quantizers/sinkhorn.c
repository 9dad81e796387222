/* Row and column factors that make standard deviations alike. Where the reference adds logarithms,
 * factors are multiplied here, in double: the same numbers on every machine. */
#include "quantizers/sinkhorn.h"

#include "core/buf.h"

#include <math.h>
#include <stdbool.h>

/* The reference's bounds: on deviations, on one step, and e^-0.3 and e^10 on a factor. */
static const float least_deviation = 1e-3f, most_deviation = 1e3f, target_guard = 1e-6f;
static const double least_step = 0.7, most_step = 2.0;
static const double least_factor = 0x1.7b4c869c37c05p-1, most_factor = 0x1.5829dcf950560p+14;
static const float imbalance_guard = 1e-12f;

/* Below this share of the mean square, a variance is the rounding of equal values. */
static const double least_variance = 1e-12;

enum { BAND = 1 << 18, LEAST_WIDTH = 16 };

/* Of the rows, or of the columns. */
struct side {
	size_t count, of;      /* how many, and how many values each is taken over */
	double *sum, *squares; /* (count) */
	double *factor;        /* (count) */
	float *inverse;        /* (count) */
	float *deviation;      /* (count) */
	float *best;           /* (count) the caller's */
};

static bool
side_alloc(struct side *side, float *best, size_t count, size_t of)
{
	*side = (struct side){ .count = count, .of = of, .best = best };
	side->sum = buf_alloc(3 * count, sizeof(*side->sum));
	side->inverse = buf_alloc(2 * count, sizeof(*side->inverse));
	if (!side->sum || !side->inverse)
		return false;
	side->squares = side->sum + count;
	side->factor = side->squares + count;
	side->deviation = side->inverse + count;
	for (size_t i = 0; i < count; i++)
		side->factor[i] = 1.0;
	return true;
}

static void
side_free(struct side *side)
{
	buf_free(side->sum);
	buf_free(side->inverse);
}

static void
start_pass(struct side *side)
{
	for (size_t i = 0; i < side->count; i++) {
		side->sum[i] = side->squares[i] = 0.0;
		side->inverse[i] = (float)(1.0 / side->factor[i]);
	}
}

static void
find_deviations(struct side *side)
{
	double n = (double)side->of;

	for (size_t i = 0; i < side->count; i++) {
		double squares = side->squares[i];
		double around = squares - side->sum[i] * side->sum[i] / n;
		bool equal = side->of < 2 || !(around > least_variance * squares);

		side->deviation[i] = equal ? 0.0f : (float)sqrt(around / (n - 1.0));
	}
}

/* The deviations of the matrix under the factors now set. */
static enum err
measure(struct side *rows, struct side *columns, const struct sinkhorn *sinkhorn)
{
	size_t n = sinkhorn->columns, band = BAND / n + 1, row = 0;

	start_pass(rows);
	start_pass(columns);
	for (size_t p = 0; p < sinkhorn->part_count; p++)
		for (size_t at = 0; at < sinkhorn->parts[p].rows; at += band) {
			size_t left = sinkhorn->parts[p].rows - at;
			struct scaled_moments moments = { .x = sinkhorn->parts[p].x + at * n,
							  .rows = left < band ? left : band,
							  .columns = n,
							  .row = rows->inverse + row,
							  .column = columns->inverse,
							  .row_sum = rows->sum + row,
							  .row_squares = rows->squares + row,
							  .column_sum = columns->sum,
							  .column_squares = columns->squares };
			enum err code = work_check(sinkhorn->work);

			if (code)
				return code;
			sinkhorn->kernels->scaled_moments(&moments);
			row += moments.rows;
		}
	find_deviations(rows);
	find_deviations(columns);
	return OK;
}

static float
bounded(float deviation)
{
	return fminf(fmaxf(deviation, least_deviation), most_deviation);
}

static float
least_of(const struct side *side)
{
	float least = INFINITY;

	for (size_t i = 0; i < side->count; i++)
		least = fminf(least, side->deviation[i]);
	return least;
}

static float
most_of(const struct side *side)
{
	float most = 0.0f;

	for (size_t i = 0; i < side->count; i++)
		most = fmaxf(most, side->deviation[i]);
	return most;
}

static void
step(struct side *side, float target)
{
	for (size_t i = 0; i < side->count; i++) {
		double by = (double)(bounded(side->deviation[i]) / target);
		double factor = side->factor[i] * fmin(fmax(by, least_step), most_step);

		side->best[i] = (float)side->factor[i];
		side->factor[i] = fmin(fmax(factor, least_factor), most_factor);
	}
}

static enum err
iterate(struct side *rows, struct side *columns, const struct sinkhorn *sinkhorn)
{
	float least_imbalance = INFINITY, target = 0.0f;
	enum err code = OK;

	for (int i = 0; i < sinkhorn->iterations; i++) {
		float least, imbalance;

		code = measure(rows, columns, sinkhorn);
		if (code)
			break;
		least = fminf(least_of(rows), least_of(columns));
		imbalance = fmaxf(most_of(rows), most_of(columns)) / fmaxf(least, imbalance_guard);
		if (imbalance > least_imbalance)
			break;
		if (i == 0)
			target = bounded(least) + target_guard;
		least_imbalance = imbalance;
		step(rows, target);
		step(columns, target);
	}
	return code;
}

enum err
sinkhorn_solve(float *row, float *column, const struct sinkhorn *sinkhorn)
{
	struct side rows, columns = { 0 };
	size_t row_count = 0;
	enum err code = ERR_NOMEM;

	for (size_t p = 0; p < sinkhorn->part_count; p++)
		row_count += sinkhorn->parts[p].rows;
	if (side_alloc(&rows, row, row_count, sinkhorn->columns) &&
	    side_alloc(&columns, column, sinkhorn->columns, row_count)) {
		for (size_t i = 0; i < row_count; i++)
			row[i] = 1.0f;
		for (size_t i = 0; i < sinkhorn->columns; i++)
			column[i] = 1.0f;
		code = iterate(&rows, &columns, sinkhorn);
	}
	side_free(&rows);
	side_free(&columns);
	return code;
}

size_t
sinkhorn_width(size_t width, size_t columns)
{
	while (width && columns % width)
		width = width / 2 >= LEAST_WIDTH ? width / 2 : 0;
	return width;
}
