/* Every key and every command in one list: typing filters it, Enter runs what is chosen. */
#include "tui/app.h"
#include "tui/picker.h"
#include "tui/prompt.h"

#include <stdio.h>
#include <string.h>

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

static bool
matches(const struct entry *entry, const struct picker *picker)
{
	char all[400];

	if (entry->command && entry->command->hidden)
		return false;
	snprintf(all, sizeof(all), "%s %s %s %s", entry->key, entry->line, entry->help,
		 entry->request ? request_entry(entry->request)->name : "");
	return picker_matches(picker, all);
}

/* The n-th entry that matches. */
static bool
chosen(struct entry *out, const struct app *app, int n)
{
	for (size_t i = 0; entry_at(out, i); i++)
		if (matches(out, &app->help) && n-- == 0)
			return true;
	return false;
}

static int
matching(const struct app *app)
{
	struct entry entry;
	int count = 0;

	for (size_t i = 0; entry_at(&entry, i); i++)
		count += matches(&entry, &app->help);
	return count;
}

void
help_open(struct app *app)
{
	picker_open(&app->help);
}

static void
run_chosen(struct app *app)
{
	struct entry entry;
	char text[100];

	if (!chosen(&entry, app, app->help.at))
		return;
	if (entry.request) {
		app_request(app, entry.request);
		return;
	}
	snprintf(text, sizeof(text), "%s ", entry.command->name);
	prompt_open(text);
}

void
help_key(struct app *app, int32_t key)
{
	if (picker_key(&app->help, key, matching(app)) == PICKER_TAKEN)
		run_chosen(app);
}

static void
draw_entry(struct canvas *canvas, struct rect at, int row, const struct entry *entry, bool here)
{
	int command = at.columns < 76 ? 18 : 22;

	canvas_fit(canvas, at, row, 1, 15, ROLE_KEY, entry->key);
	canvas_fit(canvas, at, row, 17, command, ROLE_ACCENT, entry->line);
	canvas_fit(canvas, at, row, 18 + command, at.columns - 18 - command,
		   here ? ROLE_TITLE : ROLE_TEXT, entry->help);
	if (here)
		picker_mark(canvas, at, row);
}

void
help_draw(struct app *app, struct canvas *canvas, struct rect at)
{
	struct picker_rows rows = picker_draw(
		&app->help, canvas, at, "keys and commands: type to filter, Enter runs, Esc closes",
		matching(app), 0);
	struct entry entry;
	int n = 0;

	for (size_t i = 0; entry_at(&entry, i) && n - rows.first < rows.at.rows; i++) {
		if (!matches(&entry, &app->help))
			continue;
		if (n >= rows.first)
			draw_entry(canvas, rows.at, n - rows.first, &entry, n == app->help.at);
		n++;
	}
}
