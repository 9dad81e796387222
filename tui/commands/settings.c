/* Commands that change how layers are quantized. */
#include "tui/commands/commands.h"

#include "sessions/output.h"
#include "tui/knob.h"

#include <stdio.h>
#include <string.h>

static const struct command_arg no_args[] = { { 0 } };

static enum err
need_model(struct call *call)
{
	if (!workspace_model(app_of(call)->workspace))
		return err_set(ERR_USAGE, "no model is open; wait, or :open one");
	return OK;
}

static enum err
assign_all(struct call *call, struct layer_setting *setting)
{
	size_t at = 0;
	const char *word;
	enum err code = OK;

	while (!code && (word = arguments_next(&call->arguments, "NAME=VALUE", &at)))
		code = recipe_assign(setting, word);
	return code;
}

/* ------------------------------------------------------------------------ set, method, keep */

static const struct command_arg set_args[] = {
	{ "NAME=VALUE", NULL, "param", "a parameter of the selected layer's method", true, true },
	{ "--on", "WHERE", "layer|block|kind|all", "or a pattern on layer names", false, false },
	{ 0 },
};

static enum err
run_set(struct call *call)
{
	struct layer_setting setting;
	enum err code = need_model(call);

	if (code)
		return code;
	setting = knob_setting(app_of(call));
	code = assign_all(call, &setting);
	return code ? code : knob_apply(app_of(call), &setting, bench_value(call, "--on"));
}

const struct command bench_command_set = {
	.name = "set",
	.summary = "set parameters of the method",
	.help = "Example: set bits=3 group_size=64 --on layers.*.mlp.*",
	.args = set_args,
	.run = run_set,
};

static const struct command_arg method_args[] = {
	{ "METHOD", NULL, "method", "or next, previous; default: a list to choose from", false,
	  false },
	{ "NAME=VALUE", NULL, "param", "its parameters; others keep their values", false, true },
	{ "--on", "WHERE", "layer|block|kind|all", "or a pattern on layer names", false, false },
	{ 0 },
};

static enum err
run_method(struct call *call)
{
	struct app *app = app_of(call);
	const char *name = bench_value(call, "METHOD");
	const struct quantizer *method = name ? quantizer_find(name) : NULL;
	struct knob knob = { .kind = KNOB_METHOD };
	struct layer_setting from, setting;
	enum err code = need_model(call);

	if (code)
		return code;
	if (!name || !name[0])
		return bench_request(call, REQUEST_choose);
	if (!strcmp(name, "next") || !strcmp(name, "previous"))
		return knob_turn(app, &knob, name[0] == 'n' ? 1 : -1);
	if (!method)
		return err_at(ERR_USAGE, NULL, name, "no such method; see :methods");
	from = knob_setting(app);
	setting = knob_with_method(app, &from, method);
	code = assign_all(call, &setting);
	return code ? code : knob_apply(app, &setting, bench_value(call, "--on"));
}

const struct command bench_command_method = {
	.name = "method",
	.summary = "quantize by another method",
	.help = "Example: method gptq bits=3 act_order=true",
	.args = method_args,
	.run = run_method,
};

static const struct command_arg keep_args[] = {
	{ "WHERE", NULL, "layer", "a pattern on layer names (default: the scope)", false, false },
	{ 0 },
};

static enum err
run_keep(struct call *call)
{
	struct layer_setting keep = { 0 };
	enum err code = need_model(call);

	return code ? code : knob_apply(app_of(call), &keep, bench_value(call, "WHERE"));
}

const struct command bench_command_keep = {
	.name = "keep",
	.summary = "leave layers as they are",
	.help = "Example: keep layers.0.**",
	.args = keep_args,
	.run = run_keep,
};

/* ------------------------------------------------------------------------ scope */

static const struct command_arg scope_args[] = {
	{ "WHERE", NULL, "layer|block|kind|all|next", "or a pattern on layer names", true, false },
	{ 0 },
};

static enum err
run_scope(struct call *call)
{
	struct app *app = app_of(call);
	const char *where = bench_value(call, "WHERE");
	struct knob knob = { .kind = KNOB_SCOPE };

	if (!strcmp(where, "next"))
		return knob_turn(app, &knob, 1);
	for (int i = 0; i < SCOPE_KIND_PATTERN; i++)
		if (!strcmp(where, knob_scopes[i])) {
			app->scope = (enum scope_kind)i;
			return OK;
		}
	if (strlen(where) >= sizeof(app->pattern))
		return err_at(ERR_RANGE, NULL, "WHERE", "the pattern is too long");
	snprintf(app->pattern, sizeof(app->pattern), "%s", where);
	app->scope = SCOPE_KIND_PATTERN;
	return OK;
}

const struct command bench_command_scope = {
	.name = "scope",
	.summary = "what a turn of a knob changes",
	.help = "Example: scope layers.*.mlp.*",
	.args = scope_args,
	.run = run_scope,
};

/* ------------------------------------------------------------------------ calibrate */

static const struct command_arg calibrate_args[] = {
	{ "TEXT", NULL, "text", "a shipped text, a file, next, or none", true, false },
	{ "--sequences", "N", NULL, "windows to draw", false, false },
	{ "--length", "N", NULL, "tokens in each", false, false },
	{ "--seed", "N", NULL, "of the draw", false, false },
	{ "--field", "NAME", NULL, "of each object of a .jsonl", false, false },
	{ "--propagated", NULL, NULL, "through the quantized layers upstream", false, false },
	{ 0 },
};

