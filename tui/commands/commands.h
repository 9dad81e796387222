#ifndef TUI_COMMANDS_COMMANDS_H
#define TUI_COMMANDS_COMMANDS_H

#include "tui/app.h"

/* The workbench's own commands; their calls are struct app_call. */
#define COMMAND(name) extern const struct command bench_command_##name;
#include "tui/commands/commands.def"
#undef COMMAND

static inline const char *
bench_value(struct call *call, const char *name)
{
	return arguments_value(&call->arguments, name);
}

static inline enum err
bench_request(struct call *call, enum request id)
{
	app_request(app_of(call), id);
	return OK;
}

/* A command without arguments that does what a key does. */
#define BENCH_PLAIN(id, title, request_id, words)                 \
	static enum err run_##id(struct call *call)               \
	{                                                         \
		return bench_request(call, REQUEST_##request_id); \
	}                                                         \
	const struct command bench_command_##id = {               \
		.name = title,                                    \
		.summary = words,                                 \
		.help = "",                                       \
		.args = no_args,                                  \
		.run = run_##id,                                  \
	}

#endif
