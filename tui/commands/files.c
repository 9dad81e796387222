/* Commands that read and write files, and those about the program itself. */
#include "tui/commands/commands.h"

#include "core/buf.h"
#include "core/file.h"
#include "plots/plot.h"
#include "plots/screen_svg.h"
#include "sessions/output.h"
#include "sessions/picture.h"
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

static const struct command_arg no_args[] = { { 0 } };

/* ------------------------------------------------------------------------ open, sessions */

static const struct command_arg open_args[] = {
	{ "MODEL", NULL, "model",
	  "folder, file, org/name in the Hugging Face cache, or a session file; default: a list to "
	  "choose from",
	  false, false },
	{ "--unsaved", NULL, NULL, "without saving the session that is open", false, false },
	{ 0 },
};

static bool
is_session(const char *path)
{
	const char *end = path ? strstr(path, ".qscope.json") : NULL;

	return end && (!strcmp(end, ".qscope.json") || !strcmp(end, ".qscope.json~"));
}

static enum err
run_open(struct call *call)
{
	struct app *app = app_of(call);
	const char *path = bench_value(call, "MODEL");

	bool unsaved = bench_value(call, "--unsaved");
	enum err code;

	if (!path || !path[0]) {
		models_open(app);
		return OK;
	}
	if (!is_session(path))
		return app_open_model(app, path, unsaved);
	code = app_open_session(app, path);
	if (!code)
		app->replace_unsaved = unsaved;
	return code;
}

const struct command bench_command_open = {
	.name = "open",
	.summary = "open another model, or a session file",
	.help = "Without MODEL: the models at hand, to choose from. The open one gives way when "
		"the "
		"other is ready, its session saved.\n\nExample: open org/name",
	.args = open_args,
	.run = run_open,
};

static const struct command_arg session_args[] = {
	{ "FILE", NULL, "file", "a session file", true, false },
	{ 0 },
};

static enum err
run_session(struct call *call)
{
	return app_open_session(app_of(call), bench_value(call, "FILE"));
}

const struct command bench_command_session = {
	.name = "session",
	.summary = "restore a saved session",
	.help = "",
	.args = session_args,
	.run = run_session,
};

static const struct command_arg save_args[] = {
	{ "FILE", NULL, "file", "default: where it was saved before", false, false },
	{ 0 },
};

static enum err
run_save(struct call *call)
{
	struct app *app = app_of(call);
	enum err code = app_save_session(app, bench_value(call, "FILE"));

	if (!code)
		app_say(app, ROLE_GOOD, "saved %.300s", app->session);
	return code;
}

const struct command bench_command_save = {
	.name = "save",
	.summary = "save the session",
	.help = "Example: save mine.qscope.json",
	.args = save_args,
	.run = run_save,
};

/* ------------------------------------------------------------------------ recipes */

static const struct command_arg recipe_args[] = {
	{ "FILE", NULL, "file", "qscope-recipe.json", true, false },
	{ 0 },
};

static enum err
run_load_recipe(struct call *call)
{
	struct app *app = app_of(call);
	struct recipe recipe;
	enum err code = recipe_read(&recipe, bench_value(call, "FILE"));

	if (code)
		return code;
	code = workspace_replace(app->workspace, &recipe, "recipe from a file");
	recipe_clear(&recipe);
	return code;
}

const struct command bench_command_load_recipe = {
	.name = "load-recipe",
	.summary = "take the settings of a recipe",
	.help = "",
	.args = recipe_args,
	.run = run_load_recipe,
};

/* With what makes it stand alone: which model, which profile, which version. */
static enum err
complete_recipe(struct recipe *out, struct app *app)
{
	const struct model *model = workspace_model(app->workspace);
	enum err code;

	if (!model)
		return err_set(ERR_USAGE, "no model is open; wait, or :open one");
	code = recipe_copy(out, workspace_recipe(app->workspace));
	if (code)
		return code;
	snprintf(out->identity, sizeof(out->identity), "%s", model->identity);
	snprintf(out->sha256, sizeof(out->sha256), "%s", workspace_model_sha256(app->workspace));
	snprintf(out->numeric_profile, sizeof(out->numeric_profile), "%s", engine_profile());
	snprintf(out->version, sizeof(out->version), "%s", build_version());
	return OK;
}

static enum err
run_export_recipe(struct call *call)
{
	const char *path = bench_value(call, "FILE");
	struct recipe recipe;
	char *text = NULL;
	enum err code = complete_recipe(&recipe, app_of(call));

	if (code)
		return code;
	code = recipe_text(&text, &recipe);
	if (!code)
		code = file_write(path, text, strlen(text), false);
	if (!code)
		output_text(call, "wrote %s; rerun it with: qscope quantize --recipe %s -o DIR\n",
			    path, path);
	buf_free(text);
	recipe_clear(&recipe);
	return code;
}

const struct command bench_command_export_recipe = {
	.name = "export-recipe",
	.summary = "write the settings for the headless program",
	.help = "Example: export-recipe mine.json",
	.args = recipe_args,
	.run = run_export_recipe,
};

/* ------------------------------------------------------------------------ pictures, screens */

static const struct command_arg picture_args[] = {
	{ "FILE", NULL, "file", "ends in .svg or .png; default: both, with a telling name", false,
	  false },
	{ "--size", "WxH", NULL, "points or pixels (default 1000x600)", false, false },
	{ 0 },
};