static enum err
draw_of(struct calibration_setting *out, struct call *call)
{
	uint64_t sequences = out->sequences ? out->sequences : CALIBRATION_SEQUENCES;
	uint64_t length = out->length ? out->length : CALIBRATION_LENGTH;
	enum err code = arguments_count(&sequences, &call->arguments, "--sequences", 1,
					CALIBRATION_SEQUENCES_MAX);

	if (!code)
		code = arguments_count(&length, &call->arguments, "--length", 1,
				       CALIBRATION_LENGTH_MAX);
	if (!code)
		code = arguments_count(&out->seed, &call->arguments, "--seed", 0, UINT64_MAX);
	out->sequences = (size_t)sequences;
	out->length = (size_t)length;
	return code;
}

static enum err
run_calibrate(struct call *call)
{
	struct app *app = app_of(call);
	struct calibration_setting next;
	const char *text = bench_value(call, "TEXT"), *field = bench_value(call, "--field");
	struct knob knob = { .kind = KNOB_TEXT };
	enum err code = need_model(call);

	if (code)
		return code;
	if (!strcmp(text, "next"))
		return knob_turn(app, &knob, 1);
	next = workspace_recipe(app->workspace)->calibration;
	code = draw_of(&next, call);
	if (!code && strlen(text) >= sizeof(next.text))
		code = err_at(ERR_RANGE, NULL, "TEXT", "the path is too long");
	if (code)
		return code;
	snprintf(next.text, sizeof(next.text), "%s", strcmp(text, "none") ? text : "");
	snprintf(next.field, sizeof(next.field), "%s", field ? field : "");
	next.propagated = bench_value(call, "--propagated") != NULL;
	app->unsaved = true;
	return workspace_calibrate(app->workspace, &next);
}

const struct command bench_command_calibrate = {
	.name = "calibrate",
	.summary = "calibrate on another text",
	.help = "Example: calibrate code.calibration --sequences 128",
	.args = calibrate_args,
	.run = run_calibrate,
};

/* ------------------------------------------------------------------------ history */

BENCH_PLAIN(undo, "undo", undo, "undo the last change of a setting");
BENCH_PLAIN(redo, "redo", redo, "redo what was undone");
BENCH_PLAIN(ab, "ab", ab, "toggle between the last two settings");
BENCH_PLAIN(rerun, "rerun", rerun, "quantize the selected layer again");

static enum err
run_history(struct call *call)
{
	const struct workspace *workspace = app_of(call)->workspace;
	size_t at, other, count = workspace_history(workspace, &at, &other);

	for (size_t i = 0; i < count; i++)
		output_text(call, "%s%3zu %s\n",
			    i == at      ? ">"
			    : i == other ? "*"
					 : " ",
			    i + 1, workspace_history_label(workspace, i));
	return OK;
}

const struct command bench_command_history = {
	.name = "history",
	.summary = "list the settings so far; > is now, * the other of A/B",
	.help = "",
	.args = no_args,
	.run = run_history,
};

/* ------------------------------------------------------------------------ evaluation */

static const struct command_arg evaluate_args[] = {
	{ "TEXT", NULL, "text", "add this text to the list", false, false },
	{ "--protocol", "NAME", "protocol", "how perplexity is taken", false, false },
	{ "--context", "N", NULL, "tokens in a window; 0: the protocol's", false, false },
	{ "--tokens", "N", NULL, "at most so many of each text; 0: all", false, false },
	{ 0 },
};

static enum err
run_evaluate(struct call *call)
{
	struct workspace *workspace = app_of(call)->workspace;
	struct eval_setting next = *workspace_protocol(workspace);
	const char *name = bench_value(call, "--protocol"), *text = bench_value(call, "TEXT");
	uint64_t context = next.context, tokens = next.max_tokens;
	enum err code = need_model(call);

	if (!code && name && !(next.protocol = protocol_find(name)))
		code = err_at(ERR_USAGE, NULL, name, "no such protocol; Tab lists them");
	if (!code)
		code = arguments_count(&context, &call->arguments, "--context", 0, 1 << 24);
	if (!code)
		code = arguments_count(&tokens, &call->arguments, "--tokens", 0, UINT32_MAX);
	if (code)
		return code;
	next.context = (size_t)context;
	next.max_tokens = (size_t)tokens;
	workspace_set_protocol(workspace, &next);
	if (text)
		code = workspace_add_text(workspace, text);
	workspace_evaluate(workspace);
	return code;
}

const struct command bench_command_evaluate = {
	.name = "evaluate",
	.summary = "evaluate the texts now; add one, or change the protocol",
	.help = "Example: evaluate my.txt --protocol window --tokens 0",
	.args = evaluate_args,
	.run = run_evaluate,
};

static const struct command_arg auto_args[] = {
	{ "STATE", NULL, "on|off", "default: the other one", false, false },
	{ 0 },
};

static enum err
run_auto(struct call *call)
{
	const char *state = bench_value(call, "STATE");

	if (!state)
		return bench_request(call, REQUEST_automatic);
	if (strcmp(state, "on") && strcmp(state, "off"))
		return err_at(ERR_USAGE, NULL, "STATE", "\"%s\" is neither on nor off", state);
	workspace_set_manual(app_of(call)->workspace, state[1] == 'f');
	return OK;
}

const struct command bench_command_auto = {
	.name = "auto",
	.summary = "evaluate after each change by itself, or only when asked",
	.help = "",
	.args = auto_args,
	.run = run_auto,
};
