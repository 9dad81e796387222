/* Labelled horizontal bars with their exact values. */
#include "plots/bars.h"

#include "plots/frame.h"

#include <math.h>
#include <stdio.h>

struct scale
bars_scale(const struct plot_data *data)
{
	struct extent extent = extent_none;

	for (size_t k = 0; k < data->series_count && k < 2; k++) {
		const struct series *series = &data->series[k];

		for (size_t i = 0; series->y && i < series->count; i++) {
			double error = series->error ? series->error[i] : 0;

			extent_add(&extent, series->y[i], data->x.log);
			extent_add(&extent, series->y[i] + error, data->x.log);
			extent_add(&extent, series->y[i] - error, data->x.log);
		}
	}
	if (!data->x.log)
		extent_add(&extent, 0, false);
	else if (extent.low < extent.high)
		extent.low = pow(10, floor(log10(extent.low) - 1e-9)); /* the least is seen too */
	return scale_make(&data->x, extent, data->x.log ? SCALE_LOG10 : SCALE_LINEAR);
}

double
bars_origin(const struct scale *scale)
{
	if (scale->kind == SCALE_LOG10)
		return 0;
	return fmin(fmax(scale_unit(scale, 0), 0), 1);
}

const char *
bars_value_text(char *out, size_t capacity, const struct series *series, size_t i)
{
	char value[32], error[32];

	if (isnan(series->y[i]))
		snprintf(out, capacity, "\xc2\xb7");
	else if (series->error)
		snprintf(out, capacity, "%s \xc2\xb1%s",
			 plot_exact(value, sizeof(value), series->y[i]),
			 plot_number(error, sizeof(error), series->error[i]));
	else
		plot_exact(out, capacity, series->y[i]);
	return out;
}

/* Columns of one line: mark of the cursor, label, bar, value. */
struct line {
	int label, bar, value; /* widths; 0: not shown */
};

enum { SHORT_LINE = 36 };

/* The exact value, and on a short line the short one. */
static const char *
line_value(char *out, size_t capacity, const struct series *series, size_t i, int columns)
{
	if (columns >= SHORT_LINE || isnan(series->y[i]))
		return bars_value_text(out, capacity, series, i);
	return plot_number(out, capacity, series->y[i]);
}

static struct line
measure_line(const struct canvas *canvas, const struct series *series, int columns)
{
	struct line line = { 0 };
	char text[80];

	for (size_t i = 0; i < series->count; i++) {
		const char *value = line_value(text, sizeof(text), series, i, columns);
		int width = canvas_width(canvas, value);

		line.value = width > line.value ? width : line.value;
		width = series->labels && series->labels[i]
				? canvas_width(canvas, series->labels[i])
				: 0;
		line.label = width > line.label ? width : line.label;
	}
	if (line.label > columns / 3)
		line.label = columns / 3;
	if (line.value > columns - line.label - 2)
		line.value = columns - line.label - 2 > 3 ? columns - line.label - 2 : 0;
	line.bar = columns - line.label - line.value - (line.label ? 2 : 1) - (line.value ? 1 : 0);
	if (line.bar < 3)
		line.bar = 0;
	return line;
}

/* A place on the bar in eighths of a column. */
static int
place(const struct scale *scale, double value, int columns)
{
	double unit = scale_unit(scale, value);

	return isnan(unit) ? 0 : (int)lround(fmin(fmax(unit, 0), 1) * columns * 8);
}

static void
put_bar(struct canvas *canvas, struct rect bar, int column, int32_t glyph, enum role role)
{
	if (column >= 0 && column < bar.columns)
		canvas_put(canvas, bar.row, bar.column + column, glyph, role);
}

/* From eighth `from` to eighth `to`. Only the right end can be partly filled: no glyph fills the
 * right part of a cell. */
static void
fill(struct canvas *canvas, struct rect bar, int from, int to, enum role role)
{
	int first = (from + 4) / 8, last = to / 8, part = to % 8;

	if (first == last && part == 0 && to > from)
		part = 1; /* a value is never invisible */
	for (int column = first; column < last; column++)
		put_bar(canvas, bar, column, canvas->ascii ? '#' : 0x2588, role);
	if (part && last >= first && (!canvas->ascii || part >= 4 || first == last))
		put_bar(canvas, bar, last, canvas->ascii ? '#' : 0x2590 - part, role);
}

static void
draw_ghost(struct canvas *canvas, struct rect bar, int origin, int now, int ghost)
{
	bool right = ghost >= origin;
	int from = right ? (now > origin ? (now + 7) / 8 : origin / 8) : (ghost + 4) / 8;
	int to = right ? (ghost + 4) / 8 : (now < origin ? now / 8 : (origin + 4) / 8);

	for (int column = from; column < to; column++)
		put_bar(canvas, bar, column, canvas->ascii ? '.' : 0x2591, ROLE_GHOST);
	/* Where the current bar covers it, a notch shows its end, if not in the same column. */
	if (from >= to && ghost != origin && (ghost - right) / 8 != (now - right) / 8)
		put_bar(canvas, bar, right ? (ghost - 1) / 8 : ghost / 8,
			canvas->ascii ? ':' : 0x2592, ROLE_CURRENT);
}

/* From value - error to value + error: what of it is bar turns to a shade, the rest is a line with
 * its end. */
