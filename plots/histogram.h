#ifndef PLOTS_HISTOGRAM_H
#define PLOTS_HISTOGRAM_H

#include "plots/plot.h"
#include "plots/scale.h"

/* What both pictures of a histogram show: the bins in view, the counts outside, the ghost. */
struct histogram_view {
	const struct series *now, *ghost; /* ghost NULL: none that can be compared */
	bool ghost_differs;               /* there is one, with other edges */
	size_t first, count;
	double below, above;
	struct axis x; /* low and high: the outer edges in view */
};

struct histogram_view histogram_view(const struct plot_data *data);

/* From 0 to the tallest column of either run, or the locked axis. */
struct scale histogram_counts_scale(const struct histogram_view *view, const struct plot_data *data,
				    const struct plot_bins *bins);

/* histogram_vector.c */
void histogram_vector(void *cairo, double width, double height, const struct plot_data *data);

#endif