/* "qscope-histogram-layers.0.attn.q.svg", or the first of -2, -3, ... that is free. */
static void
free_name(char *out, size_t capacity, const char *view, const char *layer, const char *ending)
{
	snprintf(out, capacity, "qscope-%s-%s.%s", view, layer, ending);
	for (int n = 2; file_exists(out) && n < 1000; n++)
		snprintf(out, capacity, "qscope-%s-%s-%d.%s", view, layer, n, ending);
}

static enum err
run_picture(struct call *call)
{
	struct app *app = app_of(call);
	const char *path = bench_value(call, "FILE"), *size = bench_value(call, "--size");
	const char *view = view_at(app->place.focus)->name;
	int width = 1000, height = 600;
	char name[400], title[400];
	struct plot_data data;
	struct series series[3];
	const struct plot *plot;
	enum err code = scene_gather(app);

	plot = scene_plot(&data, series, app, app->place.focus);
	if (code)
		return code;
	if (!plot)
		return err_set(ERR_USAGE,
			       "the %s pane has no picture; focus the map, the histogram "
			       "or the channels",
			       view);
	if (size && sscanf(size, "%dx%d", &width, &height) != 2)
		return err_at(ERR_USAGE, NULL, "--size", "\"%s\" is not like 1000x600", size);
	snprintf(title, sizeof(title), "%s  %s", app->scene.layer.name, app->scene.layer.method);
	data.title = app->place.focus == VIEW_map ? app->scene.map.metric->label : title;
	if (path)
		return plot_save(plot, &data, path, width, height);
	free_name(name, sizeof(name), view, app->scene.layer.name, "png");
	code = plot_save(plot, &data, name, width, height);
	if (code)
		return code;
	free_name(name, sizeof(name), view, app->scene.layer.name, "svg");
	code = plot_save(plot, &data, name, width, height);
	if (!code)
		app_say(app, ROLE_GOOD, "wrote %s and .png", name);
	return code;
}

const struct command bench_command_picture = {
	.name = "picture",
	.summary = "save the focused plot",
	.help = "Example: picture error.svg",
	.args = picture_args,
	.run = run_picture,
};

static const struct command_arg file_args[] = {
	{ "FILE", NULL, "file", "to write", true, false },
	{ 0 },
};

static bool
ends_in(const char *path, const char *ending)
{
	size_t n = strlen(path), m = strlen(ending);

	return n > m && !strcmp(path + n - m, ending);
}

static enum err
save_canvas(const struct canvas *canvas, const char *path)
{
	char *text;
	enum err code;

	if (ends_in(path, ".svg") || ends_in(path, ".png"))
		return canvas_save(canvas, path);
	code = canvas_dump(&text, canvas);
	if (!code) {
		code = file_write(path, text, strlen(text), false);
		buf_free(text);
	}
	return code;
}

static enum err
run_save_display(struct call *call)
{
	struct app *app = app_of(call);
	struct canvas *canvas;
	enum err code =
		canvas_create(&canvas, app->place.rows, app->place.columns, app->ascii, app->mono);

	if (code)
		return code;
	app->echo[0] = '\0'; /* its own path would be on it */
	frame_draw(app, canvas);
	code = save_canvas(canvas, bench_value(call, "FILE"));
	canvas_free(canvas);
	return code;
}

const struct command bench_command_save_display = {
	.name = "save-display",
	.summary = "write the screen: rows of text, or a picture (.svg, .png)",
	.help = "",
	.args = file_args,
	.run = run_save_display,
};

static enum err
run_save_state(struct call *call)
{
	struct app *app = app_of(call);
	char *text = NULL;
	enum err code = scene_gather(app);

	if (!code)
		code = scene_json(&text, app);
	if (!code)
		code = file_write(bench_value(call, "FILE"), text, strlen(text), false);
	buf_free(text);
	return code;
}

const struct command bench_command_save_state = {
	.name = "save-state",
	.summary = "write every value on the screen as JSON",
	.help = "",
	.args = file_args,
	.run = run_save_state,
};

/* ------------------------------------------------------------------------ the program */

BENCH_PLAIN(cancel, "cancel", cancel, "cancel what is running");

static const struct command_arg wait_args[] = {
	{ "SECONDS", NULL, NULL, "at most so long", false, false },
	{ 0 },
};

static enum err
run_wait(struct call *call)
{
	double limit = 0;
	enum err code = arguments_number(&limit, &call->arguments, "SECONDS");

	app_of(call)->waiting = true;
	app_of(call)->wait_limit = limit;
	return code;
}

const struct command bench_command_wait = {
	.name = "wait",
	.summary = "in a script: until no job runs",
	.help = "",
	.args = wait_args,
	.run = run_wait,
};

static const struct command_arg quit_args[] = {
	{ "--force", NULL, NULL, "without asking", false, false },
	{ 0 },
};

static enum err
run_quit(struct call *call)
{
	if (!bench_value(call, "--force"))
		return bench_request(call, REQUEST_quit);
	app_of(call)->quit = true;
	return OK;
}

const struct command bench_command_quit = {
	.name = "quit",
	.summary = "leave; asks when jobs run",
	.help = "",
	.args = quit_args,
	.run = run_quit,
};
