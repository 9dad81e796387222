/* Points with labels, error bars and the front of those that no other beats. */
#include "plots/chart.h"
#include "plots/chart_vector.h"

#include <math.h>

static void
draw_front(struct canvas *canvas, struct rect body, const struct plot_data *data,
	   const struct chart *chart)
{
	struct chart_point point = { -INFINITY, INFINITY }, last;

	if (!data->front || !chart_next_front(&point, data, chart))
		return;
	for (last = point; chart_next_front(&point, data, chart); last = point)
		chart_segment(canvas, body, scale_unit(&chart->x, last.x),
			      scale_unit(&chart->y, last.y), scale_unit(&chart->x, point.x),
			      scale_unit(&chart->y, point.y), canvas->ascii ? '.' : 0, ROLE_DIM);
}

static void
draw_errors(struct canvas *canvas, struct rect body, const struct chart *chart,
	    const struct series *series, enum role role)
{
	for (size_t i = 0; series->y && series->error && i < series->count; i++) {
		double x = scale_unit(&chart->x, chart_x(series, i));
		double error = chart_error(series, i);
		double low = scale_unit(&chart->y, series->y[i] - error);

		if (error > 0)
			chart_segment(canvas, body, x, isnan(low) ? 0 : low, x,
				      scale_unit(&chart->y, series->y[i] + error), 0x2502, role);
	}
}

static bool
is_free(struct canvas *canvas, struct rect body, int row, int column, int width)
{
	if (row < body.row || row >= body.row + body.rows || column < body.column ||
	    column + width > body.column + body.columns)
		return false;
	for (int i = 0; i < width; i++) {
		const struct cell *cell = canvas_at(canvas, row, column + i);

		if (!cell || (cell->glyph != ' ' && cell->role != ROLE_DIM))
			return false;
	}
	return true;
}

/* Right of the point, left of it, above, below: the first place that is free, else none. */
static void
place_label(struct canvas *canvas, struct rect body, int row, int column, const char *label)
{
	static const int places[4][2] = { { 0, 1 }, { 0, -1 }, { -1, 0 }, { 1, 0 } };
	int width = canvas_width(canvas, label);

	for (int i = 0; i < 4; i++) {
		int at = column + (places[i][1] > 0   ? 2
				   : places[i][1] < 0 ? -1 - width
						      : -width / 2);

		if (!is_free(canvas, body, row + places[i][0], at, width))
			continue;
		canvas_text(canvas, (struct rect){ row + places[i][0], at, 1, width }, 0, 0,
			    ROLE_TEXT, label);
		return;
	}
}

static void
draw_points(struct canvas *canvas, struct rect body, const struct chart *chart,
	    const struct series *series, int32_t glyph, enum role role)
{
	int row, column;

	for (size_t i = 0; series->y && i < series->count; i++)
		if (chart_cell(body, scale_unit(&chart->x, chart_x(series, i)),
			       scale_unit(&chart->y, series->y[i]), &row, &column))
			canvas_put(canvas, row, column, glyph, role);
}

static void
draw_names(struct canvas *canvas, struct rect body, const struct chart *chart,
	   const struct series *series)
{
	int row, column;

	for (size_t i = 0; series->y && series->labels && i < series->count; i++)
		if (series->labels[i] &&
		    chart_cell(body, scale_unit(&chart->x, chart_x(series, i)),
			       scale_unit(&chart->y, series->y[i]), &row, &column))
			place_label(canvas, body, row, column, series->labels[i]);
}

static void
scatter_cells(struct canvas *canvas, struct rect at, const struct plot_data *data)
{
	const int32_t *glyphs = chart_marks(canvas);
	struct chart chart = chart_make(data, CHART_SCATTER_PAD);
	struct frame frame;

	if (!chart_frame(canvas, at, data, &frame, &chart, glyphs))
		return;
	draw_front(canvas, frame.body, data, &chart);
	for (size_t k = 0; k < data->series_count; k++)
		draw_errors(canvas, frame.body, &chart, &data->series[k], chart_role(data, k));
	for (size_t k = data->series_count; k-- > 0;)
		draw_points(canvas, frame.body, &chart, &data->series[k],
			    glyphs[chart_mark(k, CHART_MARKS)], chart_role(data, k));
	for (size_t k = 0; k < data->series_count; k++)
		draw_names(canvas, frame.body, &chart, &data->series[k]);
	chart_finish(canvas, frame.body);
}

const struct plot plot_scatter = {
	.name = "scatter",
	.help = "labelled points, and the front of the best",
	.cells = scatter_cells,
	.vector = scatter_vector,
};
