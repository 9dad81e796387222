/* Line and scatter as pictures. */
#include "plots/chart.h"
#include "plots/chart_vector.h"
#include "plots/palette.h"
#include "plots/vector.h"

#include <math.h>

enum { ITEMS_MOST = 40 };

/* More series than roles get colours of their own. */
static uint32_t
series_rgb(const struct plot_data *data, size_t k)
{
	if (data->series_count > CHART_ROLES && data->series[k].role == ROLE_TEXT)
		return palette_series_rgb(k);
	return palette_entry(chart_role(data, k), true)->rgb;
}

static int
legend(struct vector_item items[ITEMS_MOST], const struct plot_data *data, enum sample_kind kind)
{
	int count = 0;

	for (size_t k = 0; k < data->series_count && count < ITEMS_MOST; k++)
		if (data->series[k].name)
			items[count++] = (struct vector_item){ data->series[k].name, kind,
							       series_rgb(data, k), (int)k };
	return count;
}

struct plane {
	struct vector v;
	struct chart chart;
};

static bool
start(struct plane *plane, cairo_t *cairo, double width, double height,
      const struct plot_data *data, enum sample_kind kind)
{
	struct vector_item items[ITEMS_MOST];
	struct vector_axes axes = { .x = &data->x, .y = &data->y };

	plane->v = vector_start(cairo, width, height, data, items, legend(items, data, kind));
	if (!plane->chart.any) {
		vector_text(&plane->v, width / 2, height / 2,
			    (struct vector_text){ 0.5, 1, false, INK_SOFT }, "no points yet");
		return false;
	}
	axes.x_scale = plane->chart.x;
	axes.y_scale = plane->chart.y;
	vector_axes_ticks(&axes, 9);
	vector_axes_draw(&plane->v, &axes);
	return true;
}

/* A segment in units, cut at the body's edge. */
static void
segment(const struct plane *plane, double x0, double y0, double x1, double y1, double width,
	uint32_t rgb)
{
	struct vbox body = plane->v.body;

	if (!chart_clip(&x0, &y0, &x1, &y1))
		return;
	vector_segment(&plane->v, body.x + x0 * body.width, body.y + (1 - y0) * body.height,
		       body.x + x1 * body.width, body.y + (1 - y1) * body.height, width, rgb);
}

static void
draw_errors(const struct plane *plane, const struct series *series, uint32_t rgb)
{
	const struct chart *chart = &plane->chart;
	double cap = plane->v.font * 0.25 / plane->v.body.width, width = plane->v.font / 10;

	for (size_t i = 0; series->y && series->error && i < series->count; i++) {
		double x = scale_unit(&chart->x, chart_x(series, i)),
		       error = chart_error(series, i);
		double low = scale_unit(&chart->y, series->y[i] - error);
		double high = scale_unit(&chart->y, series->y[i] + error);

		if (!(error > 0))
			continue;
		segment(plane, x, isnan(low) ? 0 : low, x, high, width, rgb);
		segment(plane, x - cap, high, x + cap, high, width, rgb);
		segment(plane, x - cap, low, x + cap, low, width, rgb);
	}
}

static void
draw_curve(const struct plane *plane, const struct series *series, uint32_t rgb)
{
	double last_x = NAN, last_y = NAN;

	for (size_t i = 0; series->y && i < series->count; i++) {
		double x = scale_unit(&plane->chart.x, chart_x(series, i));
		double y = scale_unit(&plane->chart.y, series->y[i]);

		segment(plane, last_x, last_y, x, y, plane->v.font / 7, rgb);
		last_x = x;
		last_y = y;
	}
}

void
line_vector(void *cairo, double width, double height, const struct plot_data *data)
{
	struct plane plane = { .chart = chart_make(data, CHART_LINE_PAD) };

	if (!start(&plane, cairo, width, height, data, SAMPLE_LINE))
		return;
	cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
	for (size_t k = data->series_count; k-- > 0;) {
		draw_errors(&plane, &data->series[k], series_rgb(data, k));
		draw_curve(&plane, &data->series[k], series_rgb(data, k));
	}
}

