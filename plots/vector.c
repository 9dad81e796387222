#include "plots/vector.h"

#include "core/text.h"
#include "plots/palette.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double PI = 3.141592653589793;

static const struct vector_text title_style = { 0, 1.25, true, 0x000000 };
static const struct vector_text note_style = { 0, 0.85, false, INK_SOFT };
static const struct vector_text label_style = { 0.5, 1, false, INK };

void
vector_colour(const struct vector *v, uint32_t rgb, double alpha)
{
	cairo_set_source_rgba(v->cr, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0,
			      (rgb & 255) / 255.0, alpha);
}

void
vector_fill(const struct vector *v, struct vbox box, uint32_t rgb, double alpha)
{
	vector_colour(v, rgb, alpha);
	cairo_rectangle(v->cr, box.x, box.y, box.width, box.height);
	cairo_fill(v->cr);
}

void
vector_segment(const struct vector *v, double x0, double y0, double x1, double y1, double width,
	       uint32_t rgb)
{
	vector_colour(v, rgb, 1);
	cairo_set_line_width(v->cr, width);
	cairo_move_to(v->cr, x0, y0);
	cairo_line_to(v->cr, x1, y1);
	cairo_stroke(v->cr);
}

void
vector_mark(const struct vector *v, double x, double y, double radius, int shape, uint32_t rgb)
{
	static const struct {
		int corners; /* 0: a circle */
		double turn;
		double inner; /* of a star: where the notches are, of the radius; 0: no star */
	} shapes[8] = { { 0, 0, 0 },
			{ 4, 0.7853981633974483, 0 },
			{ 3, 0, 0 },
			{ 4, 0, 0 },
			{ 3, 3.141592653589793, 0 },
			{ 5, 0, 0.45 },
			{ 4, 0.7853981633974483, 0.3 },
			{ 6, 0, 0 } };
	int corners = shapes[shape & 7].corners;
	double inner = shapes[shape & 7].inner, step = corners ? 2 * PI / corners : 0;

	vector_colour(v, rgb, 1);
	cairo_new_path(v->cr);
	if (!corners)
		cairo_arc(v->cr, x, y, radius, 0, 2 * PI);
	for (int i = 0; i < corners; i++) {
		double angle = shapes[shape & 7].turn + step * i, notch = angle + step / 2;
		double reach = (inner > 0 ? 1.4 : 1.2) * radius;

		cairo_line_to(v->cr, x + reach * sin(angle), y - reach * cos(angle));
		if (inner > 0)
			cairo_line_to(v->cr, x + inner * reach * sin(notch),
				      y - inner * reach * cos(notch));
	}
	cairo_close_path(v->cr);
	cairo_fill(v->cr);
}

