#ifndef PLOTS_CHART_VECTOR_H
#define PLOTS_CHART_VECTOR_H

#include "plots/plot.h"

/* The `vector` of line and of scatter; `cairo` is a cairo_t. */
void line_vector(void *cairo, double width, double height, const struct plot_data *data);
void scatter_vector(void *cairo, double width, double height, const struct plot_data *data);

#endif
