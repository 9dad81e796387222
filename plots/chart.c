#include "plots/chart.h"

#include <math.h>
#include <stdio.h>

enum { TICKS_MOST = 12, LEGEND_MOST = 6 };

double
chart_x(const struct series *series, size_t i)
{
	return series->x ? series->x[i] : (double)i;
}

double
chart_error(const struct series *series, size_t i)
{
	double error = series->error ? series->error[i] : 0;

	return error > 0 && isfinite(error) ? error : 0;
}

enum role
chart_role(const struct plot_data *data, size_t series)
{
	static const enum role order[CHART_ROLES] = { ROLE_CURRENT, ROLE_WARN,   ROLE_GOOD,
						      ROLE_BAD,     ROLE_ACCENT, ROLE_KEY };

	if (data->series[series].role != ROLE_TEXT)
		return data->series[series].role;
	return order[series % CHART_ROLES];
}

static bool
has_place(double value, bool log)
{
	return isfinite(value) && (!log || value > 0);
}

static void
pad_scale(struct scale *scale, const struct axis *axis, double pad)
{
	struct scale old = *scale;

	if (axis->low < axis->high)
		return;
	scale->low = scale_value(&old, -pad);
	scale->high = scale_value(&old, 1 + pad);
}

static enum scale_kind
chart_kind(const struct axis *axis)
{
	if (axis->knee > 0)
		return SCALE_LOG1P;
	return axis->log ? SCALE_LOG10 : SCALE_LINEAR;
}

/* A second round of the roles comes with other marks, so that no two series look alike. */
int
chart_mark(size_t series, int marks)
{
	size_t roles = CHART_ROLES, round = (size_t)marks * roles / 2;

	return (int)((series + series / round) % (size_t)marks);
}

struct chart
chart_make(const struct plot_data *data, double pad)
{
	struct extent x = extent_none, y = extent_none;
	struct chart chart = { .any = false };

	for (size_t k = 0; k < data->series_count; k++) {
		const struct series *series = &data->series[k];

		for (size_t i = 0; series->y && i < series->count; i++) {
			double error = chart_error(series, i);

			if (!has_place(chart_x(series, i), data->x.log) ||
			    !has_place(series->y[i], data->y.log))
				continue;
			chart.any = true;
			extent_add(&x, chart_x(series, i), data->x.log);
			extent_add(&y, series->y[i], data->y.log);
			extent_add(&y, series->y[i] - error, data->y.log);
			extent_add(&y, series->y[i] + error, data->y.log);
		}
	}
	chart.x = scale_make(&data->x, x, chart_kind(&data->x));
	chart.y = scale_make(&data->y, y, chart_kind(&data->y));
	pad_scale(&chart.x, &data->x, pad);
	pad_scale(&chart.y, &data->y, pad);
	return chart;
}

/* The next point to the right that is lower than all before it. */
bool
chart_next_front(struct chart_point *point, const struct plot_data *data, const struct chart *chart)
{
	struct chart_point best = { INFINITY, INFINITY };

	for (size_t k = 0; k < data->series_count; k++) {
		const struct series *series = &data->series[k];

		for (size_t i = 0; series->y && i < series->count; i++) {
			double x = chart_x(series, i), y = series->y[i];

			if (!has_place(x, chart->x.kind == SCALE_LOG10) ||
			    !has_place(y, chart->y.kind == SCALE_LOG10) || !(y < point->y))
				continue;
			if (x < best.x || (x == best.x && y < best.y))
				best = (struct chart_point){ x, y };
		}
	}
	*point = best;
	return isfinite(best.x);
}

/* Liang and Barsky 1984, "A New Concept and Method for Line Clipping". */
static bool
clip_edge(double p, double q, double *from, double *to)
{
	double t;

	if (p == 0)
		return q >= 0;
	t = q / p;
	if (p < 0)
		*from = fmax(*from, t);
	else
		*to = fmin(*to, t);
	return *from <= *to;
}

bool
chart_clip(double *x0, double *y0, double *x1, double *y1)
{
	double dx = *x1 - *x0, dy = *y1 - *y0, from = 0, to = 1, x = *x0, y = *y0;

	if (!isfinite(dx) || !isfinite(dy) || !clip_edge(-dx, x, &from, &to) ||
	    !clip_edge(dx, 1 - x, &from, &to) || !clip_edge(-dy, y, &from, &to) ||
	    !clip_edge(dy, 1 - y, &from, &to))
		return false;
	*x0 = x + from * dx;
	*y0 = y + from * dy;
	*x1 = x + to * dx;
	*y1 = y + to * dy;
	return true;
}

const int32_t *
chart_marks(const struct canvas *canvas)
{
	static const int32_t unicode[CHART_MARKS] = { 0x25cf, 0x25cb, '+', 0xd7 };
	static const int32_t ascii[CHART_MARKS] = { '*', 'o', '+', 'x' };

	return canvas->ascii ? ascii : unicode;
}

bool
chart_cell(struct rect body, double x, double y, int *row, int *column)
{
	if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1))
		return false;
	*row = body.row + (int)lround((1 - y) * (body.rows - 1));
	*column = body.column + (int)lround(x * (body.columns - 1));
	return true;
}

