#ifndef TUI_LOG_H
#define TUI_LOG_H

#include "sessions/workspace.h"

/* The last lines that anyone said; made fit for a terminal on their way in. */
enum { LOG_LINES = 2000 };

struct log_line {
	enum log_kind kind;
	char *text;
};

struct log {
	struct log_line lines[LOG_LINES]; /* a ring */
	size_t first, count;
	uint64_t added; /* ever */
};

void log_add(struct log *log, enum log_kind kind, const char *text);
const struct log_line *log_at(const struct log *log, size_t index); /* 0: the oldest kept */
void log_clear(struct log *log);

/* Standard output and error into a pipe while the screen is ours: what libraries write must not
 * tear it. capture_start returns the end to read, or -1. */
int capture_start(void);
void capture_read(struct log *log); /* without blocking */
void capture_stop(void);            /* both as before */

#endif
