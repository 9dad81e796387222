/* Blocks by modules, coloured by a figure. The cursor is the selected layer. */
#include "sessions/picture.h"
#include "tui/view.h"

#include <stdio.h>

static void
map_label(char *out, size_t capacity, const struct app *app)
{
	snprintf(out, capacity, "%s", app->scene.open ? app->scene.map.metric->label : "");
}

static void
map_draw(struct app *app, struct canvas *canvas, struct rect at)
{
	struct plot_data data;
	struct series series[3];
	const struct plot *plot = scene_plot(&data, series, app, VIEW_map);

	if (!plot) {
		view_empty(canvas, at,
			   workspace_opening(app->workspace) ? "opening the model"
							     : "no model: O opens one");
		return;
	}
	data.title = NULL;
	plot->cells(canvas, at, &data);
}

/* To the nearest cell in this direction that is a layer. */
static bool
step(struct app *app, int down, int right)
{
	const struct scene_map *map = &app->scene.map;
	int row = map->cursor_row, column = map->cursor_column;

	for (;;) {
		row += down;
		column += right;
		if (row < 0 || column < 0 || row >= (int)map->rows || column >= (int)map->columns)
			return true;
		for (int shift = 0; shift < (int)map->columns; shift++) {
			int at = right ? column : column - shift;
			int layer = at < 0 ? -1 : map->layers[row * (int)map->columns + at];

			if (layer >= 0) {
				workspace_select(app->workspace, layer);
				return true;
			}
			if (right)
				break;
		}
	}
}

static bool
map_request(struct app *app, enum request request)
{
	const struct scene_map *map = &app->scene.map;

	if (!app->scene.open || !map->cells)
		return false;
	switch (request) {
	case REQUEST_up:
		return step(app, -1, 0);
	case REQUEST_down:
		return step(app, 1, 0);
	case REQUEST_left:
		return step(app, 0, -1);
	case REQUEST_right:
		return step(app, 0, 1);
	case REQUEST_page_up:
	case REQUEST_page_down:
		for (int i = 0; i < 8; i++) {
			step(app, request == REQUEST_page_up ? -1 : 1, 0);
			scene_gather(app);
		}
		return true;
	case REQUEST_first:
		workspace_select(app->workspace, map->layers[map->cursor_column]);
		return true;
	case REQUEST_last:
		for (size_t row = map->rows; row-- > 0;)
			if (map->layers[row * map->columns + (size_t)map->cursor_column] >= 0) {
				workspace_select(app->workspace,
						 map->layers[row * map->columns +
							     (size_t)map->cursor_column]);
				break;
			}
		return true;
	default:
		return false;
	}
}

const struct view view_map = {
	.name = "map",
	.title = "layers",
	.label = map_label,
	.draw = map_draw,
	.request = map_request,
};
