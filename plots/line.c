/* Curves: braille dots where they can be told apart by colour, else marks. */
#include "plots/chart.h"
#include "plots/chart_vector.h"

#include <math.h>

static void
draw_series(struct canvas *canvas, struct rect body, const struct chart *chart,
	    const struct series *series, int32_t glyph, enum role role)
{
	double last_x = NAN, last_y = NAN;

	for (size_t i = 0; series->y && i < series->count; i++) {
		double x = scale_unit(&chart->x, chart_x(series, i));
		double y = scale_unit(&chart->y, series->y[i]), error = chart_error(series, i);

		if (!isfinite(x) || !isfinite(y)) {
			last_x = NAN;
			continue;
		}
		if (isnan(last_x))
			last_x = x, last_y = y;
		chart_segment(canvas, body, last_x, last_y, x, y, glyph, role);
		if (error > 0)
			chart_segment(canvas, body, x,
				      fmax(0, scale_unit(&chart->y, series->y[i] - error)), x,
				      scale_unit(&chart->y, series->y[i] + error),
				      glyph ? 0x2502 : 0, role);
		last_x = x;
		last_y = y;
	}
}

static void
line_cells(struct canvas *canvas, struct rect at, const struct plot_data *data)
{
	static const int32_t solid[CHART_MARKS] = { 0x2501, 0x2501, 0x2501, 0x2501 };
	bool marks = canvas->ascii || (canvas->mono && data->series_count > 1);
	const int32_t *glyphs = marks ? chart_marks(canvas) : solid;
	struct chart chart = chart_make(data, CHART_LINE_PAD);
	struct frame frame;

	if (!chart_frame(canvas, at, data, &frame, &chart, glyphs))
		return;
	/* The first series is drawn last, on top: it is the one that matters most. */
	for (size_t k = data->series_count; k-- > 0;)
		draw_series(canvas, frame.body, &chart, &data->series[k],
			    marks ? glyphs[k % CHART_MARKS] : 0, chart_role(data, k));
	chart_finish(canvas, frame.body);
}

const struct plot plot_line = {
	.name = "line",
	.help = "curves over a common axis",
	.cells = line_cells,
	.vector = line_vector,
};
