#ifndef SESSIONS_COMMAND_H
#define SESSIONS_COMMAND_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The one table behind the headless program, the `:` line, scripts, completion and the man page:
 * one file each in sessions/commands/, one line in commands.def. */
struct command_arg {
	const char *name;     /* "MODEL", "--bits"; an option starts with -- */
	const char *value;    /* "N", "FILE", "METHOD"; NULL: a switch or a positional */
	const char *complete; /* what completes it: "file", "layer", "method", "param", "text",
				 "protocol" */
	const char *help;
	bool required, repeated;
};

struct options { /* the program's own options, before or after the command */
	bool json, csv, reproducible, no_cache, dry_run;
	int threads;
	uint64_t seed;
	const char *kernels;
};

/* Where a command's words go. stdout is data, stderr narration; the workbench shows both in its
 * log. */
struct sink {
	void (*data)(void *ctx, const char *bytes, size_t length);
	void (*narrate)(void *ctx, const char *line);
	void *ctx;
};

struct call {
	const struct command *command;
	const struct options *options;
	int argc;
	char *const *argv; /* what follows the command's name */
	const struct sink *sink;
	struct engine *engine; /* the workbench's open model; NULL: the command opens its own */
	const struct work *work;
};

struct command {
	const char *name, *summary, *help;
	const struct command_arg *args; /* ends with a NULL name */
	enum err (*run)(struct call *call);
};

#define COMMAND(name) extern const struct command command_##name;
#include "sessions/commands.def"
#undef COMMAND

extern const struct command *const commands[]; /* ends with NULL */
const struct command *command_find(const char *name);

#endif
