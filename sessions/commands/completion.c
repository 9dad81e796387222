/* qscope completion: a bash completion script, written from the command table. */
#include "core/buf.h"
#include "plots/plot.h"
#include "quantizers/quantizer.h"
#include "sessions/commands/common.h"
#include "sessions/words.h"

#include <string.h>

static void
method_names(struct words *words)
{
	for (size_t i = 0; quantizers[i]; i++)
		words_add(words, "%s ", quantizers[i]->name);
}

static void
param_names(struct words *words)
{
	for (size_t i = 0; quantizers[i]; i++)
		for (size_t p = 0; p < param_count(quantizers[i]->params); p++)
			words_add(words, "%s= ", quantizers[i]->params[p].name);
}

static void
protocol_names(struct words *words)
{
	for (size_t i = 0; protocols[i]; i++)
		words_add(words, "%s ", protocols[i]->name);
}

static void
plot_names(struct words *words)
{
	for (size_t i = 0; plots[i]; i++)
		words_add(words, "%s ", plots[i]->name);
}

static void
command_names(struct words *words)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(i)); i++)
		if (!command->hidden)
			words_add(words, "%s ", command->name);
}

/* What `complete` of a command_arg means, as words of bash. */
static const struct {
	const char *kind;
	void (*words)(struct words *words);
} kinds[] = {
	{ "method", method_names },    { "param", param_names },     { "protocol", protocol_names },
	{ "plot", plot_names },        { "command", command_names }, { "text", common_text_names },
	{ "task", common_task_names },
};

static void
value_case(struct words *words, const struct command_arg *arg)
{
	if (!arg->value || !arg->complete)
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(arg->complete, kinds[i].kind))
			continue;
		words_add(words, "\t\t%s) COMPREPLY=($(compgen -W '", arg->name);
		kinds[i].words(words);
		words_add(words, "'%s -- \"$word\")); return ;;\n",
			  strcmp(arg->complete, "text") && strcmp(arg->complete, "task") ? ""
											 : " -f");
	}
	if (!strcmp(arg->complete, "file") || !strcmp(arg->complete, "folder"))
		words_add(words, "\t\t%s) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n",
			  arg->name);
}

/* What is there to open is known when the key is pressed, not now. */
static bool
takes_model(const struct command *command)
{
	for (const struct command_arg *arg = command->args; arg && arg->name; arg++)
		if (arg->complete && !strcmp(arg->complete, "model"))
			return true;
	return false;
}

/* Of "method|file" the files come by themselves. */
static void
positional_methods(struct words *words, const struct command *command)
{
	static const char method[] = "method";

	for (const struct command_arg *arg = command->args; arg && arg->name; arg++) {
		if (arg->name[0] == '-' || !arg->complete ||
		    strncmp(arg->complete, method, sizeof(method) - 1))
			continue;
		words_add(words, " ");
		method_names(words);
	}
}

static void
command_case(struct words *words, const struct command *command)
{
	words_add(words, "\t%s)\n\t\tcase $previous in\n", command->name);
	for (const struct command_arg *arg = command->args; arg && arg->name; arg++)
		value_case(words, arg);
	words_add(words, "\t\tesac\n\t\toptions=\"$options");
	for (const struct command_arg *arg = command->args; arg && arg->name; arg++)
		if (arg->name[0] == '-')
			words_add(words, " %s", arg->name);
	positional_methods(words, command);
	words_add(words, "%s\" ;;\n", takes_model(command) ? " $(_qscope_models \"$1\")" : "");
}

static char *
script(void)
{
	struct words words = { 0 };
	const struct command *command;

	words_add(&words, "# bash completion for qscope, written by: qscope completion\n"
			  "_qscope_models() { \"$1\" models --names 2>/dev/null; }\n"
			  "_qscope()\n{\n\tlocal word=${COMP_WORDS[COMP_CWORD]}\n"
			  "\tlocal previous=${COMP_WORDS[COMP_CWORD-1]} options=\"");
	for (const struct command_arg *arg = program_options; arg->name; arg++)
		words_add(&words, "%s%s", arg == program_options ? "" : " ", arg->name);
	words_add(&words,
		  "\"\n\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tCOMPREPLY=($(compgen -W \"");
	command_names(&words);
	words_add(&words,
		  "$options $(_qscope_models \"$1\")\" -f -- \"$word\"))\n\t\treturn\n\tfi\n"
		  "\tcase ${COMP_WORDS[1]} in\n");
	for (size_t i = 0; (command = command_at(i)); i++)
		if (!command->hidden)
			command_case(&words, command);
	words_add(&words, "\tesac\n\tCOMPREPLY=($(compgen -W \"$options\" -f -- \"$word\"))\n}\n"
			  "complete -o filenames -F _qscope qscope\n");
	return words_take(&words);
}

static enum err
run(struct call *call)
{
	char *text = script();

	if (!text)
		return err_set(ERR_NOMEM, "no memory for the script; close other programs");
	output_bytes(call, text, strlen(text));
	buf_free(text);
	return OK;
}

const struct command command_completion = {
	.name = "completion",
	.summary = "print a completion script for bash",
	.help = "Commands, options, models, methods, parameters, texts and files.\n\n"
		"Example: source <(qscope completion)",
	.args = (const struct command_arg[]){ { 0 } },
	.run = run,
	.hidden = true,
};
