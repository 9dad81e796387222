/* ':' lines: the workbench's own commands run at once, those of the headless program as jobs on the
 * open model. */
#include "tui/app.h"
#include "tui/commands/commands.h"

#include "core/buf.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

static const struct command *const own[] = {
#define COMMAND(name) &bench_command_##name,
#include "tui/commands/commands.def"
#undef COMMAND
};

enum { OWN = sizeof(own) / sizeof(own[0]), WORDS = 128 };

const struct command *
app_command_at(size_t index)
{
	return index < OWN ? own[index] : command_at(index - OWN);
}

static const struct command *
find(const char *name)
{
	const struct command *command;

	for (size_t i = 0; (command = app_command_at(i)); i++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

static enum err
unknown(const char *name)
{
	const char *names[WORDS + 1] = { 0 };
	const struct command *command;
	const char *nearest;

	for (size_t i = 0; (command = app_command_at(i)) && i < WORDS; i++)
		names[i] = command->name;
	nearest = text_nearest(name, names);
	return err_at(ERR_USAGE, NULL, name, "no such command; %s%s%s",
		      nearest ? "did you mean " : "? lists them", nearest ? nearest : "",
		      nearest ? "?" : "");
}

/* Words by blanks; quotes keep blanks, a backslash the next character. In place. */
static enum err
split(char **words, int *count, char *line)
{
	char *to = line, quote = 0;
	bool inside = false;

	*count = 0;
	for (char *from = line; *from; from++) {
		if (!quote && (*from == ' ' || *from == '\t')) {
			if (inside)
				*to++ = '\0';
			inside = false;
			continue;
		}
		if (!inside) {
			if (*count == WORDS)
				return err_set(ERR_USAGE, "more than %d words", WORDS);
			words[(*count)++] = to;
			inside = true;
		}
		if (quote ? *from == quote : *from == '"' || *from == '\'')
			quote = quote ? 0 : *from;
		else if (*from == '\\' && from[1])
			*to++ = *++from;
		else
			*to++ = *from;
	}
	*to = '\0';
	return quote ? err_set(ERR_USAGE, "a quote is not closed; add %c", quote) : OK;
}

/* ------------------------------------------------------------------------ running */

static void
say_data(void *ctx, const char *bytes, size_t length)
{
	char *copy = buf_strndup(bytes, length), *save = NULL;
	struct app *app = ctx;

	for (char *line = copy ? strtok_r(copy, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		log_add(&app->log, LOG_DATA, line);
		app_say(app, ROLE_TEXT, "%s", line);
	}
	buf_free(copy);
}

static void
say_line(void *ctx, const char *line)
{
	struct app *app = ctx;

	log_add(&app->log, LOG_NOTE, line);
	app_say(app, ROLE_TEXT, "%s", line);
}

static enum err
run_own(struct app *app, const struct command *command, int argc, char **argv)
{
	static const struct options options = { 0 };
	struct sink sink = { .data = say_data, .narrate = say_line, .ctx = app };
	struct app_call call = { .call = { .command = command,
					   .options = &options,
					   .argc = argc,
					   .argv = argv,
					   .sink = &sink,
					   .engine = workspace_engine(app->workspace) },
				 .app = app };

	return command_execute(&call.call);
}

static bool
is_own(const struct command *command)
{
	for (size_t i = 0; i < OWN; i++)
		if (own[i] == command)
			return true;
	return false;
}

enum err
app_line(struct app *app, const char *line)
{
	char *words[WORDS + 1], *copy;
	const struct command *command;
	int count = 0;
	enum err code;

	line += strspn(line, " \t:");
	if (!*line || *line == '#')
		return OK;
	if (!(copy = buf_strdup(line)))
		return ERR_NOMEM;
	app->message[0] = '\0';
	app_echo(app, "%s", line);
	app->dirty = true;
	code = split(words, &count, copy);
	if (!code && count && !(command = find(words[0])))
		code = unknown(words[0]);
	else if (!code && count && is_own(command))
		code = run_own(app, command, count - 1, words + 1);
	else if (!code && count)
		code = workspace_command(app->workspace, command, count - 1, words + 1);
	app_try(app, code);
	buf_free(copy);
	return code;
}
