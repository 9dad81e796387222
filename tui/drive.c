/* What requests do when the focused view leaves them. */
#include "tui/app.h"
#include "tui/choose.h"
#include "tui/knob.h"
#include "sessions/picture.h"
#include "tui/prompt.h"
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

/* To the front of the list of what was looked at. */
void
app_focus(struct app *app, enum view_id view)
{
	enum view_id *recent = app->place.recent;
	int at = 0;

	while (at < VIEW_COUNT - 1 && recent[at] != view)
		at++;
	memmove(recent + 1, recent, (size_t)at * sizeof(*recent));
	recent[0] = view;
	app->place.focus = view;
	app->dirty = true;
}

static void
on_next(struct app *app)
{
	app_focus(app, (enum view_id)((app->place.focus + 1) % VIEW_COUNT));
}

static void
on_previous(struct app *app)
{
	app_focus(app, (enum view_id)((app->place.focus + VIEW_COUNT - 1) % VIEW_COUNT));
}

static void
on_zoom(struct app *app)
{
	app->place.zoom = !app->place.zoom;
}

/* In panes without a cursor the arrows move the selected layer. */
static void
move_layer(struct app *app, enum request request)
{
	const struct view *map = view_at(VIEW_map);

	map->request(app, request);
}

static void
on_up(struct app *app)
{
	move_layer(app, REQUEST_up);
}

static void
on_down(struct app *app)
{
	move_layer(app, REQUEST_down);
}

static void
on_left(struct app *app)
{
	move_layer(app, REQUEST_left);
}

static void
on_right(struct app *app)
{
	move_layer(app, REQUEST_right);
}

static void
turn_selected(struct app *app, int direction)
{
	struct knob list[SCENE_KNOBS];
	size_t count = knob_list(list, SCENE_KNOBS, app);

	if ((size_t)app->knob < count)
		app_try(app, knob_turn(app, &list[app->knob], direction));
}

static void
on_knob_up(struct app *app)
{
	turn_selected(app, 1);
}

static void
on_knob_down(struct app *app)
{
	turn_selected(app, -1);
}

static void
turn_kind(struct app *app, enum knob_kind kind, int direction)
{
	struct knob knob = { .kind = kind };

	if (workspace_model(app->workspace))
		app_try(app, knob_turn(app, &knob, direction));
}

static void
on_method(struct app *app)
{
	turn_kind(app, KNOB_METHOD, 1);
}

static void
on_method_back(struct app *app)
{
	turn_kind(app, KNOB_METHOD, -1);
}

static void
on_scope(struct app *app)
{
	turn_kind(app, KNOB_SCOPE, 1);
}

static void
on_calibration(struct app *app)
{
	turn_kind(app, KNOB_TEXT, 1);
}

static void
on_bits_up(struct app *app)
{
	app_try(app, knob_turn_param(app, "bits", 1));
}

static void
on_bits_down(struct app *app)
{
	app_try(app, knob_turn_param(app, "bits", -1));
}

static void
turn_metric(struct app *app, int direction)
{
	int count = 0;

	while (metrics[count].name)
		count++;
	app->metric = (app->metric + direction + count) % count;
	app_echo(app, "metric %s", metrics[app->metric].name);
	app_say(app, ROLE_DIM, "%s", metrics[app->metric].label);
}

static void
on_metric(struct app *app)
{
	turn_metric(app, 1);
}

static void
on_metric_back(struct app *app)
{
	turn_metric(app, -1);
}

static void
on_channels(struct app *app)
{
	app->channel_kind++;
	if (!scene_channel_kinds[app->channel_kind])
		app->channel_kind = 0;
	app_echo(app, "channels %s", scene_channel_kinds[app->channel_kind]);
}

static void
on_order(struct app *app)
{
	app->channels_by_id = !app->channels_by_id;
}

static void
on_log_counts(struct app *app)
{
	app->log_counts = !app->log_counts;
}

static void
on_lock(struct app *app)
{
	app->lock_axes = !app->lock_axes;
	app->locked_layer = -1;
}

static void
on_rerun(struct app *app)
{
	workspace_rerun(app->workspace, workspace_selected(app->workspace));
}

static void
say_step(struct app *app, enum err code)
{
	size_t at, other;

	app_try(app, code);
	if (code)
		return;
	app->unsaved = true;
	workspace_history(app->workspace, &at, &other);
	app_say(app, ROLE_TEXT, "step %zu: %s", at + 1,
		workspace_history_label(app->workspace, at));
}

static void
on_undo(struct app *app)
{
	say_step(app, workspace_undo(app->workspace));
}

static void
on_redo(struct app *app)
{
	say_step(app, workspace_redo(app->workspace));
}