static void
draw_error(struct canvas *canvas, struct rect bar, const struct scale *scale, int origin,
	   double value, double error)
{
	int low, high, to, first, last;

	if (!(error > 0) || !isfinite(value))
		return;
	to = place(scale, value, bar.columns);
	first = (to < origin ? to : origin) / 8;
	last = ((to < origin ? origin : to) + 7) / 8 - 1;
	low = (place(scale, value - error, bar.columns) + 4) / 8;
	high = (place(scale, value + error, bar.columns) - 1) / 8;
	if (high >= bar.columns)
		high = bar.columns - 1;
	for (int column = low; column <= high; column++) {
		if (column >= first && column <= last)
			put_bar(canvas, bar, column, canvas->ascii ? '=' : 0x2593, ROLE_CURRENT);
		else
			put_bar(canvas, bar, column,
				column == high  ? 0x2524
				: column == low ? 0x251c
						: 0x2500,
				ROLE_TEXT);
	}
}

static void
draw_bar(struct canvas *canvas, struct rect bar, const struct plot_data *data,
	 const struct scale *scale, size_t i)
{
	const struct series *now = &data->series[0];
	const struct series *ghost = data->series_count > 1 ? &data->series[1] : NULL;
	int origin = place(scale, scale->kind == SCALE_LOG10 ? scale->low : 0, bar.columns), to;
	enum role role = now->role == ROLE_TEXT ? ROLE_CURRENT : now->role;

	to = isnan(now->y[i]) ? origin : place(scale, now->y[i], bar.columns);
	if (to != origin || (now->y[i] > 0 || now->y[i] < 0))
		fill(canvas, bar, to < origin ? to : origin, to < origin ? origin : to, role);
	if (ghost && ghost->y && i < ghost->count && isfinite(ghost->y[i]))
		draw_ghost(canvas, bar, origin, to, place(scale, ghost->y[i], bar.columns));
	if (now->error)
		draw_error(canvas, bar, scale, origin, now->y[i], now->error[i]);
}

static void
draw_line(struct canvas *canvas, struct rect row, const struct plot_data *data,
	  const struct line *line, const struct scale *scale, size_t i)
{
	const struct series *series = &data->series[0];
	bool cursor = data->cursor_row >= 0 && (size_t)data->cursor_row == i;
	bool labelled = line->label && series->labels[i] && *series->labels[i];
	int column = line->label || line->bar ? 1 : 0; /* behind the cursor's mark */
	char text[80];

	if (cursor)
		canvas_text(canvas, row, 0, 0, ROLE_CURSOR, "\xe2\x96\xb8");
	if (labelled)
		canvas_fit(canvas, row, 0, column, line->label, cursor ? ROLE_CURSOR : ROLE_TEXT,
			   series->labels[i]);
	column += line->label ? line->label + 1 : 0;
	if (line->bar)
		draw_bar(canvas, (struct rect){ row.row, row.column + column, 1, line->bar }, data,
			 scale, i);
	column += line->bar;
	if (line->value) {
		line_value(text, sizeof(text), series, i, row.columns);
		canvas_fit(canvas, row, 0, row.columns - line->value, line->value,
			   cursor ? ROLE_TITLE : ROLE_TEXT, text);
	} else if (!line->bar || !(series->y[i] > 0 || series->y[i] < 0)) {
		/* What has no bar is told in characters, if only some. */
		canvas_text(canvas, row, 0,
			    line->bar  ? column - line->bar
			    : labelled ? column
				       : 0,
			    ROLE_TEXT,
			    isnan(series->y[i]) ? "\xc2\xb7"
						: plot_number(text, sizeof(text), series->y[i]));
	}
}

static void
draw_head(struct canvas *canvas, const struct frame *frame, const struct plot_data *data)
{
	const char *now = data->series[0].name;
	const char *ghost = data->series_count > 1 ? data->series[1].name : NULL;
	struct legend_item items[2] = {
		{ canvas->ascii ? '#' : 0x2588, ROLE_CURRENT, now ? now : "current" },
		{ canvas->ascii ? '.' : 0x2591, ROLE_GHOST, ghost ? ghost : "previous" },
	};

	frame_head(canvas, frame, data->x.log ? "log" : NULL, data->title, items,
		   data->series_count > 1 ? 2
		   : now                  ? 1
					  : 0);
}

/* The first bar to show, such that the cursor is in view. */
static size_t
first_in_view(const struct plot_data *data, size_t rows)
{
	size_t count = data->series[0].count, cursor;

	if (count <= rows || data->cursor_row < 0)
		return 0;
	cursor = (size_t)data->cursor_row < count ? (size_t)data->cursor_row : count - 1;
	cursor = cursor > rows / 2 ? cursor - rows / 2 : 0;
	return cursor + rows > count ? count - rows : cursor;
}

static void
bars_cells(struct canvas *canvas, struct rect at, const struct plot_data *data)
{
	struct frame_want want = { .note = data->note != NULL };
	struct frame frame;
	struct scale scale;
	struct line line;
	size_t first, rows, count;

	at = rect_part((struct rect){ 0, 0, canvas->rows, canvas->columns }, at.row, at.column,
		       at.rows, at.columns);
	if (at.rows < 1)
		return;
	if (!data->series_count || !data->series[0].count || !data->series[0].y) {
		frame_empty(canvas, at, "no values yet");
		return;
	}
	want.head = data->title || data->x.log || data->series_count > 1 || data->series[0].name;
	frame = frame_make(at, &want);
	scale = bars_scale(data);
	line = measure_line(canvas, &data->series[0], at.columns);
	count = data->series[0].count;
	rows = (size_t)frame.body.rows;
	first = first_in_view(data, rows);
	for (size_t i = 0; i < rows && first + i < count; i++)
		draw_line(canvas, rect_part(frame.body, (int)i, 0, 1, at.columns), data, &line,
			  &scale, first + i);
	draw_head(canvas, &frame, data);
	frame_note(canvas, &frame, data->note);
}

const struct plot plot_bars = {
	.name = "bars",
	.help = "labelled values, largest first as given",
	.cells = bars_cells,
	.vector = bars_vector,
};
