#ifndef PLOTS_PLOT_H
#define PLOTS_PLOT_H

#include "plots/canvas.h"

/* Numbers to picture. A plot is data plus axes; one file for each kind, one line in plots.def. The
 * same data draws to cells, SVG and PNG. */
struct axis {
	const char *label;
	double low, high; /* low == high: chosen from the data */
	bool log;         /* log1p for counts, log10 for others; a tag shows it */
	double knee; /* line and scatter: > 0: linear up to it, logarithmic beyond, both signs */
};

struct series {
	const char *name;
	const double *x, *y;       /* (count); x NULL: 0, 1, 2, ... */
	const double *error;       /* (count) half-lengths of error bars, or NULL */
	const char *const *labels; /* (count) or NULL */
	size_t count;
	enum role role;
};

struct plot_data {
	const char *title, *note; /* note: one line under the picture, or NULL */
	struct axis x, y, value;
	const struct series *series; /* histogram: [0] current, [1] the previous run, ghosted; x =
				      * bin edges, so series[i].x has count + 1 entries */
	size_t series_count;
	double below, above; /* histogram: counts outside the axis */
	/* heat map: (rows, columns); NaN is missing; marks[i] is 0 or a character such as '!' */
	const double *cells;
	const char *marks;
	size_t rows, columns;
	const char *const *row_labels, *const *column_labels;
	int cursor_row, cursor_column; /* -1: none */
	bool diverging;
	bool front; /* scatter: join the points that no other beats (less x and less y is better) */
};

struct plot {
	const char *name; /* "histogram", "bars", "heatmap", "line", "scatter" */
	const char *help;
	void (*cells)(struct canvas *canvas, struct rect at, const struct plot_data *data);
	void (*vector)(void *cairo /* cairo_t */, double width, double height,
		       const struct plot_data *data);
};

#define PLOT(name) extern const struct plot plot_##name;
#include "plots/plots.def"
#undef PLOT

extern const struct plot *const plots[]; /* ends with NULL */
const struct plot *plot_find(const char *name);

/* Write a picture: the format follows the ending, .svg or .png. Never over an input; atomically. */
/* Does the name end as a picture's does? Before the work, which takes longer than saying no. */
enum err plot_check_path(const char *path);
enum err plot_save(const struct plot *plot, const struct plot_data *data, const char *path,
		   int width, int height);

#endif
