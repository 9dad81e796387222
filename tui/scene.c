#include "tui/scene.h"

#include "core/buf.h"
#include "tui/app.h"
#include "tui/knob.h"
#include "sessions/picture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const scene_channel_kinds[] = { "mean_abs", "damage", "method_scale", NULL };

static const int channel_columns[] = { CHANNEL_MEAN_ABS, CHANNEL_DAMAGE, CHANNEL_METHOD_SCALE };

void
scene_clear(struct scene *scene)
{
	scene_map_clear(&scene->map);
	buf_free(scene->histogram.edges);
	memset(scene, 0, sizeof(*scene));
}

/* ------------------------------------------------------------------------ the layer */

static void
gather_layer(struct app *app, const struct model *model)
{
	struct scene_layer *out = &app->scene.layer;
	int index = workspace_selected(app->workspace);
	const struct layer *layer = &model->layers[index];
	const struct layer_state *state = workspace_layer(app->workspace, index);
	struct layer_setting setting = workspace_setting(app->workspace, index);
	const struct measurement *m;

	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), "%s", layer->name);
	snprintf(out->tensor, sizeof(out->tensor), "%s", layer->tensor_name);
	out->rows = layer->rows;
	out->columns = layer->columns;
	out->state = state->state;
	if (setting.method)
		recipe_describe(out->method, sizeof(out->method), &setting);
	if (state->state == RESULT_FAILED)
		snprintf(out->error, sizeof(out->error), "%s", state->error.message);
	out->previous_relative = state->previous ? state->previous->measurement->relative : NAN;
	out->previous_output = state->previous && state->previous->measurement->has_output
				       ? state->previous->measurement->output.relative
				       : NAN;
	if (!state->result)
		return;
	m = state->result->measurement;
	out->has = true;
	out->bits = state->result->bits_per_weight;
	out->seconds = state->result->seconds;
	out->mse = m->mse;
	out->relative = m->relative;
	out->sqnr_db = m->sqnr_db;
	out->max_abs = m->max_abs;
	out->clipped = m->clipped;
	out->has_output = m->has_output;
	out->output_relative = m->output.relative;
	out->output_per_token = m->output.per_token;
	snprintf(out->note, sizeof(out->note), "%s", state->result->quantized.note);
}

/* ------------------------------------------------------------------------ histogram */

static void
copy_histogram(double *edges, double *counts, const struct histogram *from)
{
	double width = (from->high - from->low) / HISTOGRAM_BINS;

	for (int i = 0; i <= HISTOGRAM_BINS; i++)
		edges[i] = from->low + width * i;
	for (int i = 0; i < HISTOGRAM_BINS; i++)
		counts[i] = (double)from->counts[i];
}

/* Half-width that leaves at most one weight in a thousand outside, at least a few bins. */
static double
needed_limit(const struct histogram *from)
{
	double width = (from->high - from->low) / HISTOGRAM_BINS;
	uint64_t outside = from->below + from->above, allowed = from->count / 1000;
	int from_edge = 0;

	while (from_edge < HISTOGRAM_BINS / 2 - 8) {
		outside += from->counts[from_edge] + from->counts[HISTOGRAM_BINS - 1 - from_edge];
		if (outside > allowed)
			break;
		from_edge++;
	}
	return width * (HISTOGRAM_BINS / 2 - from_edge) * 1.05;
}

/* A locked axis stays while knobs turn and only ever widens; another layer starts anew. */
static double
axis_limit(struct app *app, const struct histogram *now)
{
	int layer = workspace_selected(app->workspace);
	double needed = needed_limit(now), most = now->high;

	if (needed > most)
		needed = most;
	if (!app->lock_axes || app->locked_layer != layer || needed > app->locked_limit) {
		app->locked_layer = layer;
		app->locked_limit = needed;
	}
	return app->locked_limit;
}

static void
count_outside(struct scene_histogram *out, const struct histogram *now)
{
	double width = (now->high - now->low) / HISTOGRAM_BINS;

	out->below = (double)now->below;
	out->above = (double)now->above;
	for (int i = 0; i < HISTOGRAM_BINS; i++) {
		double centre = now->low + width * (i + 0.5);

		if (centre < out->low)
			out->below += (double)now->counts[i];
		else if (centre > out->high)
			out->above += (double)now->counts[i];
	}
}

