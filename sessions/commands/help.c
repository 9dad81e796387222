/* qscope help: the program's page or one command's. */
#include "core/buf.h"
#include "sessions/commands/common.h"

#include <string.h>

static enum err
print_json(struct call *call, const char *page)
{
	struct json_out *json = json_out_start("qscope.help/1");

	json_out_text(json, "text", page);
	return output_json(call, json);
}

static enum err
run(struct call *call)
{
	const char *name = arguments_value(&call->arguments, "COMMAND");
	const struct command *command = name ? command_find(name) : NULL;
	enum err code = OK;
	char *page;

	if (name && !command)
		return command_unknown(name);
	page = command ? command_page(command) : program_page();
	if (!page)
		return err_set(ERR_NOMEM, "no memory for the help page; close other programs");
	if (call->options->json)
		code = print_json(call, page);
	else
		output_bytes(call, page, strlen(page));
	buf_free(page);
	return code;
}

const struct command command_help = {
	.name = "help",
	.summary = "explain the program or one command",
	.help = "Without COMMAND the page of the whole program.\n\n"
		"Example: qscope help measure",
	.args =
		(const struct command_arg[]){
			{ "COMMAND", NULL, "command", "the command to explain", false, false },
			{ 0 },
		},
	.run = run,
};
