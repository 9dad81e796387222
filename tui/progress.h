#ifndef TUI_PROGRESS_H
#define TUI_PROGRESS_H

#include "core/work.h"

/* What a headless command says on stderr while it works: one line rewritten in place on a terminal,
 * elsewhere a line every ten seconds. A thread of its own reads the counters. */
struct progress;

enum err progress_start(struct progress **out, const struct work *work);
void progress_stop(struct progress *progress);                     /* NULL is fine */
void progress_phase(struct progress *progress, const char *title); /* counters start anew */
/* A line of its own, put before the rewritten one. */
void progress_line(struct progress *progress, const char *line);

#endif