/* The dot at (x, y), counted from the upper left, joins the braille character of its cell. */
static void
put_dot(struct canvas *canvas, struct rect body, int x, int y, enum role role)
{
	/* Unicode numbers dots down the left column, then the right; the lowest row came later. */
	static const int bits[4][2] = {
		{ 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 }
	};
	int row = body.row + y / 4, column = body.column + x / 2;
	struct cell *cell = canvas_at(canvas, row, column);
	int32_t old = cell && cell->glyph >= 0x2800 && cell->glyph < 0x2900 ? cell->glyph : 0x2800;

	if (cell && (old != 0x2800 || cell->glyph == ' '))
		canvas_put(canvas, row, column, old | bits[y % 4][x % 2], role);
}

void
chart_segment(struct canvas *canvas, struct rect body, double x0, double y0, double x1, double y1,
	      int32_t glyph, enum role role)
{
	int across = glyph ? 1 : 2, down = glyph ? 1 : 4, steps;
	double width = body.columns * across - 1, height = body.rows * down - 1;

	if (body.rows < 1 || body.columns < 1 || !chart_clip(&x0, &y0, &x1, &y1))
		return;
	steps = (int)ceil(fmax(fabs(x1 - x0) * width, fabs(y1 - y0) * height));
	for (int i = 0; i <= steps; i++) {
		double t = steps ? (double)i / steps : 0;
		int x = (int)lround((x0 + t * (x1 - x0)) * width);
		int y = (int)lround((1 - (y0 + t * (y1 - y0))) * height);

		if (glyph)
			canvas_put(canvas, body.row + y, body.column + x, glyph, role);
		else
			put_dot(canvas, body, x, y, role);
	}
}

static void
draw_ticks(struct canvas *canvas, struct frame *frame, const struct chart *chart)
{
	double ticks[TICKS_MOST];
	int most = frame->body.rows / 2 + 2, count;
	char text[32];

	count = scale_ticks(ticks, most < TICKS_MOST ? most : TICKS_MOST, &chart->y);
	for (int i = 0; i < count; i++)
		frame_tick_y(
			canvas, frame,
			(int)lround((1 - scale_unit(&chart->y, ticks[i])) * (frame->body.rows - 1)),
			plot_number(text, sizeof(text), ticks[i]));
	most = frame->body.columns / 12 + 2;
	count = scale_ticks(ticks, most < TICKS_MOST ? most : TICKS_MOST, &chart->x);
	for (int i = 0; i < count; i++)
		frame_tick_x(
			canvas, frame,
			(int)lround(scale_unit(&chart->x, ticks[i]) * (frame->body.columns - 1)),
			plot_number(text, sizeof(text), ticks[i]));
}

static int
legend(struct legend_item items[LEGEND_MOST], const struct plot_data *data, const int32_t *glyphs)
{
	int count = 0;

	for (size_t k = 0; k < data->series_count && count < LEGEND_MOST; k++)
		if (data->series[k].name)
			items[count++] =
				(struct legend_item){ glyphs[chart_mark(k, CHART_MARKS)],
						      chart_role(data, k), data->series[k].name };
	return count;
}

static void
draw_labels(struct canvas *canvas, const struct frame *frame, const struct plot_data *data,
	    const int32_t *glyphs)
{
	struct legend_item items[LEGEND_MOST];
	int count = legend(items, data, glyphs);
	char y[64], x[64];

	snprintf(y, sizeof(y), "%.50s%s", data->y.label ? data->y.label : "",
		 data->y.log ? " log" : "");
	snprintf(x, sizeof(x), "%.50s%s", data->x.label ? data->x.label : "",
		 data->x.log ? " log" : "");
	frame_head(canvas, frame, y, data->title, items, count);
	frame_x_label(canvas, frame, x, -1, -1);
	frame_note(canvas, frame, data->note);
}

bool
chart_frame(struct canvas *canvas, struct rect at, const struct plot_data *data,
	    struct frame *frame, const struct chart *chart, const int32_t *glyphs)
{
	struct frame_want want = { .x_axis = true, .head = true, .note = data->note != NULL };
	double ticks[TICKS_MOST];

	at = rect_part((struct rect){ 0, 0, canvas->rows, canvas->columns }, at.row, at.column,
		       at.rows, at.columns);
	if (at.rows < 1)
		return false;
	if (!chart->any) {
		frame_empty(canvas, at, "no points yet");
		return false;
	}
	want.ends = data->x.label || data->x.log;
	want.gutter = frame_number_width(ticks, scale_ticks(ticks, TICKS_MOST, &chart->y));
	*frame = frame_make(at, &want);
	frame_lines(canvas, frame);
	draw_ticks(canvas, frame, chart);
	draw_labels(canvas, frame, data, glyphs);
	return true;
}

void
chart_finish(struct canvas *canvas, struct rect body)
{
	for (int row = 0; row < body.rows; row++) {
		for (int column = 0; column < body.columns; column++) {
			const struct cell *cell =
				canvas_at(canvas, body.row + row, body.column + column);

			if (cell && cell->glyph != ' ')
				return;
		}
	}
	frame_empty(canvas, body, "no points in view");
}
