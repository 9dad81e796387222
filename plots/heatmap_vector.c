/* The heat map as a picture: numbers in the cells where they fit, a colour bar beside. */
#include "plots/heatmap.h"
#include "plots/palette.h"
#include "plots/vector.h"

#include <math.h>
#include <stdio.h>

enum { BAR_SLICES = 96, BAR_TICKS = 5 };

struct map {
	struct vbox grid, bar;
	double cell_width, cell_height;
	struct scale scale;
};

static struct vbox
cell_box(const struct map *map, size_t row, size_t column)
{
	return (struct vbox){ map->grid.x + map->cell_width * (double)column,
			      map->grid.y + map->cell_height * (double)row, map->cell_width,
			      map->cell_height };
}

static const char *
cell_text(char *out, size_t capacity, const struct plot_data *data, size_t row, size_t column)
{
	char mark = data->marks ? data->marks[row * data->columns + column] : 0;

	if (mark > ' ' && mark < 0x7f)
		snprintf(out, capacity, "%c", mark);
	else if (isnan(heatmap_value(data, row, column)))
		snprintf(out, capacity, "\xc2\xb7");
	else
		plot_number(out, capacity, heatmap_value(data, row, column));
	return out;
}

static void
draw_cell(const struct vector *v, const struct map *map, const struct plot_data *data, size_t row,
	  size_t column)
{
	struct vbox box = cell_box(map, row, column);
	double value = heatmap_value(data, row, column), unit = scale_unit(&map->scale, value);
	struct vector_text style = { 0.5, fmin(0.85, map->cell_height / v->font * 0.6), false,
				     INK };
	char text[40];

	if (isinf(value))
		unit = value > 0;
	if (!isnan(unit)) {
		uint32_t rgb = palette_ramp_rgb(unit, data->diverging);

		vector_fill(v, box, rgb, 1);
		style.rgb = palette_text_on(rgb);
	}
	style.bold = data->marks && data->marks[row * data->columns + column] > ' ';
	cell_text(text, sizeof(text), data, row, column);
	if (vector_text_width(v, style.size, text) < box.width * 0.92 && style.size > 0.3)
		vector_text(v, box.x + box.width / 2,
			    box.y + box.height / 2 + v->font * style.size * 0.35, style, text);
}

static void
draw_cursor(const struct vector *v, const struct map *map, const struct plot_data *data)
{
	struct vbox box;

	if (data->cursor_row < 0 || data->cursor_column < 0 ||
	    (size_t)data->cursor_row >= data->rows || (size_t)data->cursor_column >= data->columns)
		return;
	box = cell_box(map, (size_t)data->cursor_row, (size_t)data->cursor_column);
	vector_colour(v, 0xffffff, 1);
	cairo_set_line_width(v->cr, v->font / 3.5);
	cairo_rectangle(v->cr, box.x, box.y, box.width, box.height);
	cairo_stroke_preserve(v->cr);
	vector_colour(v, 0x000000, 1);
	cairo_set_line_width(v->cr, v->font / 7);
	cairo_stroke(v->cr);
}

/* Labels that would touch are left out, but never the first. */
static void
draw_labels(const struct vector *v, const struct map *map, const struct plot_data *data)
{
	struct vector_text right = { 1, 0.9, false, INK }, middle = { 0.5, 0.9, false, INK };
	double last = -INFINITY;

	for (size_t i = 0; data->row_labels && i < data->rows; i++) {
		struct vbox box = cell_box(map, i, 0);
		double y = box.y + box.height / 2 + v->font * 0.3;

		if (!data->row_labels[i] || y - last < v->font)
			continue;
		last = y;
		vector_text(v, box.x - v->font * 0.5, y, right, data->row_labels[i]);
	}
	last = -INFINITY;
	for (size_t i = 0; data->column_labels && i < data->columns; i++) {
		struct vbox box = cell_box(map, 0, i);
		double x = box.x + box.width / 2, half;

		if (!data->column_labels[i])
			continue;
		half = vector_text_width(v, 0.9, data->column_labels[i]) / 2;
		if (x - half < last)
			continue;
		last = x + half + v->font * 0.3;
		vector_text(v, x, map->grid.y - v->font * 0.4, middle, data->column_labels[i]);
	}
}

static void
draw_bar(const struct vector *v, const struct map *map, const struct plot_data *data)
{
	struct vector_text style = { 0, 0.85, false, INK };
	struct vbox bar = map->bar;
	char text[128];

	for (int i = 0; i < BAR_SLICES; i++) {
		double unit = 1 - (i + 0.5) / BAR_SLICES, height = bar.height / BAR_SLICES;

		/* Slices overlap, or their edges would shine through. */
		vector_fill(v,
			    (struct vbox){ bar.x, bar.y + height * i, bar.width,
					   i + 1 < BAR_SLICES ? height * 1.5 : height },
			    palette_ramp_rgb(unit, data->diverging), 1);
	}
	for (int i = 0; i < BAR_TICKS; i++) {
		double unit = (double)i / (BAR_TICKS - 1), y = bar.y + bar.height * (1 - unit);
		double value = scale_value(&map->scale, unit);

		vector_segment(v, bar.x + bar.width, y, bar.x + bar.width + v->font * 0.3, y,
			       v->font / 14, INK);
		if (fabs(value) < 1e-12 * fabs(map->scale.high))
			value = 0;
		vector_text(v, bar.x + bar.width + v->font * 0.5, y + v->font * 0.3, style,
			    plot_number(text, sizeof(text), value));
	}
	style.anchor = 1;
	style.size = 0.9;
	vector_text(v, v->body.x + v->body.width, v->body.y + v->body.height, style,
		    vector_axis_label(text, sizeof(text), &data->value));
}

static struct map
make_map(const struct vector *v, const struct plot_data *data)
{
	struct map map = { .scale = heatmap_scale(data), .grid = v->body };
	double label = 0, bar = v->font * 5.5;

	for (size_t i = 0; data->row_labels && i < data->rows; i++)
		if (data->row_labels[i])
			label = fmax(label, vector_text_width(v, 0.9, data->row_labels[i]));
	label = fmin(label + v->font * 0.6, v->body.width / 3);
	map.grid.x += label;
	map.grid.y += v->font * 1.3;
	map.grid.width = fmax(map.grid.width - label - bar, 1);
	map.grid.height = fmax(map.grid.height - v->font * 3.1, 1);
	map.cell_width = map.grid.width / (double)data->columns;
	map.cell_height = map.grid.height / (double)data->rows;
	map.bar = (struct vbox){ map.grid.x + map.grid.width + v->font, map.grid.y, v->font,
				 map.grid.height };
	return map;
}

void
heatmap_vector(void *cairo, double width, double height, const struct plot_data *data)
{
	struct vector v = vector_start(cairo, width, height, data, NULL, 0);
	struct map map;

	if (!data->cells || !data->rows || !data->columns) {
		vector_text(&v, width / 2, height / 2,
			    (struct vector_text){ 0.5, 1, false, INK_SOFT }, "no values yet");
		return;
	}
	map = make_map(&v, data);
	for (size_t row = 0; row < data->rows; row++)
		for (size_t column = 0; column < data->columns; column++)
			draw_cell(&v, &map, data, row, column);
	draw_cursor(&v, &map, data);
	draw_labels(&v, &map, data);
	draw_bar(&v, &map, data);
}
