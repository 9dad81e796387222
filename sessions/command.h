#ifndef SESSIONS_COMMAND_H
#define SESSIONS_COMMAND_H

#include "core/err.h"
#include "core/work.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The one table behind the headless program, the `:` line, scripts, completion and the man page:
 * one file each in sessions/commands/, one line in commands.def. */
struct command_arg {
	const char *name;     /* "MODEL", "--bits", "-o"; an option starts with - */
	const char *value;    /* "N", "FILE", "METHOD"; NULL: a switch or a positional */
	const char *complete; /* what completes it: "model", "file", "folder", "layer", "method",
				 "param", "text", "task", "protocol", "plot", "command"; NULL:
				 nothing */
	const char *help;
	bool required, repeated;
};

struct options { /* the program's own options, before or after the command */
	bool json, csv, reproducible, no_cache, dry_run, help, version;
	int threads;     /* 0: not given */
	uint64_t memory; /* bytes; likewise */
	uint64_t seed;   /* of the calibration draw */
	bool has_seed;
	const char *kernels;
};

/* Where a command's words go. stdout is data, stderr narration; the workbench shows both in its
 * log. */
struct sink {
	void (*data)(void *ctx, const char *bytes, size_t length);
	void (*narrate)(void *ctx, const char *line);
	/* A new stretch of work begins, whose progress counts from nothing. May be NULL. */
	void (*phase)(void *ctx, const char *title);
	void *ctx;
};

enum { ARGUMENTS_MAX = 128 };

struct arguments { /* a command line sorted by the command's own table; borrows the words */
	const char *names[ARGUMENTS_MAX];  /* the option as declared, or the positional's name */
	const char *values[ARGUMENTS_MAX]; /* "" for a switch */
	size_t count;
};

struct call {
	const struct command *command;
	const struct options *options;
	int argc;
	char *const *argv; /* what follows the command's name */
	const struct sink *sink;
	struct engine *engine; /* the workbench's open model; NULL: the command opens its own */
	const struct work *work;
	struct arguments arguments; /* set by command_execute */
	double started;             /* likewise, seconds of jobs_now */
	double expected, rate;      /* what a plan measured: seconds and operations per second,
				       printed under "run"; 0: nothing */
	struct json_out *result;    /* set by a command whose gate said no: what it found; the
				       caller's to drop */
};

struct command {
	const char *name, *summary;
	const char *help;               /* paragraphs; the last begins with "Example" */
	const struct command_arg *args; /* ends with a NULL name */
	enum err (*run)(struct call *call);
	bool hidden; /* for programs: left out of --help */
};

#define COMMAND(name) extern const struct command command_##name;
#include "sessions/commands.def"
#undef COMMAND

extern const struct command_arg program_options[]; /* ends with a NULL name */

/* The tables: this folder's, then those added by a room above it (the workbench's `script`), at
 * most four, at start. `list` ends with NULL and lives on. */
void command_add(const struct command *const *list);
const struct command *command_at(size_t index); /* NULL past the end */
const struct command *command_find(const char *name);
enum err command_unknown(const char *name); /* ERR_USAGE with the nearest */

/* Take the program's options out of words, wherever they stand; the rest stays in order. *argc and
 * argv are changed in place. The first word left is the command. */
enum err options_take(struct options *out, int *argc, char **argv);

/* Parse call->argv by the table and run. */
enum err command_execute(struct call *call);

/* The last value given, or NULL; "" for a switch that is set. */
const char *arguments_value(const struct arguments *arguments, const char *name);
/* The values one after the other: start with *at = 0; NULL at the end. */
const char *arguments_next(const struct arguments *arguments, const char *name, size_t *at);
/* A whole number in [low, high]; absent leaves *out as it is. */
enum err arguments_count(uint64_t *out, const struct arguments *arguments, const char *name,
			 uint64_t low, uint64_t high);
enum err arguments_number(double *out, const struct arguments *arguments, const char *name);

/* "usage: qscope measure [MODEL] --layer NAME ..." and the whole help page; owned by the caller. */
char *command_usage(const struct command *command);
char *command_page(const struct command *command);
char *program_page(void);

#endif
