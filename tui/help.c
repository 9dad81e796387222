/* Every key and every command in one list: typing filters it, Enter runs what is chosen. */
#include "tui/app.h"
#include "tui/key.h"
#include "tui/prompt.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct entry {
	enum request request; /* or REQUEST_NONE and */
	const struct command *command;
	char key[32], line[80];
	const char *help;
};

static bool
entry_at(struct entry *out, size_t index)
{
	const struct request_entry *request;

	memset(out, 0, sizeof(*out));
	if (index < REQUEST_COUNT - 1) {
		out->request = (enum request)(index + 1);
		request = request_entry(out->request);
		snprintf(out->key, sizeof(out->key), "%s%s%s", request->key,
			 request->alias[0] ? " " : "", request->alias);
		snprintf(out->line, sizeof(out->line), "%s%s", request->command[0] ? ":" : "",
			 request->command);
		out->help = request->help;
		return true;
	}
	out->command = app_command_at(index - (REQUEST_COUNT - 1));
	if (!out->command)
		return false;
	snprintf(out->line, sizeof(out->line), ":%s", out->command->name);
	out->help = out->command->summary;
	return true;
}

/* Every word typed is somewhere in the key's name, the command or the help. */
static bool
matches(const struct entry *entry, const char *filter)
{
	char all[400], copy[64], *save = NULL;

	if (entry->command && entry->command->hidden)
		return false;
	snprintf(all, sizeof(all), "%s %s %s %s", entry->key, entry->line, entry->help,
		 entry->request ? request_entry(entry->request)->name : "");
	snprintf(copy, sizeof(copy), "%s", filter);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (!strcasestr(all, word))
			return false;
	return true;
}

/* The n-th entry that matches. */
static bool
chosen(struct entry *out, const struct app *app, int n)
{
	for (size_t i = 0; entry_at(out, i); i++)
		if (matches(out, app->help.filter) && n-- == 0)
			return true;
	return false;
}

static int
matching(const struct app *app)
{
	struct entry entry;
	int count = 0;

	for (size_t i = 0; entry_at(&entry, i); i++)
		count += matches(&entry, app->help.filter);
	return count;
}

void
help_open(struct app *app)
{
	memset(&app->help, 0, sizeof(app->help));
	app->help.open = true;
}

static void
run_chosen(struct app *app)
{
	struct entry entry;
	char text[100];

	app->help.open = false;
	if (!chosen(&entry, app, app->help.at))
		return;
	if (entry.request) {
		app_request(app, entry.request);
		return;
	}
	snprintf(text, sizeof(text), "%s ", entry.command->name);
	prompt_open(text);
}

static void
type_key(struct app *app, int32_t key)
{
	size_t length = strlen(app->help.filter);

	if (key == INPUT_BACKSPACE && length)
		app->help.filter[length - 1] = '\0';
	if (key >= ' ' && key < 127 && length + 1 < sizeof(app->help.filter)) {
		app->help.filter[length] = (char)key;
		app->help.filter[length + 1] = '\0';
	}
	app->help.at = 0;
}

void
help_key(struct app *app, int32_t key)
{
	int last = matching(app) - 1, step = 0;

	if (key == INPUT_ESCAPE || key == ('C' & 0x1f))
		app->help.open = false;
	else if (key == '\r' || key == '\n')
		run_chosen(app);
	else if (key == INPUT_DOWN || key == '\t')
		step = 1;
	else if (key == INPUT_UP || key == INPUT_BACK_TAB)
		step = -1;
	else if (key == INPUT_PAGE_DOWN)
		step = 10;
	else if (key == INPUT_PAGE_UP)
		step = -10;
	else
		type_key(app, key);
	app->help.at += step;
	if (app->help.at > last && step)
		app->help.at = last;
	if (app->help.at < 0)
		app->help.at = 0;
}

static void
draw_entry(struct canvas *canvas, struct rect at, int row, const struct entry *entry, bool here)
{
	int command = at.columns < 76 ? 18 : 22;

	canvas_fit(canvas, at, row, 1, 15, ROLE_KEY, entry->key);
	canvas_fit(canvas, at, row, 17, command, ROLE_ACCENT, entry->line);
	canvas_fit(canvas, at, row, 18 + command, at.columns - 18 - command,
		   here ? ROLE_TITLE : ROLE_TEXT, entry->help);
	for (int i = 0; here && i < at.columns; i++) {
		struct cell *cell = canvas_at(canvas, at.row + row, at.column + i);

		if (cell)
			cell->reverse = true;
	}
}

void
help_draw(struct app *app, struct canvas *canvas, struct rect at)
{
	struct entry entry;
	int rows = at.rows - 4, first = 0, n = 0;

	canvas_fill(canvas, at, ' ', ROLE_TEXT);
	canvas_box(canvas, at, "keys and commands: type to filter, Enter runs, Esc closes", true);
	at = rect_inside(at);
	canvas_print(canvas, at, 0, 1, ROLE_TITLE, "> %s_", app->help.filter);
	canvas_print(canvas, at, 0, at.columns - 14, ROLE_DIM, "%d entries", matching(app));
	at = rect_part(at, 2, 0, rows, at.columns);
	if (app->help.at >= rows)
		first = app->help.at - rows + 1;
	for (size_t i = 0; entry_at(&entry, i) && n - first < rows; i++) {
		if (!matches(&entry, app->help.filter))
			continue;
		if (n >= first)
			draw_entry(canvas, at, n - first, &entry, n == app->help.at);
		n++;
	}
}
