/* The command table, and the words of a command line sorted by it. */
#include "sessions/command.h"

#include "core/jobs.h"
#include "core/text.h"
#include "sessions/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LISTS_MAX = 4, NAMES_MAX = 128 };

static const struct command *const own[] = {
#define COMMAND(name) &command_##name,
#include "sessions/commands.def"
#undef COMMAND
	NULL
};

/* Set at start, before any thread. */
static const struct command *const *lists[LISTS_MAX] = { own };
static size_t list_count = 1;

const struct command_arg program_options[] = {
	{ "--json", NULL, NULL, "print exactly one JSON object", false, false },
	{ "--csv", NULL, NULL, "print the table as comma-separated values", false, false },
	{ "--threads", "N", NULL, "threads to compute with (default: every core)", false, false },
	{ "--memory", "SIZE", NULL, "memory to use at most, as 3G or 512M (default: a quarter)",
	  false, false },
	{ "--seed", "N", NULL, "seed of the calibration draw (default 0)", false, false },
	{ "--kernels", "SET", "kernels", "force a kernel set: generic, avx2, avx512", false,
	  false },
	{ "--reproducible", NULL, NULL,
	  "fix the numeric profile, for equal bytes on every AVX2 machine", false, false },
	{ "--no-cache", NULL, NULL, "neither read nor write results kept on disk", false, false },
	{ "--dry-run", NULL, NULL, "say what would be read, computed and written, and stop", false,
	  false },
	{ "--help", NULL, NULL, "explain the program or a command", false, false },
	{ "--version", NULL, NULL, "print the version", false, false },
	{ 0 },
};

void
command_add(const struct command *const *list)
{
	if (list_count < LISTS_MAX)
		lists[list_count++] = list;
}

const struct command *
command_at(size_t index)
{
	for (size_t i = 0; i < list_count; i++)
		for (size_t j = 0; lists[i][j]; j++)
			if (index-- == 0)
				return lists[i][j];
	return NULL;
}

const struct command *
command_find(const char *name)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(i)); i++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

enum err
command_unknown(const char *name)
{
	const char *names[NAMES_MAX + 1] = { 0 };
	const struct command *command;
	const char *nearest;

	for (size_t i = 0, n = 0; (command = command_at(i)) && n < NAMES_MAX; i++)
		if (!command->hidden)
			names[n++] = command->name;
	nearest = text_nearest(name, names);
	return err_at(ERR_USAGE, NULL, name, "no such command or model; %s%s%s",
		      nearest ? "did you mean " : "see: qscope --help", nearest ? nearest : "",
		      nearest ? "?" : "");
}

/* ------------------------------------------------------------------------ options */

static bool
is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

/* Does `word` spell the option, alone or as --name=value? */
static bool
spells(const char *word, const char *name, const char **value)
{
	size_t length = strlen(name);

	*value = NULL;
	if (strncmp(word, name, length))
		return false;
	if (word[length] == '=' && name[1] == '-')
		*value = word + length + 1;
	return !word[length] || *value;
}

static const struct command_arg *
find_option(const struct command_arg *specs, const char *word, const char **value)
{
	for (; specs && specs->name; specs++)
		if (is_option(specs->name) && spells(word, specs->name, value))
			return specs;
	return NULL;
}

/* The value of an option: behind its "=", else the next word. */
static enum err
option_value(const char **value, const struct command_arg *spec, int *i, int argc,
	     char *const *argv)
{
	if (!spec->value && *value)
		return err_at(ERR_USAGE, NULL, spec->name, "takes no value; leave \"=%s\" out",
			      *value);
	if (!spec->value)
		*value = "";
	else if (!*value && *i + 1 >= argc)
		return err_at(ERR_USAGE, NULL, spec->name, "needs a value; write %s %s", spec->name,
			      spec->value);
	else if (!*value)
		*value = argv[++*i];
	return OK;
}

static enum err
parse_count(uint64_t *out, const char *name, const char *text, uint64_t low, uint64_t high)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (!*text || *end || text[0] == '-' || text[0] == '+' || errno || value < low ||
	    value > high)
		return err_at(ERR_USAGE, NULL, name, "\"%s\" is no whole number from %llu to %llu",
			      text, (unsigned long long)low, (unsigned long long)high);
	*out = value;
	return OK;
}

static enum err
options_set(struct options *out, const char *name, const char *value)
{
	uint64_t threads = 0;
	enum err code = OK;
	const struct {
		const char *name;
		bool *flag;
	} flags[] = { { "--json", &out->json },
		      { "--csv", &out->csv },
		      { "--reproducible", &out->reproducible },
		      { "--no-cache", &out->no_cache },
		      { "--dry-run", &out->dry_run },
		      { "--help", &out->help },
		      { "--version", &out->version } };

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (!strcmp(name, flags[i].name))
			*flags[i].flag = true;
	if (!strcmp(name, "--kernels"))
		out->kernels = value;
	if (!strcmp(name, "--threads")) {
		code = parse_count(&threads, name, value, 1, 1024);
		out->threads = (int)threads;
	}
	if (!strcmp(name, "--memory"))
		code = memory_parse(&out->memory, name, value);
	if (!strcmp(name, "--seed")) {
		out->has_seed = true;
		code = parse_count(&out->seed, name, value, 0, UINT64_C(1) << 53);
	}
	return code;
}

/* What stands there holds where no option was given. */
static enum err
take_environment(struct options *out)
{
	const char *text = getenv("QSCOPE_THREADS"), *memory = getenv("QSCOPE_MEMORY");
	uint64_t threads = 0;
	enum err code = OK;

	if (!out->threads && text && text[0])
		code = parse_count(&threads, "QSCOPE_THREADS", text, 1, 1024);
	if (threads)
		out->threads = (int)threads;
	if (!code && !out->memory && memory && memory[0])
		code = memory_parse(&out->memory, "QSCOPE_MEMORY", memory);
	return code;
}

