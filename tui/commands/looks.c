/* Commands that change what is looked at. */
#include "tui/commands/commands.h"

#include "sessions/picture.h"
#include "tui/view.h"

#include <string.h>

static const struct command_arg no_args[] = { { 0 } };

/* ------------------------------------------------------------------------ select, move */

static const struct command_arg select_args[] = {
	{ "LAYER", NULL, "layer", "by its name or the checkpoint's own", true, false },
	{ 0 },
};

static enum err
run_select(struct call *call)
{
	struct app *app = app_of(call);
	const struct model *model = workspace_model(app->workspace);
	const char *name = bench_value(call, "LAYER");
	int layer = model ? model_find_layer(model, name) : -1;

	if (!model)
		return err_set(ERR_USAGE, "no model is open; wait, or :open one");
	if (layer < 0)
		return err_at(ERR_USAGE, NULL, name, "no such layer; Tab lists them");
	workspace_select(app->workspace, layer);
	return OK;
}

const struct command bench_command_select = {
	.name = "select",
	.summary = "select a layer",
	.help = "Example: select layers.3.mlp.down",
	.args = select_args,
	.run = run_select,
};

static const struct command_arg expert_args[] = {
	{ "WHICH", NULL, "next|previous", "round the experts of the block", true, false },
	{ 0 },
};

static enum err
run_expert(struct call *call)
{
	const char *which = bench_value(call, "WHICH");

	if (!strcmp(which, "next"))
		return bench_request(call, REQUEST_expert_next);
	if (!strcmp(which, "previous"))
		return bench_request(call, REQUEST_expert_previous);
	return err_at(ERR_USAGE, NULL, "WHICH", "\"%s\" is neither next nor previous", which);
}

const struct command bench_command_expert = {
	.name = "expert",
	.summary = "select the next expert's matrix of the same kind",
	.help = "On the map one cell stands for all experts of a block: it shows the selected "
		"one,\n"
		"else the one with the largest figure.\n\n"
		"Example: expert next",
	.args = expert_args,
	.run = run_expert,
};

static const struct {
	const char *word;
	enum request request;
} moves[] = {
	{ "up", REQUEST_up },           { "down", REQUEST_down },
	{ "left", REQUEST_left },       { "right", REQUEST_right },
	{ "first", REQUEST_first },     { "last", REQUEST_last },
	{ "page-up", REQUEST_page_up }, { "page-down", REQUEST_page_down },
};

static const struct command_arg move_args[] = {
	{ "WHERE", NULL, "up|down|left|right|first|last|page-up|page-down", "as the keys do", true,
	  false },
	{ 0 },
};

static enum err
run_move(struct call *call)
{
	const char *where = bench_value(call, "WHERE");

	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
		if (!strcmp(where, moves[i].word))
			return bench_request(call, moves[i].request);
	return err_at(ERR_USAGE, NULL, "WHERE", "\"%s\" is no direction; Tab lists them", where);
}

const struct command bench_command_move = {
	.name = "move",
	.summary = "move in the focused pane",
	.help = "",
	.args = move_args,
	.run = run_move,
};

/* ------------------------------------------------------------------------ panes */

static const struct command_arg focus_args[] = {
	{ "PANE", NULL, "map|histogram|channels|perplexity|knobs|jobs|log|next|previous",
	  "the pane", true, false },
	{ 0 },
};

static enum err
run_focus(struct call *call)
{
	const char *name = bench_value(call, "PANE");
	enum view_id view = view_find(name);

	if (!strcmp(name, "next"))
		return bench_request(call, REQUEST_next);
	if (!strcmp(name, "previous"))
		return bench_request(call, REQUEST_previous);
	if (view == VIEW_NONE)
		return err_at(ERR_USAGE, NULL, "PANE", "\"%s\" is no pane; Tab lists them", name);
	app_focus(app_of(call), view);
	return OK;
}

const struct command bench_command_focus = {
	.name = "focus",
	.summary = "focus a pane",
	.help = "Example: focus knobs",
	.args = focus_args,
	.run = run_focus,
};

BENCH_PLAIN(zoom, "zoom", zoom, "the focused pane over the whole screen, and back");
BENCH_PLAIN(order, "order", order, "channels by value or by id");
BENCH_PLAIN(log_counts, "log-counts", log_counts, "histogram counts on a log or a plain axis");
BENCH_PLAIN(lock_axes, "lock-axes", lock, "keep the histogram's axes while knobs turn, or fit");
BENCH_PLAIN(keys, "keys", help, "the list of every key and command");
BENCH_PLAIN(redraw, "redraw", redraw, "draw the whole screen again");

/* ------------------------------------------------------------------------ metric, channels */

static const struct command_arg metric_args[] = {
	{ "NAME", NULL, "output_error|weight_error|sqnr_db|bits|clipped|next|previous",
	  "what colours the map", true, false },
	{ 0 },
};

static enum err
run_metric(struct call *call)
{
	const char *name = bench_value(call, "NAME");
	const struct metric *metric = metric_find(name);

	if (!strcmp(name, "next"))
		return bench_request(call, REQUEST_metric);
	if (!strcmp(name, "previous"))
		return bench_request(call, REQUEST_metric_back);
	if (!metric)
		return err_at(ERR_USAGE, NULL, "NAME", "\"%s\" is no metric; Tab lists them", name);
	app_of(call)->metric = (int)(metric - metrics);
	return OK;
}

const struct command bench_command_metric = {
	.name = "metric",
	.summary = "colour the map by another figure",
	.help = "Example: metric output_error",
	.args = metric_args,
	.run = run_metric,
};

static const struct command_arg channels_args[] = {
	{ "NAME", NULL, "mean_abs|damage|method_scale|next", "what ranks them", true, false },
	{ 0 },
};

static enum err
run_channels(struct call *call)
{
	const char *name = bench_value(call, "NAME");

	if (!strcmp(name, "next"))
		return bench_request(call, REQUEST_channels);
	for (int i = 0; scene_channel_kinds[i]; i++)
		if (!strcmp(name, scene_channel_kinds[i])) {
			app_of(call)->channel_kind = i;
			return OK;
		}
	return err_at(ERR_USAGE, NULL, "NAME", "\"%s\" ranks no channels; Tab lists what does",
		      name);
}

const struct command bench_command_channels = {
	.name = "channels",
	.summary = "rank channels by another figure",
	.help = "Example: channels damage",
	.args = channels_args,
	.run = run_channels,
};
