#ifndef PLOTS_BARS_H
#define PLOTS_BARS_H

#include "plots/plot.h"
#include "plots/scale.h"

/* series[0] gives the bars, their labels and errors, series[1] the ghost. The values' axis is
 * `data->x`; bars start at zero, on a log axis at its low end. */
struct scale bars_scale(const struct plot_data *data);
double bars_origin(const struct scale *scale);

/* "0.0123457 ±0.001"; empty for a missing value. */
const char *bars_value_text(char *out, size_t capacity, const struct series *series, size_t i);

/* bars_vector.c; `cairo` is a cairo_t. */
void bars_vector(void *cairo, double width, double height, const struct plot_data *data);

#endif
