#include "tui/complete.h"

#include "core/evaluation.h"
#include "core/model.h"
#include "plots/plot.h"
#include "quantizers/quantizer.h"
#include "sessions/catalog.h"
#include "sessions/shipped.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct finder {
	struct candidates *out;
	const struct complete_source *source;
	const char *line;
	const char *word; /* the one at the cursor */
	size_t length;
};

static void __attribute__((format(printf, 3, 4)))
offer(struct finder *finder, const char *help, const char *fmt, ...)
{
	struct candidates *out = finder->out;
	struct candidate candidate;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(candidate.text, sizeof(candidate.text), fmt, ap);
	va_end(ap);
	if (n < 0 || n >= (int)sizeof(candidate.text))
		return; /* a part of a name is none */
	if (strncmp(candidate.text, finder->word, finder->length))
		return;
	for (size_t i = 0; i < out->count; i++)
		if (!strcmp(out->list[i].text, candidate.text))
			return;
	if (out->count == CANDIDATES_MAX) {
		out->more = true;
		return;
	}
	snprintf(candidate.help, sizeof(candidate.help), "%s", help ? help : "");
	out->list[out->count++] = candidate;
}

/* ------------------------------------------------------------------------ what completes what */

static void
offer_commands(struct finder *finder)
{
	const struct command *command;

	for (size_t i = 0; (command = finder->source->command(i)); i++)
		if (!command->hidden)
			offer(finder, command->summary, "%s", command->name);
}

static void
offer_layers(struct finder *finder)
{
	const struct model *model = finder->source->model;
	char help[100];

	for (size_t i = 0; model && i < model->layer_count; i++) {
		snprintf(help, sizeof(help), "%zu x %zu, %.60s", model->layers[i].rows,
			 model->layers[i].columns, model->layers[i].tensor_name);
		offer(finder, help, "%s", model->layers[i].name);
	}
}

static void
offer_methods(struct finder *finder)
{
	for (size_t i = 0; quantizers[i]; i++)
		offer(finder, quantizers[i]->summary, "%s", quantizers[i]->name);
}

static void
offer_values(struct finder *finder, const struct param *param)
{
	char text[32];

	for (size_t i = 0; i < param->value_count; i++) {
		param_format(text, sizeof(text), param, param->values[i]);
		offer(finder, param->help, "%s=%s", param->name, text);
	}
	for (size_t i = 0; param->type == PARAM_CHOICE && param->choices[i]; i++)
		offer(finder, param->help, "%s=%s", param->name, param->choices[i]);
	if (param->type == PARAM_BOOL) {
		offer(finder, param->help, "%s=true", param->name);
		offer(finder, param->help, "%s=false", param->name);
	}
}

static void
offer_params(struct finder *finder)
{
	const char *equals = memchr(finder->word, '=', finder->length);

	for (size_t i = 0; quantizers[i]; i++) {
		const struct param *param = quantizers[i]->params;

		if (finder->source->method && finder->source->method != quantizers[i])
			continue;
		for (; param && param->name; param++) {
			size_t length = strlen(param->name);

			if (!equals)
				offer(finder, param->help, "%s=", param->name);
			else if ((size_t)(equals - finder->word) == length &&
				 !strncmp(finder->word, param->name, length))
				offer_values(finder, param);
		}
	}
	finder->out->open = !equals;
}

static void
offer_texts(struct finder *finder)
{
	static const char *const domains[] = { "stories",    "dialogue", "code",
					       "arithmetic", "records",  "second_language",
					       "held_out" };

	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
		offer(finder, "shipped text to calibrate on", "%s.calibration", domains[i]);
		offer(finder, "shipped text to evaluate on", "%s.evaluation", domains[i]);
	}
}

static void
offer_tasks(struct finder *finder)
{
	size_t count;
	const struct shipped_task *tasks = shipped_tasks(&count);

	for (size_t i = 0; i < count; i++)
		offer(finder, "shipped task", "%s", tasks[i].name);
}

static void
offer_protocols(struct finder *finder)
{
	for (size_t i = 0; protocols[i]; i++)
		offer(finder, protocols[i]->help, "%s", protocols[i]->name);
}

static void
offer_plots(struct finder *finder)
{
	for (size_t i = 0; plots[i]; i++)
		offer(finder, plots[i]->help, "%s", plots[i]->name);
}

static void
offer_entry(struct finder *finder, const char *folder, const char *name, bool only_folders)
{
	char path[512];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s%s", folder, name);

	if (n < 0 || (size_t)n >= sizeof(path) || stat(path, &st))
		return;
	if (S_ISDIR(st.st_mode))
		offer(finder, "folder", "%s/", path);
	else if (!only_folders)
		offer(finder, "", "%s", path);
}

