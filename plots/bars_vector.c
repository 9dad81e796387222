/* Bars as a picture. */
#include "plots/bars.h"
#include "plots/palette.h"
#include "plots/vector.h"

#include <math.h>

/* Where the parts of each line stand. */
struct lines {
	double top, step;   /* of the lines */
	double left, width; /* of the bars */
	size_t count;       /* lines that fit */
	double text;        /* factor on the font */
	const struct scale *scale;
};

static struct lines
make_lines(const struct vector *v, const struct plot_data *data, const struct scale *scale)
{
	const struct series *series = &data->series[0];
	struct lines lines = { .top = v->body.y, .scale = scale, .count = series->count };
	double label = 0, value = 0, least = v->font * 0.6;
	char text[80];

	lines.step = fmin(v->body.height / (double)series->count, v->font * 3);
	if (lines.step < least) {
		lines.step = least;
		lines.count = (size_t)fmax(1, v->body.height / least);
	}
	lines.text = fmin(1, lines.step / v->font * 0.8);
	for (size_t i = 0; i < lines.count; i++) {
		bars_value_text(text, sizeof(text), series, i);
		value = fmax(value, 1.1 * vector_text_width(v, lines.text, text));
		if (series->labels && series->labels[i])
			label = fmax(label, vector_text_width(v, lines.text, series->labels[i]));
	}
	label = fmin(label * 1.15, v->body.width / 3); /* the cursor's is bold */
	lines.left = v->body.x + label + v->font * 0.6;
	lines.width = fmax(v->body.width - label - value - v->font * 1.8, 1);
	return lines;
}

static double
place(const struct lines *lines, double value)
{
	double unit = scale_unit(lines->scale, value);

	return lines->left + lines->width * (isnan(unit) ? 0 : fmin(fmax(unit, 0), 1));
}

static void
draw_error(const struct vector *v, const struct lines *lines, double y, double value, double error)
{
	double low = place(lines, value - error), high = place(lines, value + error);
	double cap = lines->step * 0.14;

	if (!(error > 0) || !isfinite(value))
		return;
	vector_segment(v, low, y, high, y, v->font / 10, INK);
	vector_segment(v, low, y - cap, low, y + cap, v->font / 10, INK);
	vector_segment(v, high, y - cap, high, y + cap, v->font / 10, INK);
}

static void
draw_bar(const struct vector *v, const struct lines *lines, double y, double value,
	 double thickness, uint32_t rgb, double alpha)
{
	double from = lines->left + lines->width * bars_origin(lines->scale);
	double to = place(lines, value);

	if (isfinite(value))
		vector_fill(v,
			    (struct vbox){ fmin(from, to), y - thickness / 2, fabs(to - from),
					   thickness },
			    rgb, alpha);
}

static void
draw_line(const struct vector *v, const struct lines *lines, const struct plot_data *data, size_t i)
{
	const struct series *now = &data->series[0];
	const struct series *ghost = data->series_count > 1 ? &data->series[1] : NULL;
	struct vector_text label = { 1, lines->text, false, INK };
	struct vector_text value = { 1, lines->text, data->cursor_row == (int)i, INK };
	double y = lines->top + lines->step * ((double)i + 0.5);
	double baseline = y + v->font * lines->text * 0.35;
	char text[80];

	label.bold = value.bold;
	if (ghost && ghost->y && i < ghost->count)
		draw_bar(v, lines, y, ghost->y[i], lines->step * 0.8, INK_GHOST, 0.5);
	draw_bar(v, lines, y, now->y[i], lines->step * 0.5, palette_entry(ROLE_CURRENT, true)->rgb,
		 1);
	if (now->error)
		draw_error(v, lines, y, now->y[i], now->error[i]);
	if (now->labels && now->labels[i])
		vector_text(v, lines->left - v->font * 0.5, baseline, label, now->labels[i]);
	vector_text(v, v->body.x + v->body.width, baseline, value,
		    bars_value_text(text, sizeof(text), now, i));
}

static void
draw_axis(const struct vector *v, const struct lines *lines, const struct plot_data *data,
	  double bottom)
{
	struct vector_text style = { 0.5, 0.9, false, INK };
	double ticks[VECTOR_TICKS], last = -INFINITY;
	int count = scale_ticks(ticks, 7, lines->scale);
	char text[128];

	for (int i = 0; i < count; i++) {
		double x = place(lines, ticks[i]);
		double half =
			vector_text_width(v, 0.9, plot_number(text, sizeof(text), ticks[i])) / 2;

		vector_segment(v, x, v->body.y, x, bottom, v->font / 16, GRID);
		if (x - half < last)
			continue;
		last = x + half + v->font * 0.4;
		vector_text(v, x, bottom + v->font * 1.1, style, text);
	}
	style.size = 1;
	vector_text(v, lines->left + lines->width / 2, bottom + v->font * 2.5, style,
		    vector_axis_label(text, sizeof(text), &data->x));
}

static int
legend(struct vector_item items[2], const struct plot_data *data)
{
	const struct series *series = data->series;

	if (!data->series_count || (data->series_count == 1 && !series[0].name))
		return 0;
	items[0] = (struct vector_item){ series[0].name ? series[0].name : "current", SAMPLE_FILL,
					 palette_entry(ROLE_CURRENT, true)->rgb, 0 };
	if (data->series_count == 1)
		return 1;
	items[1] = (struct vector_item){ series[1].name ? series[1].name : "previous",
					 SAMPLE_OUTLINE, INK_GHOST, 0 };
	return 2;
}

void
bars_vector(void *cairo, double width, double height, const struct plot_data *data)
{
	struct vector_item items[2];
	int count = legend(items, data);
	struct vector v = vector_start(cairo, width, height, data, items, count);
	struct scale scale;
	struct lines lines;
	double bottom, origin;

	if (!data->series_count || !data->series[0].count || !data->series[0].y) {
		vector_text(&v, width / 2, height / 2,
			    (struct vector_text){ 0.5, 1, false, INK_SOFT }, "no values yet");
		return;
	}
	v.body.height =
		fmax(v.body.height - v.font * (data->x.label || data->x.log ? 2.8 : 1.4), 1);
	scale = bars_scale(data);
	lines = make_lines(&v, data, &scale);
	bottom = lines.top + lines.step * (double)lines.count;
	origin = lines.left + lines.width * bars_origin(&scale);
	draw_axis(&v, &lines, data, bottom);
	for (size_t i = 0; i < lines.count; i++)
		draw_line(&v, &lines, data, i);
	vector_segment(&v, origin, v.body.y, origin, bottom, v.font / 14, INK);
}
