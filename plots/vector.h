#ifndef PLOTS_VECTOR_H
#define PLOTS_VECTOR_H

#include "plots/plot.h"
#include "plots/scale.h"

#include <cairo.h>

/* What the SVG and PNG pictures share: paper, text, axes, legend. Dark on white, for print. */
struct vbox {
	double x, y, width, height;
};

struct vector {
	cairo_t *cr;
	double width, height, font; /* font: size of ordinary text, from the picture's size */
	struct vbox body;           /* where the data goes */
};

enum { INK = 0x262626, INK_SOFT = 0x6c6c6c, INK_GHOST = 0x9e9e9e, GRID = 0xe4e4e4 };

/* How a series looks in the legend. */
enum sample_kind { SAMPLE_FILL, SAMPLE_LINE, SAMPLE_OUTLINE, SAMPLE_MARK };
struct vector_item {
	const char *name;
	enum sample_kind kind;
	uint32_t rgb;
	int mark; /* SAMPLE_MARK: its shape */
};

/* White paper, title, note and legend; the body is what remains, for the plot to shrink. */
struct vector vector_start(cairo_t *cr, double width, double height, const struct plot_data *data,
			   const struct vector_item *items, int count);

void vector_colour(const struct vector *v, uint32_t rgb, double alpha);
void vector_fill(const struct vector *v, struct vbox box, uint32_t rgb, double alpha);
void vector_segment(const struct vector *v, double x0, double y0, double x1, double y1,
		    double width, uint32_t rgb);

/* One of eight shapes that tell series apart without colour. */
void vector_mark(const struct vector *v, double x, double y, double radius, int shape,
		 uint32_t rgb);

/* Text with (x, y) at `anchor` (0 left, 0.5 middle, 1 right) of its baseline, made visible. `size`
 * is a factor on the ordinary size. */
struct vector_text {
	double anchor, size;
	bool bold;
	uint32_t rgb;
};
void vector_text(const struct vector *v, double x, double y, struct vector_text style,
		 const char *text);
double vector_text_width(const struct vector *v, double size, const char *text);

/* The body shrinks by y tick labels, x tick labels and axis labels; grid lines, ticks, frame. */
enum { VECTOR_TICKS = 12 };
struct vector_axes {
	const struct axis *x, *y;
	struct scale x_scale, y_scale;
	double x_ticks[VECTOR_TICKS], x_at[VECTOR_TICKS]; /* values and places (0 to 1) */
	int x_count;
};
void vector_axes_ticks(struct vector_axes *axes, int most); /* x ticks from the scale */
void vector_axes_draw(struct vector *v, const struct vector_axes *axes);

/* "label (log)" where the axis is logarithmic. */
const char *vector_axis_label(char *out, size_t capacity, const struct axis *axis);

#endif
