/* qscope man: the manual page, docs/qscope.1, written from the command table. */
#include "core/buf.h"
#include "sessions/commands/common.h"
#include "sessions/words.h"

#include <string.h>

/* roff reads \ and, at the start of a line, . and ' as its own; - is a hyphen unless escaped. */
static void
roff(struct words *words, const char *text)
{
	bool start = true;

	for (; *text; text++) {
		if (start && (*text == '.' || *text == '\''))
			words_append(words, "\\&", 2);
		if (*text == '\\' || *text == '-')
			words_append(words, "\\", 1);
		words_append(words, text, 1);
		start = *text == '\n';
	}
}

static void
roff_args(struct words *words, const struct command_arg *args)
{
	for (; args && args->name; args++) {
		words_add(words, ".TP\n.B ");
		roff(words, args->name);
		if (args->value)
			words_add(words, " \\fI%s\\fR", args->value);
		words_add(words, "\n");
		roff(words, args->help);
		words_add(words, "\n");
	}
}

static void
roff_command(struct words *words, const struct command *command)
{
	char *usage = command_usage(command);

	words_add(words, ".SS ");
	roff(words, command->name);
	words_add(words, "\n.nf\n");
	roff(words, usage ? usage : "");
	words_add(words, "\n");
	roff(words, command->help);
	words_add(words, "\n.fi\n");
	roff_args(words, command->args);
	words->failed = words->failed || !usage;
	buf_free(usage);
}

static char *
manual(void)
{
	struct words words = { 0 };
	const struct command *command;

	words_add(&words, ".TH QSCOPE 1 \"\" \"qscope %s\" \"User Commands\"\n", build_version());
	words_add(&words,
		  ".SH NAME\nqscope \\- the oscilloscope for LLM weight quantization\n"
		  ".SH SYNOPSIS\n.B qscope\n[\\fIMODEL\\fR]\n.br\n.B qscope\n"
		  "\\-\\-session \\fIFILE\\fR\n.br\n.B qscope\n\\fICOMMAND\\fR "
		  "[\\fIARGUMENTS\\fR]\n"
		  ".SH DESCRIPTION\nWithout a command qscope opens the workbench on MODEL, a "
		  "folder of Hugging Face files, a GGUF or llama2.c file, or org/name of a model "
		  "in the "
		  "Hugging Face cache; without MODEL on the small model that comes with it.\n"
		  ".SH OPTIONS\n");
	roff_args(&words, program_options);
	words_add(&words, ".SH COMMANDS\n");
	for (size_t i = 0; (command = command_at(i)); i++)
		if (!command->hidden)
			roff_command(&words, command);
	words_add(&words,
		  ".SH ENVIRONMENT\n.TP\n.B QSCOPE_THREADS\nthreads to compute with\n.TP\n"
		  ".B QSCOPE_KERNELS\nkernel set to use\n.TP\n.B QSCOPE_CACHE\nfolder of kept "
		  "results, or off\n.TP\n.B QSCOPE_MODELS\nfolder of the shipped model and texts\n"
		  ".TP\n.B HF_HUB_CACHE, HF_HOME\nthe Hugging Face cache, where its own tools "
		  "find it\n.TP\n.B XDG_STATE_HOME\nhistory, saved sessions, models opened last\n"
		  ".TP\n.B NO_COLOR\nno colours\n"
		  ".SH EXIT STATUS\n0 ok, 1 failed, 2 wrong usage, 4 a gate said no, 130 "
		  "interrupted.\n");
	return words_take(&words);
}

static enum err
run(struct call *call)
{
	char *text = manual();

	if (!text)
		return err_set(ERR_NOMEM, "no memory for the manual page; close other programs");
	output_bytes(call, text, strlen(text));
	buf_free(text);
	return OK;
}

const struct command command_man = {
	.name = "man",
	.summary = "print the manual page",
	.help = "The page in docs/qscope.1 is made by this command from the command table.\n\n"
		"Example: qscope man | man -l -",
	.args = (const struct command_arg[]){ { 0 } },
	.run = run,
	.hidden = true,
};