/* Until the command is known, a word that starts with - and is no option of the program's is kept:
 * command_execute names it. */
enum err
options_take(struct options *out, int *argc, char **argv)
{
	const struct command *command = NULL;
	int kept = 0, words = 0;
	bool rest = false;
	enum err code = OK;

	for (int i = 0; i < *argc && !code; i++) {
		const struct command_arg *own_option = NULL, *option = NULL;
		const char *value = NULL, *ignored;

		rest = rest || !strcmp(argv[i], "--");
		if (!rest && !strcmp(argv[i], "-h"))
			option = find_option(program_options, "--help", &value);
		else if (!rest && command)
			own_option = find_option(command->args, argv[i], &ignored);
		if (!rest && !own_option && !option)
			option = find_option(program_options, argv[i], &value);
		if (option) {
			code = option_value(&value, option, &i, *argc, argv);
			if (!code)
				code = options_set(out, option->name, value);
			continue;
		}
		if (!rest && !is_option(argv[i]) && words++ == 0)
			command = command_find(argv[i]);
		argv[kept++] = argv[i];
		/* Its value is no option of ours, whatever it looks like. */
		if (own_option && own_option->value && !ignored && i + 1 < *argc)
			argv[kept++] = argv[++i];
	}
	*argc = kept;
	return code ? code : take_environment(out);
}

/* ---------------------------------------------------------------------- arguments */

static enum err
unknown_option(const struct command *command, const char *word)
{
	const char *names[NAMES_MAX + 1] = { 0 };
	const struct command_arg *tables[] = { command->args, program_options };
	const char *nearest;
	size_t n = 0;

	for (size_t t = 0; t < 2; t++)
		for (const struct command_arg *arg = tables[t]; arg && arg->name && n < NAMES_MAX;
		     arg++)
			if (is_option(arg->name))
				names[n++] = arg->name;
	nearest = text_nearest(word, names);
	return err_at(ERR_USAGE, NULL, word, "no such option of %s; %s%s%s", command->name,
		      nearest ? "did you mean " : "see: qscope help ",
		      nearest ? nearest : command->name, nearest ? "?" : "");
}

static enum err
add_argument(struct call *call, const char *name, const char *value)
{
	struct arguments *arguments = &call->arguments;

	if (arguments->count == ARGUMENTS_MAX)
		return err_at(ERR_USAGE, NULL, call->command->name, "more than %d arguments",
			      ARGUMENTS_MAX);
	arguments->names[arguments->count] = name;
	arguments->values[arguments->count++] = value;
	return OK;
}

/* The next positional of the table that still takes a word. */
static enum err
add_positional(struct call *call, const char *word)
{
	const struct command_arg *arg = call->command->args;

	for (; arg && arg->name; arg++)
		if (!is_option(arg->name) &&
		    (arg->repeated || !arguments_value(&call->arguments, arg->name)))
			return add_argument(call, arg->name, word);
	return err_at(ERR_USAGE, NULL, word, "one argument too many; see: qscope help %s",
		      call->command->name);
}

static enum err
check_required(const struct call *call)
{
	for (const struct command_arg *arg = call->command->args; arg && arg->name; arg++)
		if (arg->required && !arguments_value(&call->arguments, arg->name))
			return err_at(ERR_USAGE, NULL, call->command->name,
				      "%s is missing; write %s%s%s, see: qscope help %s", arg->name,
				      arg->name, arg->value ? " " : "",
				      arg->value ? arg->value : "", call->command->name);
	return OK;
}

static enum err
arguments_parse(struct call *call)
{
	enum err code = OK;
	bool rest = false;

	call->arguments.count = 0;
	for (int i = 0; i < call->argc && !code; i++) {
		const struct command_arg *option = NULL;
		const char *word = call->argv[i], *value = NULL;

		if (!rest && !strcmp(word, "--")) {
			rest = true;
			continue;
		}
		if (!rest && is_option(word))
			option = find_option(call->command->args, word, &value);
		if (option)
			code = option_value(&value, option, &i, call->argc, call->argv);
		if (option && !code)
			code = add_argument(call, option->name, value);
		else if (!code && !rest && is_option(word))
			code = unknown_option(call->command, word);
		else if (!code)
			code = add_positional(call, word);
	}
	return code ? code : check_required(call);
}

enum err
command_execute(struct call *call)
{
	enum err code = arguments_parse(call);

	call->started = jobs_now();
	return code ? code : call->command->run(call);
}

const char *
arguments_value(const struct arguments *arguments, const char *name)
{
	for (size_t i = arguments->count; i-- > 0;)
		if (!strcmp(arguments->names[i], name))
			return arguments->values[i];
	return NULL;
}

const char *
arguments_next(const struct arguments *arguments, const char *name, size_t *at)
{
	while (*at < arguments->count) {
		size_t i = (*at)++;

		if (!strcmp(arguments->names[i], name))
			return arguments->values[i];
	}
	return NULL;
}

enum err
arguments_count(uint64_t *out, const struct arguments *arguments, const char *name, uint64_t low,
		uint64_t high)
{
	const char *text = arguments_value(arguments, name);

	return text ? parse_count(out, name, text, low, high) : OK;
}

enum err
arguments_number(double *out, const struct arguments *arguments, const char *name)
{
	const char *text = arguments_value(arguments, name);
	char *end;

	if (!text)
		return OK;
	*out = strtod(text, &end);
	if (!*text || *end || *out != *out)
		return err_at(ERR_USAGE, NULL, name, "\"%s\" is no number", text);
	return OK;
}
