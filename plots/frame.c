#include "plots/frame.h"

#include "plots/scale.h"

#include <string.h>

enum { BODY_LEAST = 10 };

struct frame
frame_make(struct rect at, const struct frame_want *want)
{
	struct frame frame = { .at = at, .head = -1, .line = -1, .ticks = -1, .ends = -1 };
	int left = at.rows - 1, bottom = at.rows, top = 0, gutter = 0;
	bool head, ticks, note, ends, line;

	/* In the order of what they tell. */
	ticks = want->x_axis && left > 0 && left--;
	head = want->head && left > 0 && left--;
	note = want->note && left > 1 && left--;
	ends = want->ends && left > 1 && left--;
	line = want->x_axis && left > 3;
	if (head)
		frame.head = top++;
	frame.note = note ? --bottom : -1;
	if (ends)
		frame.ends = --bottom;
	if (ticks)
		frame.ticks = --bottom;
	if (line)
		frame.line = --bottom;
	if (want->gutter && at.columns >= want->gutter + 1 + BODY_LEAST)
		gutter = want->gutter + 1;
	frame.limit = at.columns;
	frame.body = rect_part(at, top, gutter, bottom - top, at.columns - gutter);
	return frame;
}

static int
gutter_of(const struct frame *frame)
{
	return frame->body.column - frame->at.column;
}

static int
legend_width(const struct canvas *canvas, const struct legend_item *items, int count)
{
	int width = 0;

	for (int i = 0; i < count; i++)
		width += canvas_width(canvas, items[i].name) + 4;
	return width;
}

/* Items go in from the left while they fit whole: the first is the one that matters most. */
void
frame_head(struct canvas *canvas, const struct frame *frame, const char *tag, const char *title,
	   const struct legend_item *items, int count)
{
	int left = gutter_of(frame), end = frame->at.columns, column;

	if (frame->head < 0)
		return;
	if (tag && *tag) {
		int width = canvas_width(canvas, tag), at = left - 1 - width;

		column = canvas_text(canvas, frame->at, frame->head, at > 0 ? at : 0, ROLE_WARN,
				     tag);
		left = column + 1 > left ? column + 1 : left;
	}
	while (count && legend_width(canvas, items, count) > end - left)
		count--;
	column = end - legend_width(canvas, items, count) + 2;
	if (title)
		canvas_fit(canvas, frame->at, frame->head, left, (count ? column - 2 : end) - left,
			   ROLE_TITLE, title);
	for (int i = 0; i < count; i++) {
		canvas_put(canvas, frame->at.row + frame->head, frame->at.column + column,
			   items[i].glyph, items[i].role);
		column = canvas_text(canvas, frame->at, frame->head, column + 2, ROLE_DIM,
				     items[i].name) +
			 2;
	}
}

void
frame_lines(struct canvas *canvas, const struct frame *frame)
{
	struct rect body = frame->body;

	for (int row = 0; gutter_of(frame) && row < body.rows; row++)
		canvas_put(canvas, body.row + row, body.column - 1, 0x2502, ROLE_BORDER);
	if (frame->line < 0)
		return;
	for (int column = 0; column < body.columns; column++)
		canvas_put(canvas, frame->at.row + frame->line, body.column + column, 0x2500,
			   ROLE_BORDER);
	if (gutter_of(frame))
		canvas_put(canvas, frame->at.row + frame->line, body.column - 1, 0x2514,
			   ROLE_BORDER);
}

void
frame_tick_y(struct canvas *canvas, const struct frame *frame, int row, const char *text)
{
	int gutter = gutter_of(frame), width = canvas_width(canvas, text);
	struct rect body = frame->body;

	if (!gutter || row < 0 || row >= body.rows)
		return;
	canvas_fit(canvas, frame->at, body.row - frame->at.row + row,
		   width < gutter - 1 ? gutter - 1 - width : 0, gutter - 1, ROLE_DIM, text);
	canvas_put(canvas, body.row + row, body.column - 1, 0x2524, ROLE_BORDER);
}

/* The label is centred under its column, and moved inwards at the ends. */
void
frame_tick_x(struct canvas *canvas, struct frame *frame, int column, const char *text)
{
	int width = canvas_width(canvas, text), start, x = gutter_of(frame) + column;

	if (frame->ticks < 0 || column < 0 || column >= frame->body.columns)
		return;
	start = x - width / 2;
	if (start + width > frame->limit)
		start = frame->limit - width;
	if (start < 0 && !frame->busy)
		start = 0;
	if (start < frame->busy || start + width > frame->limit)
		return;
	frame->busy = canvas_text(canvas, frame->at, frame->ticks, start, ROLE_DIM, text) + 1;
	if (frame->line >= 0)
		canvas_put(canvas, frame->at.row + frame->line, frame->at.column + x, 0x252c,
			   ROLE_BORDER);
}

void
frame_note(struct canvas *canvas, const struct frame *frame, const char *note)
{
	if (frame->note >= 0 && note)
		canvas_fit(canvas, frame->at, frame->note, 0, frame->at.columns, ROLE_TEXT, note);
}

void
frame_x_label(struct canvas *canvas, const struct frame *frame, const char *label, int left,
	      int right)
{
	int width, column;

	if (frame->ends < 0 || !label)
		return;
	width = canvas_width(canvas, label);
	column = gutter_of(frame) + (frame->body.columns - width) / 2;
	if (column > left && column + width < frame->at.columns - right)
		canvas_text(canvas, frame->at, frame->ends, column, ROLE_DIM, label);
}

int
frame_number_width(const double *values, int count)
{
	char text[32];
	int width = 0;

	for (int i = 0; i < count; i++) {
		int length = (int)strlen(plot_number(text, sizeof(text), values[i]));

		width = length > width ? length : width;
	}
	return width;
}

void
frame_empty(struct canvas *canvas, struct rect at, const char *text)
{
	int width = canvas_width(canvas, text), row = (at.rows - 1) / 2;

	if (at.rows < 1 || at.columns < 1)
		return;
	canvas_fit(canvas, at, row, width < at.columns ? (at.columns - width) / 2 : 0, at.columns,
		   ROLE_DIM, text);
}
