/* The selected layer's weight errors, the run before behind them, and its figures. */
#include "tui/view.h"

#include <math.h>
#include <stdio.h>

static void
histogram_label(char *out, size_t capacity, const struct app *app)
{
	const struct scene *scene = &app->scene;

	if (!scene->open)
		snprintf(out, capacity, "%s", "");
	else
		snprintf(out, capacity, "%s%s%s", scene->layer.name,
			 scene->histogram.log ? ", log counts" : "",
			 app->lock_axes ? ", axes locked" : "");
}

/* One line: what the picture cannot say. */
static void
figures_line(char *out, size_t capacity, const struct scene *scene)
{
	const struct scene_layer *layer = &scene->layer;
	const struct scene_histogram *histogram = &scene->histogram;
	int n;

	if (histogram->growing) {
		snprintf(out, capacity, "%.0f %% of the weights so far", 100 * histogram->share);
		return;
	}
	if (layer->state == RESULT_FAILED) {
		snprintf(out, capacity, "%s", layer->error);
		return;
	}
	if (!layer->has) {
		snprintf(out, capacity, "%s",
			 layer->state == RESULT_KEPT ? "kept as it is" : "waiting for the new run");
		return;
	}
	n = snprintf(out, capacity, "rel %.4g  SQNR %.2f dB  max %.3g", layer->relative,
		     layer->sqnr_db, layer->max_abs);
	if (layer->has_output && n > 0 && (size_t)n < capacity)
		n += snprintf(out + n, capacity - (size_t)n, "  out %.4g", layer->output_relative);
	if (n > 0 && (size_t)n < capacity)
		snprintf(out + n, capacity - (size_t)n, "  %.3f bits  clip %llu  nonfinite %llu",
			 layer->bits, (unsigned long long)layer->clipped,
			 (unsigned long long)histogram->nonfinite);
}

static void
histogram_draw(struct app *app, struct canvas *canvas, struct rect at)
{
	const struct scene *scene = &app->scene;
	struct plot_data data;
	struct series series[3];
	const struct plot *plot = scene_plot(&data, series, app, VIEW_histogram);
	char line[900];

	if (!scene->open)
		return;
	figures_line(line, sizeof(line), scene);
	if (!plot) {
		view_empty(canvas, at, line);
		return;
	}
	plot->cells(canvas, rect_part(at, 0, 0, at.rows - 1, at.columns), &data);
	canvas_fit(canvas, at, at.rows - 1, 0, at.columns,
		   scene->layer.state == RESULT_FAILED ? ROLE_BAD : ROLE_TEXT, line);
}

const struct view view_histogram = {
	.name = "histogram",
	.title = "error",
	.label = histogram_label,
	.draw = histogram_draw,
};
