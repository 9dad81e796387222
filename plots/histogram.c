/* Counts of a signed error: the current run in front of the previous one, on a locked axis. */
#include "plots/frame.h"
#include "plots/histogram.h"
#include "plots/scale.h"

#include <math.h>
#include <stdio.h>

enum { TICKS_MOST = 16 };

static double
edge(const struct series *series, size_t i)
{
	return series->x ? series->x[i] : (double)i;
}

/* Without the same edges two runs cannot be compared bar by bar. */
static bool
same_edges(const struct series *a, const struct series *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i <= a->count; i++)
		if (!(edge(a, i) == edge(b, i)))
			return false;
	return true;
}

/* The bins inside the axis' range; at least one where there is any. */
static void
choose_bins(struct histogram_view *view, const struct axis *axis, const struct series *series)
{
	double low = axis->low, high = axis->high, slack = (high - low) * 1e-9;
	size_t from = 0, to = series->count;

	if (low < high) {
		while (from < series->count && !(edge(series, from) >= low - slack))
			from++;
		while (to > from && !(edge(series, to) <= high + slack))
			to--;
		if (from == to) {
			from = from ? from - 1 : 0;
			to = from + 1;
		}
	}
	view->first = from;
	view->count = to - from;
}

struct histogram_view
histogram_view(const struct plot_data *data)
{
	struct histogram_view view = { .below = data->below, .above = data->above };
	const struct series *now = data->series;

	if (!data->series_count || !now->count || !now->y)
		return view;
	view.now = now;
	choose_bins(&view, &data->x, now);
	for (size_t i = 0; i < view.first; i++)
		view.below += now->y[i] > 0 ? now->y[i] : 0;
	for (size_t i = view.first + view.count; i < now->count; i++)
		view.above += now->y[i] > 0 ? now->y[i] : 0;
	if (data->series_count > 1 && data->series[1].y && data->series[1].count) {
		view.ghost_differs = !same_edges(now, &data->series[1]);
		view.ghost = view.ghost_differs ? NULL : &data->series[1];
	}
	view.x.low = edge(now, view.first);
	view.x.high = edge(now, view.first + view.count);
	return view;
}

struct scale
histogram_counts_scale(const struct histogram_view *view, const struct plot_data *data,
		       const struct plot_bins *bins)
{
	struct extent extent = { 0, 0 };
	struct scale scale;

	for (size_t i = 0; i < bins->columns; i++) {
		extent_add(&extent, plot_bins_sum(bins, view->now->y, i), false);
		if (view->ghost)
			extent_add(&extent, plot_bins_sum(bins, view->ghost->y, i), false);
	}
	scale = scale_make(&data->y, extent, data->y.log ? SCALE_LOG1P : SCALE_LINEAR);
	scale.low = 0;
	if (!(scale.high >= 1))
		scale.high = 1;
	return scale;
}

/* Height in eighths of a row; a count above zero is never invisible. */
static int
eighths(const struct scale *scale, double count, int rows)
{
	double unit = scale_unit(scale, count);
	int height = (int)lround(fmin(fmax(unit, 0), 1) * rows * 8);

	return count > 0 && height < 1 ? 1 : height;
}

static int
clamp_cell(int height, int row_from_bottom)
{
	int part = height - 8 * row_from_bottom;

	return part < 0 ? 0 : part > 8 ? 8 : part;
}

/* Above the current bar the ghost is a shade; where it is lower, a notch shows its top. So both
 * stay apart without colour. */
static void
draw_cell(struct canvas *canvas, int row, int column, int now, int ghost, bool notch)
{
	if (!now && !ghost)
		return;
	if (!now)
		canvas_put(canvas, row, column, canvas->ascii ? '.' : 0x2591, ROLE_GHOST);
	else if (notch && now == 8)
		canvas_put(canvas, row, column, canvas->ascii ? ':' : 0x2592, ROLE_CURRENT);
	else
		canvas_put(canvas, row, column, canvas->ascii ? '#' : 0x2580 + now, ROLE_CURRENT);
}

static void
draw_column(struct canvas *canvas, struct rect body, int column, int now, int ghost)
{
	int ghost_top = ghost < now ? (ghost - 1) / 8 : -1;

	for (int i = 0; i < body.rows; i++) {
		int from_bottom = body.rows - 1 - i;

		draw_cell(canvas, body.row + i, body.column + column, clamp_cell(now, from_bottom),
			  clamp_cell(ghost, from_bottom), ghost > 0 && from_bottom == ghost_top);
	}
}

static void
draw_bars(struct canvas *canvas, const struct frame *frame, const struct histogram_view *view,
	  const struct plot_bins *bins, const struct scale *counts)
{
	bool any = false;

	for (size_t i = 0; i < bins->columns; i++) {
		double now = plot_bins_sum(bins, view->now->y, i);
		double ghost = view->ghost ? plot_bins_sum(bins, view->ghost->y, i) : 0;

		any |= now > 0 || ghost > 0;
		draw_column(canvas, frame->body, (int)i, eighths(counts, now, frame->body.rows),
			    eighths(counts, ghost, frame->body.rows));
	}
	if (!any)
		frame_empty(canvas, frame->body, "no counts in view");
}