static enum err
room_for_histogram(struct scene_histogram *out)
{
	enum { EACH = HISTOGRAM_BINS + 8 };

	if (!out->edges && !(out->edges = buf_alloc(4 * EACH, sizeof(double))))
		return ERR_NOMEM;
	out->now = out->edges + EACH;
	out->ghost_edges = out->edges + 2 * EACH;
	out->ghost = out->edges + 3 * EACH;
	return OK;
}

static enum err
gather_histogram(struct app *app)
{
	struct scene_histogram *out = &app->scene.histogram;
	const struct layer_state *state =
		workspace_layer(app->workspace, workspace_selected(app->workspace));
	const struct layer_result *ghost = state->result ? state->previous : NULL;
	struct histogram *growing;

	if (room_for_histogram(out) || !(growing = buf_alloc(1, sizeof(*growing))))
		return ERR_NOMEM;
	out->growing = !state->result && workspace_growth(app->workspace, growing, &out->share);
	if (!state->result && state->previous)
		ghost = state->previous; /* what is shown until the new run is there */
	if (state->result)
		*growing = state->result->measurement->histogram;
	out->has_now = state->result || out->growing;
	out->has_ghost = ghost != NULL;
	out->log = app->log_counts;
	if (out->has_now || ghost) {
		const struct histogram *of =
			out->has_now ? growing : &ghost->measurement->histogram;

		out->high = axis_limit(app, of);
		out->low = -out->high;
		copy_histogram(out->edges, out->now, of);
		count_outside(out, of);
		out->count = of->count;
		out->nonfinite = of->nonfinite;
	}
	if (ghost)
		copy_histogram(out->ghost_edges, out->ghost, &ghost->measurement->histogram);
	buf_free(growing);
	return OK;
}

/* ------------------------------------------------------------------------ channels */

static void
by_id(struct scene_channels *out)
{
	for (size_t i = 1; i < out->count; i++)
		for (size_t j = i; j > 0 && out->ids[j - 1] > out->ids[j]; j--) {
			uint32_t id = out->ids[j];

			out->ids[j] = out->ids[j - 1];
			out->ids[j - 1] = id;
		}
}

static void
gather_channels(struct app *app)
{
	struct scene_channels *out = &app->scene.channels;
	const struct layer_result *result =
		workspace_layer(app->workspace, workspace_selected(app->workspace))->result;
	int column = channel_columns[app->channel_kind];
	const struct measurement *m = result ? result->measurement : NULL;

	out->kind = scene_channel_kinds[app->channel_kind];
	out->by_id = app->channels_by_id;
	out->count = out->k = 0;
	if (!m || !m->channels)
		return;
	out->k = m->salient_k;
	out->count = m->salient_k < SCENE_CHANNELS ? m->salient_k : SCENE_CHANNELS;
	measurement_top(out->ids, m, column, out->count);
	if (out->by_id)
		by_id(out);
	for (size_t i = 0; i < out->count; i++) {
		out->values[i] = (double)m->channels[out->ids[i] * CHANNEL_COUNT + (size_t)column];
		snprintf(out->names[i], sizeof(out->names[i]), "%u", out->ids[i]);
		out->labels[i] = out->names[i];
	}
	/* A method without a scale of its own, or no calibration, has nothing to rank. */
	for (size_t i = 0; i < out->count; i++)
		if (isfinite(out->values[i]) && (out->values[i] < 0 || out->values[i] > 0))
			return;
	out->count = 0;
}

/* ------------------------------------------------------------------------ the rest */

static void
gather_texts(struct app *app)
{
	struct scene *scene = &app->scene;
	const struct eval_setting *protocol = workspace_protocol(app->workspace);
	char tokens[40] = "whole text", context[32] = "";

	scene->text_count = workspace_text_count(app->workspace);
	if (scene->text_count > SCENE_TEXTS)
		scene->text_count = SCENE_TEXTS;
	for (size_t i = 0; i < scene->text_count; i++) {
		const struct text_state *from = workspace_text(app->workspace, i);
		struct scene_text *to = &scene->texts[i];

		snprintf(to->name, sizeof(to->name), "%s", from->name);
		to->state = from->state;
		to->has = from->has_result;
		to->has_previous = from->has_previous;
		to->result = from->result;
		to->previous = from->previous;
		snprintf(to->error, sizeof(to->error), "%.299s",
			 from->state == RESULT_FAILED ? from->error.message : "");
		if (from->shape.context)
			snprintf(context, sizeof(context), ", context %zu", from->shape.context);
	}
	if (protocol->max_tokens)
		snprintf(tokens, sizeof(tokens), "%zu tokens", protocol->max_tokens);
	snprintf(scene->protocol, sizeof(scene->protocol), "%s%s, %s", protocol->protocol->name,
		 context, tokens);
}

