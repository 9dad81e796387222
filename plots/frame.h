#ifndef PLOTS_FRAME_H
#define PLOTS_FRAME_H

#include "plots/plot.h"

/* What stands around the picture in cells: head (tag, title, legend), y ticks at the left, x ticks,
 * the row of ends (counts outside, axis label) and the note. Rows are given away in the order of
 * what they tell; the body keeps at least one. */
struct frame {
	struct rect at, body;
	int head, line, ticks, ends, note; /* rows in `at`; -1: no room */
	int busy, limit;                   /* free columns of the ticks row, in `at` */
};

struct frame_want {
	int gutter; /* columns for y labels, without their line; dropped when the rest gets narrow
		     */
	bool x_axis, head, ends, note;
};

struct legend_item {
	int32_t glyph;
	enum role role;
	const char *name;
};

struct frame frame_make(struct rect at, const struct frame_want *want);

/* `tag` goes above the y labels ("log"); the legend stands at the right, the title gets the rest.
 */
void frame_head(struct canvas *canvas, const struct frame *frame, const char *tag,
		const char *title, const struct legend_item *items, int count);

/* Ticks in the body's own rows and columns; x from left to right: those that collide are left out.
 */
void frame_tick_y(struct canvas *canvas, const struct frame *frame, int row, const char *text);
void frame_tick_x(struct canvas *canvas, struct frame *frame, int column, const char *text);

/* The axis lines, before the ticks. */
void frame_lines(struct canvas *canvas, const struct frame *frame);

void frame_note(struct canvas *canvas, const struct frame *frame, const char *note);

/* The axis' label in the row of ends, where these many columns are taken at the left and right. */
void frame_x_label(struct canvas *canvas, const struct frame *frame, const char *label, int left,
		   int right);

/* The widest of these numbers as plot_number writes them. */
int frame_number_width(const double *values, int count);

/* One dim line in the middle, for pictures without data; the shorter text, or a mark, when it does
 * not fit. */
void frame_empty(struct canvas *canvas, struct rect at, const char *text);

#endif