/* From one expert to its neighbour, round the end. */
static void
step_expert(struct app *app, size_t by)
{
	const struct model *model = workspace_model(app->workspace);
	const struct layer *layer = &model->layers[workspace_selected(app->workspace)];
	size_t experts = model->shape.experts;
	char name[128];

	if (layer->expert < 0) {
		app_say(app, ROLE_DIM, "%s belongs to no expert", layer->name);
		return;
	}
	snprintf(name, sizeof(name), "layers.%d.mlp.experts.%zu.%s", layer->block,
		 ((size_t)layer->expert + by) % experts, strrchr(layer->module, '.') + 1);
	workspace_select(app->workspace, model_find_layer(model, name));
}

static void
on_expert_next(struct app *app)
{
	if (workspace_model(app->workspace))
		step_expert(app, 1);
}

static void
on_expert_previous(struct app *app)
{
	if (workspace_model(app->workspace))
		step_expert(app, workspace_model(app->workspace)->shape.experts - 1);
}

static void
on_ab(struct app *app)
{
	say_step(app, workspace_ab(app->workspace));
}

static void
on_evaluate(struct app *app)
{
	workspace_evaluate(app->workspace);
}

static void
on_automatic(struct app *app)
{
	bool manual = !workspace_manual(app->workspace);

	workspace_set_manual(app->workspace, manual);
	app_say(app, ROLE_TEXT,
		manual ? "texts are evaluated when you press e"
		       : "texts are evaluated after each change");
}

static void
on_picture(struct app *app)
{
	app_line(app, "picture");
}

static void
on_save(struct app *app)
{
	app_line(app, "save");
}

static void
on_cancel(struct app *app)
{
	if (workspace_busy(app->workspace)) {
		workspace_cancel(app->workspace);
		app_say(app, ROLE_WARN, "cancelled; r, e or a knob goes on");
	} else {
		app_say(app, ROLE_DIM, "nothing runs; q leaves");
	}
}

static void
on_command(struct app *app)
{
	(void)app;
	prompt_open("");
}

static void
on_redraw(struct app *app)
{
	app->redraw = true;
}

static void
on_suspend(struct app *app)
{
	app->suspend = true;
}

static void
on_quit(struct app *app)
{
	if (workspace_busy(app->workspace))
		app->asking_quit = true;
	else
		app->quit = true;
}

static void (*const handlers[REQUEST_COUNT])(struct app *app) = {
	[REQUEST_up] = on_up,
	[REQUEST_down] = on_down,
	[REQUEST_left] = on_left,
	[REQUEST_right] = on_right,
	[REQUEST_expert_next] = on_expert_next,
	[REQUEST_expert_previous] = on_expert_previous,
	[REQUEST_next] = on_next,
	[REQUEST_previous] = on_previous,
	[REQUEST_zoom] = on_zoom,
	[REQUEST_knob_up] = on_knob_up,
	[REQUEST_knob_down] = on_knob_down,
	[REQUEST_method] = on_method,
	[REQUEST_method_back] = on_method_back,
	[REQUEST_choose] = choose_open,
	[REQUEST_bits_down] = on_bits_down,
	[REQUEST_bits_up] = on_bits_up,
	[REQUEST_scope] = on_scope,
	[REQUEST_calibration] = on_calibration,
	[REQUEST_metric] = on_metric,
	[REQUEST_metric_back] = on_metric_back,
	[REQUEST_channels] = on_channels,
	[REQUEST_order] = on_order,
	[REQUEST_log_counts] = on_log_counts,
	[REQUEST_lock] = on_lock,
	[REQUEST_rerun] = on_rerun,
	[REQUEST_undo] = on_undo,
	[REQUEST_redo] = on_redo,
	[REQUEST_ab] = on_ab,
	[REQUEST_evaluate] = on_evaluate,
	[REQUEST_automatic] = on_automatic,
	[REQUEST_picture] = on_picture,
	[REQUEST_open] = models_open,
	[REQUEST_save] = on_save,
	[REQUEST_cancel] = on_cancel,
	[REQUEST_command] = on_command,
	[REQUEST_help] = help_open,
	[REQUEST_redraw] = on_redraw,
	[REQUEST_suspend] = on_suspend,
	[REQUEST_quit] = on_quit,
};

void
app_request(struct app *app, enum request request)
{
	const struct request_entry *entry = request_entry(request);
	const struct view *view = view_at(app->place.focus);

	if (!entry)
		return;
	app->message[0] = '\0';
	app_echo(app, "%s", entry->command);
	if (view->request && view->request(app, request))
		return;
	if (handlers[request])
		handlers[request](app);
}
