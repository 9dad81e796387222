/* Help pages, made from the command table. */
#include "sessions/command.h"

#include "core/buf.h"
#include "core/evaluation.h"
#include "sessions/words.h"

#include <stdio.h>
#include <string.h>

static void
argument_usage(struct words *words, const struct command_arg *arg)
{
	words_add(words, " %s%s%s%s%s%s", arg->required ? "" : "[", arg->name,
		  arg->value ? " " : "", arg->value ? arg->value : "", arg->required ? "" : "]",
		  arg->repeated ? "..." : "");
}

static void
usage(struct words *words, const struct command *command)
{
	words_add(words, "usage: qscope %s", command->name);
	for (const struct command_arg *arg = command->args; arg && arg->name; arg++)
		argument_usage(words, arg);
	words_add(words, "\n");
}

/* What the table of protocols adds to a line of help. */
static void
protocol_names(struct words *words)
{
	for (size_t i = 0; protocols[i]; i++)
		words_add(words, "%s%s%s", i ? ", " : ": ", protocols[i]->name,
			  i ? "" : " (default)");
}

static void
argument_lines(struct words *words, const struct command_arg *args)
{
	char name[64];

	for (const struct command_arg *arg = args; arg && arg->name; arg++) {
		snprintf(name, sizeof(name), "%s%s%s", arg->name, arg->value ? " " : "",
			 arg->value ? arg->value : "");
		words_add(words, "  %-24s %s", name, arg->help);
		if (arg->complete && !strcmp(arg->complete, "protocol"))
			protocol_names(words);
		words_add(words, "\n");
	}
}

char *
command_usage(const struct command *command)
{
	struct words words = { 0 };

	usage(&words, command);
	return words_take(&words);
}

char *
command_page(const struct command *command)
{
	struct words words = { 0 };

	words_add(&words, "qscope %s: %s\n\n", command->name, command->summary);
	usage(&words, command);
	words_add(&words, "\n%s\n", command->help);
	if (command->args && command->args->name)
		words_add(&words, "\nArguments:\n");
	argument_lines(&words, command->args);
	words_add(&words, "\nThe program's own options (--json, --csv, --threads N, ...): "
			  "qscope --help\n");
	return words_take(&words);
}

char *
program_page(void)
{
	struct words words = { 0 };
	const struct command *command;

	words_add(&words, "qscope: the oscilloscope for LLM weight quantization\n\n"
			  "usage: qscope [MODEL]                  open the workbench\n"
			  "       qscope --session FILE           open a saved session in it\n"
			  "       qscope COMMAND [ARGUMENTS]      run one command and stop\n\n"
			  "MODEL is a folder of Hugging Face files, a GGUF or llama2.c file, or "
			  "org/name of a "
			  "model in\nthe Hugging Face cache: qscope models lists what is there. "
			  "Without it the "
			  "small model that\ncomes with qscope is used.\n\nCommands:\n");
	for (size_t i = 0; (command = command_at(i)); i++)
		if (!command->hidden)
			words_add(&words, "  %-12s %s\n", command->name, command->summary);
	words_add(&words, "\nOptions, before or after the command:\n");
	argument_lines(&words, program_options);
	words_add(
		&words,
		"\nEnvironment: QSCOPE_THREADS, QSCOPE_KERNELS, QSCOPE_CACHE (a folder, or off),\n"
		"QSCOPE_MODELS (the folder of the shipped model and texts), HF_HUB_CACHE or "
		"HF_HOME\n"
		"(the Hugging Face cache), NO_COLOR.\n"
		"Exit status: 0 ok, 1 failed, 2 wrong usage, 4 a gate said no, 130 interrupted.\n\n"
		"qscope help COMMAND explains one command, with an example.\n");
	return words_take(&words);
}