/* Cairo refuses text that is not UTF-8, and what hides in a name must not hide in a picture. */
static void
set_font(const struct vector *v, double size, bool bold)
{
	cairo_select_font_face(v->cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
			       bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(v->cr, v->font * size);
}

static double
advance(const struct vector *v, const char *visible)
{
	cairo_text_extents_t extents;

	cairo_text_extents(v->cr, visible, &extents);
	return extents.x_advance;
}

void
vector_text(const struct vector *v, double x, double y, struct vector_text style, const char *text)
{
	char visible[512];

	if (!text || !*text)
		return;
	text_visible(visible, sizeof(visible), text, strlen(text));
	set_font(v, style.size, style.bold);
	vector_colour(v, style.rgb, 1);
	cairo_move_to(v->cr, x - style.anchor * advance(v, visible), y);
	cairo_show_text(v->cr, visible);
	cairo_new_path(v->cr);
}

double
vector_text_width(const struct vector *v, double size, const char *text)
{
	char visible[512];

	text_visible(visible, sizeof(visible), text, strlen(text));
	set_font(v, size, false);
	return advance(v, visible);
}

static void
draw_sample(const struct vector *v, double x, double y, const struct vector_item *item)
{
	double size = v->font * 0.8;
	struct vbox box = { x, y - size, size * 1.6, size };

	if (item->kind == SAMPLE_FILL) {
		vector_fill(v, box, item->rgb, 1);
	} else if (item->kind == SAMPLE_OUTLINE) {
		vector_fill(v, box, item->rgb, 0.35);
		vector_segment(v, x, y - size, x + box.width, y - size, v->font / 10, item->rgb);
	} else if (item->kind == SAMPLE_LINE) {
		vector_segment(v, x, y - size / 2, x + box.width, y - size / 2, v->font / 7,
			       item->rgb);
	} else {
		vector_mark(v, x + size, y - size / 2, size / 2, item->mark, item->rgb);
	}
}

static const struct vector_text legend_style = { 0, 0.9, false, INK };

/* What an item takes: sample, name and the gap to the next one. */
static double
item_width(const struct vector *v, const struct vector_item *item)
{
	return vector_text_width(v, legend_style.size, item->name) + v->font * 2.9;
}

/* How many items fit into one line, at least one. */
static int
line_items(const struct vector *v, const struct vector_item *items, int count)
{
	double room = v->width - 2 * v->font;
	int n = 0;

	while (n < count && (n == 0 || room >= item_width(v, &items[n])))
		room -= item_width(v, &items[n++]);
	return n;
}

/* Right-aligned. */
static void
draw_line(const struct vector *v, double y, const struct vector_item *items, int count)
{
	double x = v->width - v->font;

	for (int i = count; i-- > 0;) {
		x -= vector_text_width(v, legend_style.size, items[i].name);
		vector_text(v, x, y, legend_style, items[i].name);
		x -= v->font * 1.7;
		draw_sample(v, x, y, &items[i]);
		x -= v->font * 1.2;
	}
}

/* In as many lines as it takes; returns their height. */
static double
draw_legend(const struct vector *v, double y, const struct vector_item *items, int count)
{
	double height = 0;

	for (int at = 0, n; at < count; at += n, height += v->font * (at < count ? 1.3 : 1.7)) {
		n = line_items(v, items + at, count - at);
		draw_line(v, y + height, items + at, n);
	}
	return height;
}

static void
set_rendering(cairo_t *cr)
{
	cairo_font_options_t *options = cairo_font_options_create();

	/* The same shapes on any surface and screen. */
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
	cairo_set_font_options(cr, options);
	cairo_font_options_destroy(options);
}

struct vector
vector_start(cairo_t *cr, double width, double height, const struct plot_data *data,
	     const struct vector_item *items, int count)
{
	struct vector v = { .cr = cr, .width = width, .height = height };
	double top, bottom;

	v.font = fmin(fmax(fmin(width / 54, height / 30), 5), 60);
	set_rendering(cr);
	vector_fill(&v, (struct vbox){ 0, 0, width, height }, palette_paper(true), 1);
	top = v.font;
	if (data->title) {
		vector_text(&v, v.font, top + v.font, title_style, data->title);
		top += v.font * 1.9;
	}
	if (count) {
		top += draw_legend(&v, top + v.font * 0.8, items, count);
	}
	bottom = v.font;
	if (data->note) {
		vector_text(&v, v.font, height - bottom + v.font * 0.1, note_style, data->note);
		bottom += v.font * 1.5;
	}
	v.body = (struct vbox){ v.font, top, fmax(width - 2 * v.font, 1),
				fmax(height - top - bottom, 1) };
	return v;
}

const char *
vector_axis_label(char *out, size_t capacity, const struct axis *axis)
{
	const char *label = axis->label ? axis->label : "";

	if (axis->knee > 0 && *label) {
		snprintf(out, capacity, "%.60s (log beyond %g)", label, axis->knee);
		return out;
	}
	snprintf(out, capacity, axis->log ? *label ? "%.80s (log)" : "%.80slog" : "%.80s", label);
	return out;
}

void
vector_axes_ticks(struct vector_axes *axes, int most)
{
	axes->x_count = scale_ticks(axes->x_ticks, most < VECTOR_TICKS ? most : VECTOR_TICKS,
				    &axes->x_scale);
	for (int i = 0; i < axes->x_count; i++)
		axes->x_at[i] = scale_unit(&axes->x_scale, axes->x_ticks[i]);
}

static void
draw_y_label(const struct vector *v, const char *label, double x)
{
	cairo_save(v->cr);
	cairo_translate(v->cr, x, v->body.y + v->body.height / 2);
	cairo_rotate(v->cr, -PI / 2);
	vector_text(v, 0, 0, label_style, label);
	cairo_restore(v->cr);
}

static void
draw_y_ticks(const struct vector *v, const struct vector_axes *axes, const double *ticks, int count)
{
	struct vector_text style = { 1, 0.9, false, INK };
	struct vbox body = v->body;
	char text[32];

	for (int i = 0; i < count; i++) {
		double y = body.y + body.height * (1 - scale_unit(&axes->y_scale, ticks[i]));

		vector_segment(v, body.x, y, body.x + body.width, y, v->font / 16, GRID);
		vector_segment(v, body.x - v->font * 0.3, y, body.x, y, v->font / 14, INK);
		vector_text(v, body.x - v->font * 0.5, y + v->font * 0.32, style,
			    plot_number(text, sizeof(text), ticks[i]));
	}
}

static void
draw_x_ticks(const struct vector *v, const struct vector_axes *axes)
{
	struct vector_text style = { 0.5, 0.9, false, INK };
	struct vbox body = v->body;
	double bottom = body.y + body.height, last = -INFINITY;
	char text[32];

	for (int i = 0; i < axes->x_count; i++) {
		double x = body.x + body.width * axes->x_at[i], half;

		plot_number(text, sizeof(text), axes->x_ticks[i]);
		half = vector_text_width(v, style.size, text) / 2;
		vector_segment(v, x, bottom, x, bottom + v->font * 0.3, v->font / 14, INK);
		if (x - half < last)
			continue;
		last = x + half + v->font * 0.4;
		vector_text(v, x, bottom + v->font * 1.3, style, text);
	}
}

void
vector_axes_draw(struct vector *v, const struct vector_axes *axes)
{
	double ticks[VECTOR_TICKS], widest = 0, x = v->body.x;
	int count = scale_ticks(ticks, 7, &axes->y_scale);
	char label[128], text[32];
	struct vbox *body = &v->body;

	for (int i = 0; i < count; i++)
		widest = fmax(widest,
			      vector_text_width(v, 0.9, plot_number(text, sizeof(text), ticks[i])));
	vector_axis_label(label, sizeof(label), axes->y);
	widest += v->font * (*label ? 2.2 : 0.6);
	body->x += widest;
	body->width = fmax(body->width - widest - v->font * 0.5, 1);
	body->height = fmax(body->height - v->font * (axes->x->label || axes->x->log ? 3 : 1.6), 1);
	draw_y_label(v, label, x + v->font * 0.8);
	draw_y_ticks(v, axes, ticks, count);
	draw_x_ticks(v, axes);
	vector_text(v, body->x + body->width / 2, body->y + body->height + v->font * 2.8,
		    label_style, vector_axis_label(label, sizeof(label), axes->x));
	vector_segment(v, body->x, body->y, body->x, body->y + body->height, v->font / 14, INK);
	vector_segment(v, body->x, body->y + body->height, body->x + body->width,
		       body->y + body->height, v->font / 14, INK);
}