static void
offer_files(struct finder *finder, bool only_folders)
{
	char folder[512] = "";
	const char *slash = memrchr(finder->word, '/', finder->length);
	struct dirent *entry;
	DIR *dir;

	if (slash && (size_t)(slash - finder->word) < sizeof(folder) - 1)
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - finder->word + 1),
			 finder->word);
	if (!(dir = opendir(folder[0] ? folder : ".")))
		return;
	while ((entry = readdir(dir)) && finder->out->count < CANDIDATES_MAX)
		if (entry->d_name[0] != '.')
			offer_entry(finder, folder, entry->d_name, only_folders);
	closedir(dir);
	finder->out->open = finder->out->count == 1 && strrchr(finder->out->list[0].text, '/') &&
			    !strrchr(finder->out->list[0].text, '/')[1];
}

static void
offer_any_file(struct finder *finder)
{
	offer_files(finder, false);
}

static void
offer_folders(struct finder *finder)
{
	offer_files(finder, true);
}

static void
offer_models(struct finder *finder)
{
	const struct catalog *catalog = finder->source->catalog(finder->source->ctx);
	char help[100], size[16];

	for (size_t i = 0; catalog && i < catalog->count; i++) {
		const struct catalog_entry *entry = &catalog->entries[i];

		snprintf(help, sizeof(help), "%.40s, %s, %s",
			 entry->architecture ? entry->architecture : "model",
			 catalog_size(size, entry->bytes), catalog_places[entry->place]);
		offer(finder, entry->why ? entry->why : help, "%s", entry->name);
	}
	offer_any_file(finder);
}

/* "a|b|c": these words. */
static void
offer_choices(struct finder *finder, const char *choices, const char *help)
{
	while (*choices) {
		size_t n = strcspn(choices, "|");

		offer(finder, help, "%.*s", (int)n, choices);
		choices += n + (choices[n] == '|');
	}
}

static const struct {
	const char *kind;
	void (*offer)(struct finder *finder);
} kinds[] = {
	{ "command", offer_commands },   { "layer", offer_layers }, { "method", offer_methods },
	{ "param", offer_params },       { "text", offer_texts },   { "task", offer_tasks },
	{ "protocol", offer_protocols }, { "plot", offer_plots },   { "file", offer_any_file },
	{ "folder", offer_folders },     { "model", offer_models },
};

static void
offer_kind(struct finder *finder, const struct command_arg *arg)
{
	if (!arg->complete)
		return;
	if (strchr(arg->complete, '|')) {
		offer_choices(finder, arg->complete, arg->help);
		return;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].kind, arg->complete))
			kinds[i].offer(finder);
}

/* ------------------------------------------------------------------------ where in the line */

static void
offer_options(struct finder *finder, const struct command_arg *args)
{
	for (; args && args->name; args++)
		if (args->name[0] == '-')
			offer(finder, args->help, "%s", args->name);
}

static const struct command_arg *
find_arg(const struct command_arg *args, const char *word, size_t length)
{
	for (; args && args->name; args++)
		if (strlen(args->name) == length && !strncmp(args->name, word, length))
			return args;
	return NULL;
}

/* The positional argument of this index; a repeated one stands for all after it. */
static const struct command_arg *
positional(const struct command_arg *args, int index)
{
	const struct command_arg *last = NULL;

	for (; args && args->name; args++) {
		if (args->name[0] == '-')
			continue;
		if (index-- == 0)
			return args;
		last = args;
	}
	return last && last->repeated ? last : NULL;
}

static const struct command *
named_command(const struct complete_source *source, const char *word, size_t length)
{
	const struct command *command;

	for (size_t i = 0; (command = source->command(i)); i++)
		if (strlen(command->name) == length && !strncmp(command->name, word, length))
			return command;
	return NULL;
}

/* Walk the words before the cursor: which argument is due? */
static const struct command_arg *
due(const struct command *command, const char *line, size_t from, size_t start)
{
	const struct command_arg *pending = NULL;
	int index = 0;

	while (from < start) {
		size_t n;

		from += strspn(line + from, " \t");
		n = strcspn(line + from, " \t");
		if (from >= start || !n)
			break;
		if (pending) {
			pending = NULL;
		} else if (line[from] == '-') {
			pending = find_arg(command->args, line + from, n);
			if (pending && !pending->value)
				pending = NULL;
		} else {
			index++;
		}
		from += n;
	}
	return pending ? pending : positional(command->args, index);
}

void
complete_line(struct candidates *out, const struct complete_source *source, const char *line,
	      size_t point)
{
	struct finder finder = { .out = out, .source = source, .line = line };
	size_t start = point, first = strspn(line, " \t:"), n = strcspn(line + first, " \t");
	const struct command *command;
	const struct command_arg *arg;

	out->count = 0;
	out->more = out->open = false;
	while (start > first && line[start - 1] != ' ' && line[start - 1] != '\t')
		start--;
	out->start = start;
	finder.word = line + start;
	finder.length = point - start;
	if (point < first || start <= first) {
		offer_commands(&finder);
		return;
	}
	if (!(command = named_command(source, line + first, n)))
		return;
	arg = due(command, line, first + n, start);
	if (finder.length && finder.word[0] == '-')
		offer_options(&finder, command->args);
	else if (arg)
		offer_kind(&finder, arg);
	if (!finder.length && !out->count)
		offer_options(&finder, command->args);
}