static void
draw_y_ticks(struct canvas *canvas, const struct frame *frame, const struct scale *counts)
{
	double ticks[TICKS_MOST];
	int most = frame->body.rows < TICKS_MOST ? frame->body.rows : TICKS_MOST, last = -1;
	int count = scale_ticks(ticks, most, counts);
	char text[32];

	for (int i = 0; i < count; i++) {
		int from_bottom = (eighths(counts, ticks[i], frame->body.rows) - 1) / 8;

		if (ticks[i] <= 0 || from_bottom == last)
			continue;
		last = from_bottom;
		frame_tick_y(canvas, frame, frame->body.rows - 1 - from_bottom,
			     plot_number(text, sizeof(text), ticks[i]));
	}
}

/* The column whose left edge is nearest to a value. */
static int
column_at(const struct histogram_view *view, const struct plot_bins *bins, double value)
{
	size_t best = 0;
	double distance = INFINITY;

	for (size_t i = 0; i <= bins->columns; i++) {
		double d = fabs(edge(view->now, plot_bins_start(bins, i)) - value);

		if (d < distance) {
			distance = d;
			best = i;
		}
	}
	return (int)(best == bins->columns ? best - 1 : best);
}

static void
draw_x_ticks(struct canvas *canvas, struct frame *frame, const struct histogram_view *view,
	     const struct plot_bins *bins, bool uneven)
{
	double ticks[TICKS_MOST];
	int most = frame->body.columns / 12 + 2, count;
	struct scale x = scale_make(&view->x, extent_none, SCALE_LINEAR);
	char text[32];

	most = most < TICKS_MOST ? most : TICKS_MOST;
	count = scale_ticks(ticks, most, &x);
	for (int i = 0; i < (uneven ? most : count); i++) {
		size_t column = bins->columns * (size_t)i / (size_t)most;
		double value = uneven ? edge(view->now, plot_bins_start(bins, column)) : ticks[i];

		frame_tick_x(canvas, frame, uneven ? (int)column : column_at(view, bins, ticks[i]),
			     plot_number(text, sizeof(text), value));
	}
}

/* Without a row of their own, counts outside stand in the row of ticks, if there are any. */
static void
draw_ends(struct canvas *canvas, struct frame *frame, const struct histogram_view *view,
	  const char *label)
{
	char below[48], above[48];
	bool own_row = frame->ends >= 0, wide = own_row && frame->at.columns >= 40;
	int row = own_row ? frame->ends : frame->ticks, width, end;

	if (row < 0 || (!own_row && !(view->below > 0 || view->above > 0)))
		return;
	snprintf(below, sizeof(below), wide ? "\xe2\x97\x80 %.0f below" : "\xe2\x97\x80%.0f",
		 fmin(view->below, 1e18));
	snprintf(above, sizeof(above), wide ? "%.0f above \xe2\x96\xb6" : "%.0f\xe2\x96\xb6",
		 fmin(view->above, 1e18));
	width = canvas_width(canvas, above);
	if (canvas_width(canvas, below) + width >= frame->at.columns)
		return;
	end = canvas_text(canvas, frame->at, row, 0, view->below > 0 ? ROLE_WARN : ROLE_DIM, below);
	canvas_text(canvas, frame->at, row, frame->at.columns - width,
		    view->above > 0 ? ROLE_WARN : ROLE_DIM, above);
	if (own_row) {
		frame_x_label(canvas, frame, label, end, width);
		return;
	}
	frame->busy = end + 1;
	frame->limit = frame->at.columns - width - 1;
}

static void
draw_head(struct canvas *canvas, const struct frame *frame, const struct plot_data *data,
	  const struct histogram_view *view)
{
	const char *now = view->now->name, *ghost = view->ghost ? view->ghost->name : NULL;
	struct legend_item items[2] = {
		{ canvas->ascii ? '#' : 0x2588, ROLE_CURRENT, now ? now : "current" },
		{ canvas->ascii ? '.' : 0x2591, ROLE_GHOST, ghost ? ghost : "previous" },
	};

	if (view->ghost_differs)
		items[1].name = "previous: other bins, not drawn";
	frame_head(canvas, frame, data->y.log ? "log" : NULL, data->title, items,
		   view->ghost || view->ghost_differs ? 2 : 1);
}

static void
histogram_cells(struct canvas *canvas, struct rect at, const struct plot_data *data)
{
	struct histogram_view view = histogram_view(data);
	struct frame_want want = { 5, true, true, true, data->note != NULL };
	struct frame frame;
	struct plot_bins bins;
	struct scale counts;

	at = rect_part((struct rect){ 0, 0, canvas->rows, canvas->columns }, at.row, at.column,
		       at.rows, at.columns);
	if (at.rows < 1)
		return;
	if (!view.now) {
		frame_empty(canvas, at, "no counts yet");
		return;
	}
	frame = frame_make(at, &want);
	bins = plot_merge_bins(view.first, view.count, (size_t)frame.body.columns);
	frame.body.columns = (int)bins.columns;
	counts = histogram_counts_scale(&view, data, &bins);
	frame_lines(canvas, &frame);
	draw_bars(canvas, &frame, &view, &bins, &counts);
	draw_y_ticks(canvas, &frame, &counts);
	draw_ends(canvas, &frame, &view, data->x.label);
	draw_x_ticks(canvas, &frame, &view, &bins, data->x.log);
	draw_head(canvas, &frame, data, &view);
	frame_note(canvas, &frame, data->note);
}

const struct plot plot_histogram = {
	.name = "histogram",
	.help = "counts per bin, the previous run behind the current one",
	.cells = histogram_cells,
	.vector = histogram_vector,
};
