/* The workbench on a screen in memory, driven by lines: `qscope script FILE`. */
#include "tui/app.h"
#include "tui/prompt.h"
#include "tui/workbench.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/jobs.h"
#include "core/text.h"
#include "sessions/output.h"
#include "tui/key.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCRIPT_LIMIT = 1 << 20 };

/* Until nothing runs, or only until the model is open. The owner's cancel (a signal to the headless
 * program) ends it. */
static enum err
wait_for(struct app *app, const struct work *work, bool (*waits)(struct app *app))
{
	struct pollfd wake = { .fd = workspace_wake_fd(app->workspace), .events = POLLIN };

	double end = app->wait_limit > 0 ? jobs_now() + app->wait_limit : 0;

	app->waiting = false;
	app->wait_limit = 0;
	while (waits(app) && (end <= 0 || jobs_now() < end)) {
		enum err code = work_check(work);

		if (code) {
			workspace_cancel(app->workspace);
			return code;
		}
		poll(&wake, 1, 20);
		app_poll(app);
	}
	return OK;
}

static bool
is_opening(struct app *app)
{
	return workspace_opening(app->workspace);
}

static enum err
run_keys(struct app *app, const char *name)
{
	int32_t key = key_parse(name);

	if (key == INPUT_NONE)
		return err_at(ERR_USAGE, NULL, name, "is no key; see: qscope man");
	app_key(app, key);
	return OK;
}

static void
type_text(struct app *app, const char *text)
{
	size_t length = strlen(text);

	for (size_t at = 0; at < length;)
		app_key(app, text_decode(text, length, &at));
}

/* "WxH" */
static enum err
parse_size(int *rows, int *columns, const char *text)
{
	char rest;

	if (sscanf(text, "%dx%d%c", columns, rows, &rest) != 2 || *rows < 1 || *columns < 1 ||
	    *rows > 1000 || *columns > 1000)
		return err_at(ERR_USAGE, NULL, "--size", "\"%s\" is not like 120x40", text);
	return OK;
}

static enum err
run_size(struct app *app, const char *text)
{
	int rows, columns;
	enum err code = parse_size(&rows, &columns, text);

	if (!code)
		app_resize(app, rows, columns);
	return code;
}

/* Between lines the screen is gathered, as if a frame had been drawn. */
static enum err
run_line(struct app *app, char *line, const struct work *work)
{
	enum err code = OK;

	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return OK;
	if (!strncmp(line, "key ", 4))
		code = run_keys(app, line + 4);
	else if (!strncmp(line, "type ", 5))
		type_text(app, line + 5);
	else if (!strncmp(line, "size ", 5))
		code = run_size(app, line + 5);
	else if (*line == ':')
		code = app_line(app, line);
	else
		return err_at(ERR_USAGE, NULL, line,
			      "a line begins with ':', key, type, size or #");
	if (!code && app->waiting)
		code = wait_for(app, work, app_busy);
	app_poll(app);
	return code ? code : scene_gather(app);
}

static enum err
run_lines(struct app *app, char *text, const char *path, const struct work *work)
{
	char *save = NULL, item[32];
	enum err code = OK;
	int number = 0;

	for (char *line = text; line && !code && !app->quit; line = save) {
		save = strchr(line, '\n');
		if (save)
			*save++ = '\0';
		line[strcspn(line, "\r")] = '\0';
		number++;
		code = run_line(app, line, work);
	}
	snprintf(item, sizeof(item), "line %d", number);
	if (code && code != ERR_CANCELLED)
		return err_at(code, path, item, "%s%s%s", err_last()->item,
			      err_last()->item[0] ? ": " : "", err_last()->message);
	return code;
}

/* The log of the run is the narration of the program. */
static void
tell(struct call *call, const struct app *app)
{
	for (size_t i = 0; i < app->log.count; i++) {
		const struct log_line *line = log_at(&app->log, i);

		if (line->kind == LOG_DATA)
			output_text(call, "%s\n", line->text);
		else
			output_narrate(call, "%s", line->text);
	}
}

static enum err
run_script(struct call *call)
{
	const char *path = arguments_value(&call->arguments, "FILE");
	const char *size = arguments_value(&call->arguments, "--size");
	struct workbench_options options = {
		.model = arguments_value(&call->arguments, "MODEL"),
		.session = arguments_value(&call->arguments, "--session"),
		.threads = call->options->threads,
		.memory = call->options->memory,
		.no_cache = call->options->no_cache,
		.ascii = arguments_value(&call->arguments, "--ascii") != NULL,
		.no_color = arguments_value(&call->arguments, "--no-color") != NULL,
		.script = true,
	};
	struct app *app = NULL;
	char *text = NULL;
	size_t length;
	int rows = 40, columns = 120;
	enum err code = size ? parse_size(&rows, &columns, size) : OK;

	if (!code)
		code = file_read(&text, &length, path, SCRIPT_LIMIT);
	if (!code)
		code = app_create(&app, &options);
	if (!code) {
		app_resize(app, rows, columns);
		code = wait_for(app, call->work, is_opening);
		if (!code)
			code = scene_gather(app);
		if (!code)
			code = run_lines(app, text, path, call->work);
		tell(call, app);
	}
	app_free(app);
	buf_free(text);
	return code;
}

static const struct command_arg script_args[] = {
	{ "FILE", NULL, "file", "':' commands, `key NAME`, `type TEXT`, `size WxH`, # comments",
	  true, false },
	{ "MODEL", NULL, "model", "default: the shipped model", false, false },
	{ "--size", "WxH", NULL, "of the screen: columns x rows (default 120x40)", false, false },
	{ "--session", "FILE", "file", "restore this session first", false, false },
	{ "--ascii", NULL, NULL, "draw with ASCII alone", false, false },
	{ "--no-color", NULL, NULL, "as on a terminal without colours", false, false },
	{ 0 },
};

const struct command command_script = {
	.name = "script",
	.summary = "run the workbench on a screen in memory, from a file",
	.help = "Every line is a ':' command of the workbench, `key NAME` for a key, `type TEXT` "
		"for "
		"many, or `size WxH`. `:wait` waits until no job runs, `:save-display F` writes "
		"the "
		"screen as text, `:save-state F` every value on it as JSON. The first command that "
		"fails ends the script.\n\nExample: qscope script demo.qs --size 80x24",
	.args = script_args,
	.run = run_script,
};

const struct command *const workbench_headless[] = { &command_script, NULL };
