#ifndef PLOTS_HEATMAP_H
#define PLOTS_HEATMAP_H

#include "plots/plot.h"
#include "plots/scale.h"

/* The axis of the values (data->value): symmetric about zero for diverging maps. */
struct scale heatmap_scale(const struct plot_data *data);

static inline double
heatmap_value(const struct plot_data *data, size_t row, size_t column)
{
	return data->cells[row * data->columns + column];
}

/* heatmap_vector.c; `cairo` is a cairo_t. */
void heatmap_vector(void *cairo, double width, double height, const struct plot_data *data);

#endif
