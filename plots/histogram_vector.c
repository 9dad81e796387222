/* The histogram as a picture: the current run in bars, the previous one as a grey shape behind and
 * a line in front, so that neither hides the other. */
#include "plots/histogram.h"
#include "plots/palette.h"
#include "plots/vector.h"

#include <math.h>
#include <stdio.h>

static double
edge(const struct series *series, size_t i)
{
	return series->x ? series->x[i] : (double)i;
}

static struct vbox
bar_box(const struct vector *v, const struct scale *counts, const struct plot_bins *bins,
	size_t column, double count)
{
	double width = v->body.width / (double)bins->columns;
	/* Edges on whole pixels, or the paper shines through between the bars. */
	double left = round(v->body.x + width * (double)column);
	double right = round(v->body.x + width * (double)(column + 1));
	double unit = fmin(fmax(scale_unit(counts, count), 0), 1);

	if (isnan(unit))
		unit = 0;
	return (struct vbox){ left, v->body.y + v->body.height * (1 - unit), right - left,
			      v->body.height * unit };
}

static void
draw_bars(const struct vector *v, const struct scale *counts, const struct plot_bins *bins,
	  const double *values, uint32_t rgb)
{
	for (size_t i = 0; i < bins->columns; i++) {
		double count = plot_bins_sum(bins, values, i);
		struct vbox box = bar_box(v, counts, bins, i, count);

		if (!(count > 0))
			continue;
		if (box.width >= 8) /* a seam between broad bars */
			box.width--;
		vector_fill(v, box, rgb, 1);
	}
}

static void
trace_ghost(const struct vector *v, const struct scale *counts, const struct plot_bins *bins,
	    const double *values)
{
	cairo_new_path(v->cr);
	for (size_t i = 0; i < bins->columns; i++) {
		struct vbox box = bar_box(v, counts, bins, i, plot_bins_sum(bins, values, i));

		cairo_line_to(v->cr, box.x, box.y);
		cairo_line_to(v->cr, box.x + box.width, box.y);
	}
}

static void
draw_ghost(const struct vector *v, const struct scale *counts, const struct plot_bins *bins,
	   const double *values, bool line)
{
	trace_ghost(v, counts, bins, values);
	if (line) {
		vector_colour(v, INK_SOFT, 1);
		cairo_set_line_width(v->cr, v->font / 12);
		cairo_stroke(v->cr);
		return;
	}
	cairo_line_to(v->cr, v->body.x + v->body.width, v->body.y + v->body.height);
	cairo_line_to(v->cr, v->body.x, v->body.y + v->body.height);
	cairo_close_path(v->cr);
	vector_colour(v, INK_GHOST, 0.4);
	cairo_fill(v->cr);
}

/* Ticks where the scale is even; else the edges of columns at even places. */
static void
choose_ticks(struct vector_axes *axes, const struct histogram_view *view,
	     const struct plot_bins *bins)
{
	if (!axes->x->log) {
		vector_axes_ticks(axes, 9);
		return;
	}
	for (int i = 0; i <= 8 && bins->columns; i++) {
		size_t column = bins->columns * (size_t)i / 8 / bins->wide * bins->wide;

		axes->x_ticks[i] = edge(view->now, plot_bins_start(bins, column));
		axes->x_at[i] = (double)column / (double)bins->columns;
		axes->x_count = i + 1;
	}
}

static void
draw_ends(const struct vector *v, const struct histogram_view *view)
{
	struct vector_text style = { 0, 0.85, false, INK_SOFT };
	double y = v->body.y + v->body.height + v->font * 2.8;
	char text[64];

	snprintf(text, sizeof(text), "%.0f below", fmin(view->below, 1e18));
	style.rgb = view->below > 0 ? palette_entry(ROLE_BAD, true)->rgb : INK_SOFT;
	vector_text(v, v->body.x, y, style, text);
	snprintf(text, sizeof(text), "%.0f above", fmin(view->above, 1e18));
	style.rgb = view->above > 0 ? palette_entry(ROLE_BAD, true)->rgb : INK_SOFT;
	style.anchor = 1;
	vector_text(v, v->body.x + v->body.width, y, style, text);
}

static int
legend(struct vector_item items[2], const struct histogram_view *view)
{
	const char *now = view->now ? view->now->name : NULL;

	items[0] = (struct vector_item){ now ? now : "current", SAMPLE_FILL,
					 palette_entry(ROLE_CURRENT, true)->rgb, 0 };
	items[1] = (struct vector_item){ "previous: other bins, not drawn", SAMPLE_OUTLINE,
					 INK_SOFT, 0 };
	if (view->ghost)
		items[1].name = view->ghost->name ? view->ghost->name : "previous";
	return view->ghost || view->ghost_differs ? 2 : 1;
}

void
histogram_vector(void *cairo, double width, double height, const struct plot_data *data)
{
	struct histogram_view view = histogram_view(data);
	struct vector_item items[2];
	int count = legend(items, &view);
	struct vector v = vector_start(cairo, width, height, data, items, view.now ? count : 0);
	struct vector_axes axes = { .x = &data->x, .y = &data->y };
	struct axis labelled = data->x;
	struct plot_bins bins;

	if (!view.now) {
		vector_text(&v, width / 2, height / 2,
			    (struct vector_text){ 0.5, 1, false, INK_SOFT }, "no counts yet");
		return;
	}
	if (!labelled.label) /* the row of counts outside stands there in any case */
		labelled.label = " ";
	axes.x = &labelled;
	bins = plot_merge_bins(view.first, view.count, (size_t)fmax(8, v.body.width / 5));
	axes.x_scale = scale_make(&view.x, extent_none, SCALE_LINEAR);
	axes.y_scale = histogram_counts_scale(&view, data, &bins);
	choose_ticks(&axes, &view, &bins);
	vector_axes_draw(&v, &axes);
	if (view.ghost)
		draw_ghost(&v, &axes.y_scale, &bins, view.ghost->y, false);
	draw_bars(&v, &axes.y_scale, &bins, view.now->y, palette_entry(ROLE_CURRENT, true)->rgb);
	if (view.ghost)
		draw_ghost(&v, &axes.y_scale, &bins, view.ghost->y, true);
	draw_ends(&v, &view);
}
