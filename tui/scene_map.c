/* The map of every layer: blocks by modules. */
#include "tui/scene.h"

#include "core/buf.h"
#include "sessions/picture.h"
#include "tui/app.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void
scene_map_clear(struct scene_map *map)
{
	buf_free(map->cells);
	buf_free(map->marks);
	buf_free(map->layers);
	buf_free(map->row_names);
	buf_free(map->row_labels);
	*map = (struct scene_map){ 0 };
}

static int
column_of(struct scene_map *map, const char *module)
{
	for (size_t i = 0; i < map->columns; i++)
		if (!strcmp(map->column_names[i], module))
			return (int)i;
	if (map->columns == SCENE_MODULES)
		return -1;
	snprintf(map->column_names[map->columns], sizeof(map->column_names[0]), "%s", module);
	return (int)map->columns++;
}

/* "attn.q" and "mlp.gate" are read as q and gate, those of experts and of shared ones as gate.e and
 * gate.s: what tells columns apart stands first, where a narrow one still shows it. */
static const char *
short_name(char out[24], const struct layer *layer)
{
	const char *dot = strrchr(layer->kind, '.');
	const char *shared = strstr(layer->kind, ".shared.");

	snprintf(out, 24, "%s%s", dot ? dot + 1 : layer->kind,
		 layer->expert >= 0 ? ".e"
		 : shared           ? ".s"
				    : "");
	return out;
}

/* Blocks are rows, modules columns; what stands in no block gets a row of its own. */
static enum err
shape_map(struct scene_map *map, const struct model *model)
{
	size_t extra = 0, cells;
	char name[24];

	map->columns = 0;
	for (size_t i = 0; i < model->layer_count; i++)
		if (model->layers[i].block >= 0)
			column_of(map, short_name(name, &model->layers[i]));
	if (!map->columns)
		map->columns = 1;
	for (size_t i = 0; i < model->layer_count; i++)
		extra += model->layers[i].block < 0;
	map->rows = model->shape.blocks + extra;
	cells = map->rows * map->columns;
	map->cells = buf_alloc(cells, sizeof(*map->cells));
	map->marks = buf_alloc(cells, 1);
	map->layers = buf_alloc(cells, sizeof(*map->layers));
	map->row_names = buf_alloc(map->rows, sizeof(*map->row_names));
	map->row_labels = buf_alloc(map->rows, sizeof(*map->row_labels));
	if (!map->cells || !map->marks || !map->layers || !map->row_names || !map->row_labels)
		return ERR_NOMEM;
	for (size_t i = 0; i < map->rows; i++) {
		snprintf(map->row_names[i], sizeof(map->row_names[i]), "%zu", i);
		map->row_labels[i] = map->row_names[i];
	}
	for (size_t i = 0; i < map->columns; i++)
		map->column_labels[i] = map->column_names[i];
	return OK;
}

static double
figure(const struct app *app, int layer)
{
	const struct layer_state *state = workspace_layer(app->workspace, layer);
	double value = state->result ? app->scene.map.metric->value(state->result) : (double)NAN;

	return isnan(value) ? -INFINITY : value;
}

/* Of the experts in one cell the selected one is shown, else the one with the largest figure. */
static bool
stands_for(const struct app *app, int layer, int other)
{
	int selected = workspace_selected(app->workspace);

	if (other < 0 || layer == selected)
		return true;
	return other != selected && figure(app, layer) > figure(app, other);
}

static void
place_layers(struct app *app, const struct model *model)
{
	struct scene_map *map = &app->scene.map;
	size_t next = model->shape.blocks;
	char name[24];

	for (size_t i = 0; i < map->rows * map->columns; i++)
		map->layers[i] = -1;
	for (size_t i = 0; i < model->layer_count; i++) {
		const struct layer *layer = &model->layers[i];
		size_t row = layer->block >= 0 ? (size_t)layer->block : next++;
		int column = layer->block >= 0 ? column_of(map, short_name(name, layer)) : 0;
		int *cell;

		if (column < 0 || row >= map->rows)
			continue;
		cell = &map->layers[row * map->columns + (size_t)column];
		if (stands_for(app, (int)i, *cell))
			*cell = (int)i;
		if (layer->block < 0)
			snprintf(map->row_names[row], sizeof(map->row_names[row]), "%s",
				 layer->name);
	}
}

static void
fill_cell(struct scene_map *map, size_t cell, const struct layer_state *state)
{
	static const char marks[] = { [RESULT_KEPT] = '=',
				      [RESULT_MISSING] = '.',
				      [RESULT_RUNNING] = '~',
				      [RESULT_READY] = 0,
				      [RESULT_FAILED] = '!' };

	map->marks[cell] = marks[state->state];
	if (state->result)
		map->cells[cell] = map->metric->value(state->result);
}

enum err
scene_map_gather(struct app *app)
{
	const struct model *model = workspace_model(app->workspace);
	struct scene_map *map = &app->scene.map;
	enum err code = map->cells ? OK : shape_map(map, model);
	int selected = workspace_selected(app->workspace);

	if (code)
		scene_map_clear(map); /* the next frame tries again */
	map->metric = &metrics[app->metric];
	if (code)
		return code;
	place_layers(app, model);
	for (size_t i = 0; i < map->rows * map->columns; i++) {
		map->cells[i] = NAN;
		map->marks[i] = ' ';
		if (map->layers[i] < 0)
			continue;
		fill_cell(map, i, workspace_layer(app->workspace, map->layers[i]));
		if (map->layers[i] == selected) {
			map->cursor_row = (int)(i / map->columns);
			map->cursor_column = (int)(i % map->columns);
		}
	}
	return OK;
}
