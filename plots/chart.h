#ifndef PLOTS_CHART_H
#define PLOTS_CHART_H

#include "plots/frame.h"
#include "plots/plot.h"
#include "plots/scale.h"

/* What line and scatter share: points in the plane, on one pair of axes, several series. */
struct chart {
	struct scale x, y;
	bool any; /* there is at least one point to draw */
};

/* `pad`: the share of room left free around the data on axes that are not locked. */
#define CHART_LINE_PAD    0.02
#define CHART_SCATTER_PAD 0.05
struct chart chart_make(const struct plot_data *data, double pad);

double chart_x(const struct series *series, size_t i);
double chart_error(const struct series *series, size_t i); /* 0: none */

/* The role of a series: its own, or one of a fixed order where it has ROLE_TEXT. */
enum role chart_role(const struct plot_data *data, size_t series);

/* The points that no other beats, from left to right: less x and less y is better. Start with
 * { .y = INFINITY, .x = -INFINITY }; false at the end. */
struct chart_point {
	double x, y;
};
bool chart_next_front(struct chart_point *point, const struct plot_data *data,
		      const struct chart *chart);

/* The part of a segment inside the unit square, in place; false if there is none. */
bool chart_clip(double *x0, double *y0, double *x1, double *y1);

/* In cells, with chart_make done: frame, axes and legend; false when there is nothing to draw in
 * it. */
bool chart_frame(struct canvas *canvas, struct rect at, const struct plot_data *data,
		 struct frame *frame, const struct chart *chart, const int32_t *glyphs);

/* After drawing: say so when no point is in view. */
void chart_finish(struct canvas *canvas, struct rect body);

/* A line in units of the axes (0 to 1): braille dots, or `glyph` in whole cells if it is not 0. */
void chart_segment(struct canvas *canvas, struct rect body, double x0, double y0, double x1,
		   double y1, int32_t glyph, enum role role);

/* The cell of a point in units; false outside. */
bool chart_cell(struct rect body, double x, double y, int *row, int *column);

/* Marks that tell series apart without colour. */
enum { CHART_MARKS = 4, CHART_ROLES = 6 };
int chart_mark(size_t series, int marks); /* of so many, for a series */
const int32_t *chart_marks(const struct canvas *canvas);

#endif
