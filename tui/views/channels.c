/* The channels that matter most, by what calibration saw, what was damaged, or the method's own
 * scale. */
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

static const char *const words[] = { "mean |x|", "damage", "the method's scale" };

static void
channels_label(char *out, size_t capacity, const struct app *app)
{
	const struct scene_channels *channels = &app->scene.channels;

	snprintf(out, capacity, "top %zu by %s%s", channels->k, words[app->channel_kind],
		 channels->by_id ? ", in order of id" : "");
}

static void
channels_draw(struct app *app, struct canvas *canvas, struct rect at)
{
	struct plot_data data;
	struct series series[3];
	const struct plot *plot = scene_plot(&data, series, app, VIEW_channels);

	if (plot)
		plot->cells(canvas, at, &data);
	else if (app->scene.open && app->scene.layer.has)
		view_empty(canvas, at,
			   app->channel_kind == 2 ? "this method has no scale of its own: n goes on"
						  : "no calibration: c picks a text");
	else if (app->scene.open)
		view_empty(canvas, at, "not yet");
}

const struct view view_channels = {
	.name = "channels",
	.title = "channels",
	.label = channels_label,
	.draw = channels_draw,
};