static void
draw_front(const struct plane *plane, const struct plot_data *data)
{
	const struct chart *chart = &plane->chart;
	struct chart_point point = { -INFINITY, INFINITY }, last;
	double dash[2] = { plane->v.font * 0.4, plane->v.font * 0.3 };

	if (!data->front || !chart_next_front(&point, data, chart))
		return;
	cairo_set_dash(plane->v.cr, dash, 2, 0);
	for (last = point; chart_next_front(&point, data, chart); last = point)
		segment(plane, scale_unit(&chart->x, last.x), scale_unit(&chart->y, last.y),
			scale_unit(&chart->x, point.x), scale_unit(&chart->y, point.y),
			plane->v.font / 10, INK_SOFT);
	cairo_set_dash(plane->v.cr, dash, 0, 0);
}

/* Labels placed so far: none is drawn over another or over a point. */
enum { LABELS_MOST = 512 };
struct labels {
	struct vbox boxes[LABELS_MOST];
	int count;
};

static bool
is_free(const struct labels *labels, const struct vbox *body, struct vbox box)
{
	if (box.x < body->x || box.x + box.width > body->x + body->width || box.y < body->y ||
	    box.y + box.height > body->y + body->height)
		return false;
	for (int i = 0; i < labels->count; i++) {
		const struct vbox *other = &labels->boxes[i];

		if (box.x < other->x + other->width && other->x < box.x + box.width &&
		    box.y < other->y + other->height && other->y < box.y + box.height)
			return false;
	}
	return true;
}

static void
take(struct labels *labels, struct vbox box)
{
	if (labels->count < LABELS_MOST)
		labels->boxes[labels->count++] = box;
}

static bool
point_place(const struct plane *plane, const struct series *series, size_t i, double *x, double *y)
{
	const struct vbox *body = &plane->v.body;

	*x = scale_unit(&plane->chart.x, chart_x(series, i));
	*y = scale_unit(&plane->chart.y, series->y[i]);
	if (!(*x >= 0 && *x <= 1 && *y >= 0 && *y <= 1))
		return false;
	*x = body->x + *x * body->width;
	*y = body->y + (1 - *y) * body->height;
	return true;
}

static void
draw_points(const struct plane *plane, struct labels *labels, const struct series *series,
	    int shape, uint32_t rgb)
{
	double radius = plane->v.font * 0.4, x, y;

	for (size_t i = 0; series->y && i < series->count; i++) {
		if (!point_place(plane, series, i, &x, &y))
			continue;
		vector_mark(&plane->v, x, y, radius, shape, rgb);
		take(labels, (struct vbox){ x - radius, y - radius, 2 * radius, 2 * radius });
	}
}

/* Around the point, beginning at the upper right; a label without a free place is left out. */
static void
place_label(const struct plane *plane, struct labels *labels, double x, double y, const char *label)
{
	static const int places[6][2] = { { 1, -1 }, { 1, 1 }, { -1, -1 },
					  { -1, 1 }, { 1, 0 }, { -1, 0 } };
	struct vector_text style = { 0, 0.85, false, INK };
	double width = vector_text_width(&plane->v, style.size, label), font = plane->v.font;

	for (int i = 0; i < 6; i++) {
		struct vbox box = { places[i][0] > 0 ? x + font * 0.6 : x - font * 0.6 - width,
				    y + font * (0.55 * places[i][1] - 0.4), width, font * 0.8 };

		if (!is_free(labels, &plane->v.body, box))
			continue;
		take(labels, box);
		vector_text(&plane->v, box.x, box.y + font * 0.7, style, label);
		return;
	}
}

static void
draw_labels(const struct plane *plane, struct labels *labels, const struct series *series)
{
	double x, y;

	for (size_t i = 0; series->y && series->labels && i < series->count; i++)
		if (series->labels[i] && point_place(plane, series, i, &x, &y))
			place_label(plane, labels, x, y, series->labels[i]);
}

void
scatter_vector(void *cairo, double width, double height, const struct plot_data *data)
{
	struct plane plane = { .chart = chart_make(data, CHART_SCATTER_PAD) };
	struct labels labels = { .count = 0 };

	if (!start(&plane, cairo, width, height, data, SAMPLE_MARK))
		return;
	draw_front(&plane, data);
	for (size_t k = 0; k < data->series_count; k++)
		draw_errors(&plane, &data->series[k], series_rgb(data, k));
	for (size_t k = data->series_count; k-- > 0;)
		draw_points(&plane, &labels, &data->series[k], (int)k, series_rgb(data, k));
	for (size_t k = 0; k < data->series_count; k++)
		draw_labels(&plane, &labels, &data->series[k]);
}
