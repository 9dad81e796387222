#ifndef PLOTS_SCALE_H
#define PLOTS_SCALE_H

#include "plots/plot.h"

/* Numbers for people, and the map from values to a length. Infinities and NaN are fine everywhere.
 */
enum scale_kind { SCALE_LINEAR, SCALE_LOG10, SCALE_LOG1P };

struct scale {
	double low, high; /* finite, low < high; for SCALE_LOG10 both above 0 */
	enum scale_kind kind;
	double knee; /* of SCALE_LOG1P: about linear up to it, logarithmic beyond; 0: at 1 */
};

/* The range of finite values (for SCALE_LOG10 of positive ones); starts as { INFINITY, -INFINITY }.
 */
struct extent {
	double low, high;
};
extern const struct extent extent_none;
void extent_add(struct extent *extent, double value, bool log10);

/* The axis' own range where it names one (low < high), else the extent of the data, else 0 to 1. */
struct scale scale_make(const struct axis *axis, struct extent data, enum scale_kind kind);

/* 0 at low, 1 at high; not clamped; NaN for what has no place. */
double scale_unit(const struct scale *scale, double value);
double scale_value(const struct scale *scale, double unit);

/* Round values inside the range, rising, at most `most` of them; returns how many. */
int scale_ticks(double *out, int most, const struct scale *scale);

/* The shortest text that tells a value to about three digits: 0, 1.2e-4, 0.0123, 12.3k, inf, nan.
 * At most 9 characters. Returns out. */
const char *plot_number(char *out, size_t capacity, double value);

/* The same to two digits: at most 6 characters for values from 1e-9 to 1. */
const char *plot_short(char *out, size_t capacity, double value);

/* The same to six digits, where the exact value counts: 0.0123457, 1.23457e-05. */
const char *plot_exact(char *out, size_t capacity, double value);

/* How fine bins become columns: only whole bins are merged and no count is split. All columns span
 * `merge` bins, the outermost two perhaps less, such that an edge stays at the middle of the range
 * (where a signed error is zero). With fewer bins than columns each bin is `wide` columns. */
struct plot_bins {
	size_t first, count; /* the bins in view */
	size_t merge, wide;  /* bins in a column, or columns of a bin; one of them is 1 */
	size_t lead;         /* bins in the outermost columns' first */
	size_t columns;      /* columns used, at most those given */
};
struct plot_bins plot_merge_bins(size_t first, size_t count, size_t columns);

/* The sum of the counts in one column. */
double plot_bins_sum(const struct plot_bins *bins, const double *counts, size_t column);

/* The first bin of a column (and, for column == columns, the end of the last one). */
size_t plot_bins_start(const struct plot_bins *bins, size_t column);

#endif
