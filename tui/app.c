/* The workbench between its terminal and its workspace. */
#include "tui/app.h"
#include "tui/choose.h"

#include "core/buf.h"
#include "tui/complete.h"
#include "tui/key.h"
#include "tui/knob.h"
#include "sessions/picture.h"
#include "sessions/places.h"
#include "sessions/recent.h"
#include "tui/prompt.h"
#include "tui/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
app_say(struct app *app, enum role role, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(app->message, sizeof(app->message), fmt, ap);
	va_end(ap);
	app->message_role = role;
	app->dirty = true;
}

void
app_echo(struct app *app, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(app->echo, sizeof(app->echo), fmt, ap);
	va_end(ap);
}

void
app_try(struct app *app, enum err code)
{
	if (!code)
		return;
	app_say(app, ROLE_BAD, "%s", err_line());
	log_add(&app->log, LOG_ERROR, err_line());
}

/* An answer that no view shows would look like none. */
static void
point_to_log(struct app *app)
{
	struct layout layout = layout_of(&app->place);

	if (layout.views[VIEW_log].rows)
		return;
	app_echo(app, "focus log");
	app_say(app, ROLE_TEXT, "shows the answer; z over the whole screen");
}

/* From the workspace: jobs and commands. */
static void
on_log(void *ctx, enum log_kind kind, const char *line)
{
	struct app *app = ctx;

	log_add(&app->log, kind, line);
	if (kind == LOG_ERROR)
		app_say(app, ROLE_BAD, "%s", line);
	if (kind == LOG_DATA)
		point_to_log(app);
	app->dirty = true;
}

static const struct catalog *
catalog_of(void *ctx)
{
	const struct app *app = ctx;

	return models_want(app->models);
}

static void
complete(void *ctx, struct candidates *out, const char *line, size_t point)
{
	const struct app *app = ctx;
	struct layer_setting setting = knob_setting(app);
	struct complete_source source = { .model = workspace_model(app->workspace),
					  .method = setting.method,
					  .command = app_command_at,
					  .catalog = catalog_of,
					  .ctx = ctx };

	if (!strncmp(line, "method ", 7) || strstr(line, "--method"))
		source.method = NULL;
	complete_line(out, &source, line, point);
}

static void
start_view(struct app *app)
{
	for (int i = 0; i < VIEW_COUNT; i++)
		app->place.recent[i] = (enum view_id)i;
	app->place.focus = VIEW_map;
	app_focus(app, VIEW_knobs);
	app_focus(app, VIEW_histogram);
	app_focus(app, VIEW_map);
	app->scope = SCOPE_KIND_ALL;
	app->log_counts = app->lock_axes = true;
	app->locked_layer = -1;
	app->dirty = true;
}

enum err
app_create(struct app **out, const struct workbench_options *options)
{
	struct app *app = buf_alloc(1, sizeof(*app));
	struct workspace_options work = { .model = options->model,
					  .threads = options->threads,
					  .memory = options->memory,
					  .no_cache = options->no_cache,
					  .log = on_log,
					  .replace = app_before_replace,
					  .ctx = app };
	struct prompt_options prompt = { .complete = complete, .ctx = app };
	char history[1024];
	enum err code;

	*out = NULL;
	if (!app)
		return ERR_NOMEM;
	app->ascii = options->ascii;
	app->mono = options->no_color;
	app->script = app->timeless = options->script;
	start_view(app);
	if (!options->script && !places_state(history, sizeof(history), "history"))
		prompt.history = history;
	code = models_start(&app->models);
	if (!code)
		code = workspace_create(&app->workspace, &work);
	if (!code)
		code = prompt_start(&prompt);
	if (!code && options->session)
		code = app_open_session(app, options->session);
	if (code) {
		app_free(app);
		return code;
	}
	*out = app;
	return OK;
}

void
app_free(struct app *app)
{
	if (!app)
		return;
	prompt_stop();
	workspace_free(app->workspace);
	models_stop(app->models);
	scene_clear(&app->scene);
	log_clear(&app->log);
	buf_free(app);
}

void
app_resize(struct app *app, int rows, int columns)
{
	app->place.rows = rows;
	app->place.columns = columns;
	app->dirty = true;
}

bool
app_busy(struct app *app)
{
	return workspace_busy(app->workspace) || models_reading(app->models);
}

/* Output error needs a calibration, weight error does not. */
static void
start_model(struct app *app)
{
	const struct recipe *recipe = workspace_recipe(app->workspace);

	app->metric = (int)(metric_find("output_error") - metrics);
	if (recipe && !recipe->calibration.text[0])
		app->metric = (int)(metric_find("weight_error") - metrics);
	app->session[0] = '\0'; /* that of the model before */
	app_restore_pending(app);
	if (!app->script && recent_add(workspace_model_path(app->workspace)))
		log_add(&app->log, LOG_NOTE, err_line());
}

static void
poll_models(struct app *app)
{
	enum err code;

	if (!models_poll(app->models, &code))
		return;
	app_try(app, code);
	prompt_refresh();
}

void
app_poll(struct app *app)
{
	unsigned changed = workspace_poll(app->workspace);

	poll_models(app);
	if (changed & CHANGED_MODEL) {
		scene_clear(&app->scene); /* its shape may be another one */
		app->locked_layer = -1;
		app->knob = app->text_row = 0;
		if (workspace_model(app->workspace))
			start_model(app);
	}
	if (changed & (CHANGED_RESULTS | CHANGED_EVALUATION | CHANGED_SETTINGS))
		app->unsaved = true;
	app->dirty = true;
}

/* ------------------------------------------------------------------------ keys */

static void
take_lines(struct app *app)
{
	char *line;

	while ((line = prompt_take())) {
		app_line(app, line);
		buf_free(line);
	}
}

static void
plain_key(struct app *app, int32_t key)
{
	enum request request = request_of_key(key);
	char name[16];

	if (request != REQUEST_NONE) {
		app_request(app, request);
		return;
	}
	app->echo[0] = '\0';
	app_say(app, ROLE_DIM, "%s does nothing here; ? lists every key", key_title(name, key));
}

void
app_key(struct app *app, int32_t key)
{
	static bool after_escape; /* Alt-x comes as 27 and x: outside the line it means nothing */
	bool skip = after_escape;

	app->dirty = true;
	after_escape = key == 27 && !prompt_active();
	if (key <= 0 || after_escape || skip)
		return;
	if (app->asking_quit) {
		app->asking_quit = false;
		app->quit = key == 'y' || key == 'Y';
	} else if (prompt_active()) {
		prompt_key(key);
		take_lines(app);
	} else if (workspace_question(app->workspace)) {
		workspace_answer(app->workspace, key == 'y' || key == 'Y');
	} else if (app->help.open) {
		help_key(app, key);
	} else if (app->choice.open) {
		models_key(app, key);
	} else if (app->methods.open) {
		choose_key(app, key);
	} else if (key == INPUT_PASTE) { /* a paste is text, never keys */
		prompt_open("");
		prompt_key(key);
	} else if (key != INPUT_ESCAPE) {
		plain_key(app, key);
	} else {
		app->place.zoom = false;
	}
}
