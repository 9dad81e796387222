#ifndef TUI_WORKBENCH_H
#define TUI_WORKBENCH_H

#include "sessions/command.h"

/* The workbench: one open model under live plots. */
struct workbench_options {
	const char *model;   /* a path; NULL: the shipped model */
	const char *session; /* a session file to restore, or NULL */
	int threads;         /* 0: QSCOPE_THREADS, else the cores of this machine */
	uint64_t memory;     /* bytes to hold at most; 0: a quarter of the machine's */
	bool no_cache;
	bool ascii;    /* draw with ASCII alone even where UTF-8 would do */
	bool no_color; /* NO_COLOR is honoured without it */
	bool light;    /* colours for a light background */
	bool script;   /* no terminal, no history file, nothing saved by itself */
};

/* Run on the terminal until the user quits; the terminal is as before on every way out. Returns the
 * program's exit status, or an error when there is no terminal to run on. */
enum err workbench_main(int *status, const struct workbench_options *options);

/* What the workbench adds to the headless table: `script`. Give it to command_add at start. */
extern const struct command *const workbench_headless[];

#endif
