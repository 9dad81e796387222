/* Fine bins to columns, without splitting any. */
#include "plots/scale.h"

/* Columns when `merge` bins go into one and an edge stays at the middle: each half counts its own.
 * An odd count has its middle bin in the upper half. */
static size_t
columns_of(size_t count, size_t merge)
{
	size_t half = count / 2;

	return (half + merge - 1) / merge + (count - half + merge - 1) / merge;
}

struct plot_bins
plot_merge_bins(size_t first, size_t count, size_t columns)
{
	struct plot_bins bins = { .first = first, .count = count, .merge = 1, .wide = 1 };

	if (!count || !columns)
		return bins;
	if (columns >= count) {
		bins.wide = columns / count;
		bins.lead = 1;
		bins.columns = bins.wide * count;
		return bins;
	}
	bins.merge = (count + columns - 1) / columns;
	while (columns > 1 && columns_of(count, bins.merge) > columns)
		bins.merge++;
	if (columns == 1) {
		bins.lead = count;
		bins.columns = 1;
		return bins;
	}
	bins.columns = columns_of(count, bins.merge);
	bins.lead = count / 2 % bins.merge ? count / 2 % bins.merge : bins.merge;
	return bins;
}

size_t
plot_bins_start(const struct plot_bins *bins, size_t column)
{
	size_t bin;

	column /= bins->wide;
	bin = column ? bins->lead + (column - 1) * bins->merge : 0;
	return bins->first + (bin < bins->count ? bin : bins->count);
}

double
plot_bins_sum(const struct plot_bins *bins, const double *counts, size_t column)
{
	size_t from = plot_bins_start(bins, column);
	size_t to = plot_bins_start(bins, (column / bins->wide + 1) * bins->wide);
	double sum = 0;

	for (size_t i = from; i < to; i++)
		if (counts[i] > 0)
			sum += counts[i];
	return sum;
}