static void
gather_knobs(struct app *app)
{
	struct scene *scene = &app->scene;
	struct knob list[SCENE_KNOBS];

	scene->knob_count = knob_list(list, SCENE_KNOBS, app);
	for (size_t i = 0; i < scene->knob_count; i++)
		knob_show(&scene->knobs[i], &list[i], app);
	knob_scope_text(scene->scope, sizeof(scene->scope), app);
}

static void
gather_head(struct app *app, const struct model *model)
{
	struct scene *scene = &app->scene;
	const char *path = workspace_model_path(app->workspace);
	const char *slash = strrchr(path, '/');
	size_t at, other;

	snprintf(scene->model, sizeof(scene->model), "%s",
		 !path[0]                              ? "shipped model"
		 : path[0] == '/' && slash && slash[1] ? slash + 1
						       : path);
	snprintf(scene->format, sizeof(scene->format), "%s", model->format);
	scene->parameters = model_count(model).elements;
	scene->blocks = model->shape.blocks;
	scene->hidden = model->shape.hidden;
	scene->has_bits = workspace_bits(app->workspace, &scene->bits);
	scene->calibration = workspace_recipe(app->workspace)->calibration;
	scene->steps = workspace_history(app->workspace, &at, &other);
	scene->step = at;
}

enum err
scene_gather(struct app *app)
{
	struct scene *scene = &app->scene;
	const struct model *model = workspace_model(app->workspace);
	enum err code;

	scene->job_count = workspace_jobs(app->workspace, scene->jobs, SCENE_JOBS);
	scene->open = model && workspace_recipe(app->workspace);
	if (!scene->open)
		return OK;
	gather_head(app, model);
	code = scene_map_gather(app);
	gather_layer(app, model);
	if (!code)
		code = gather_histogram(app);
	gather_channels(app);
	gather_texts(app);
	gather_knobs(app);
	return code;
}

/* ------------------------------------------------------------------------ pictures */

static void
plot_of_map(struct plot_data *out, const struct scene_map *map)
{
	out->title = map->metric->label;
	out->cells = map->cells;
	out->marks = map->marks;
	out->rows = map->rows;
	out->columns = map->columns;
	out->row_labels = map->row_labels;
	out->column_labels = map->column_labels;
	out->cursor_row = map->cursor_row;
	out->cursor_column = map->cursor_column;
	out->value = (struct axis){ .label = map->metric->label, .log = map->metric->log };
}

static void
plot_of_histogram(struct plot_data *out, struct series *series, const struct scene_histogram *from)
{
	series[0] = (struct series){ .name = from->growing   ? "growing"
					     : from->has_now ? "now"
							     : "before",
				     .x = from->edges,
				     .y = from->now,
				     .count = HISTOGRAM_BINS,
				     .role = from->has_now ? ROLE_CURRENT : ROLE_GHOST };
	series[1] = (struct series){ .name = "before",
				     .x = from->ghost_edges,
				     .y = from->ghost,
				     .count = HISTOGRAM_BINS,
				     .role = ROLE_GHOST };
	out->series = series;
	out->series_count = from->has_now && from->has_ghost ? 2 : 1;
	out->x = (struct axis){ .label = "weight error", .low = from->low, .high = from->high };
	out->y = (struct axis){ .label = "weights", .log = from->log };
}

static void
plot_of_channels(struct plot_data *out, struct series *series, const struct scene_channels *from)
{
	series[0] = (struct series){ .name = from->kind,
				     .y = from->values,
				     .labels = from->labels,
				     .count = from->count,
				     .role = ROLE_CURRENT };
	out->series = series;
	out->series_count = 1;
	out->x = (struct axis){ .label = from->kind };
}

const struct plot *
scene_plot(struct plot_data *out, struct series *series, const struct app *app, int view)
{
	const struct scene *scene = &app->scene;

	memset(out, 0, sizeof(*out));
	out->cursor_row = out->cursor_column = -1;
	if (!scene->open)
		return NULL;
	if (view == VIEW_map && scene->map.cells) {
		plot_of_map(out, &scene->map);
		return plot_find("heatmap");
	}
	if (view == VIEW_histogram && (scene->histogram.has_now || scene->histogram.has_ghost)) {
		plot_of_histogram(out, series, &scene->histogram);
		return plot_find("histogram");
	}
	if (view == VIEW_channels && scene->channels.count) {
		plot_of_channels(out, series, &scene->channels);
		return plot_find("bars");
	}
	return NULL;
}
