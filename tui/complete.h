#ifndef TUI_COMPLETE_H
#define TUI_COMPLETE_H

#include "sessions/command.h"

#include <stdbool.h>
#include <stddef.h>

/* What may stand at the cursor of a command line, from the command table and the open model. */
enum { CANDIDATES_MAX = 256 };

struct candidate {
	char text[120], help[100];
};

struct candidates {
	struct candidate list[CANDIDATES_MAX];
	size_t count;
	size_t start; /* byte where the word that they replace begins */
	bool more;    /* the list was cut */
	bool open;    /* a chosen one is not finished: no blank after it */
};

/* What the names come from. */
struct catalog;
struct complete_source {
	const struct model *model;                      /* NULL: none is open */
	const struct quantizer *method;                 /* whose parameters; NULL: all methods' */
	const struct command *(*command)(size_t index); /* NULL past the end */
	const struct catalog *(*catalog)(void *ctx);    /* models at hand; NULL: not known yet */
	void *ctx;
};

void complete_line(struct candidates *out, const struct complete_source *source, const char *line,
		   size_t point);

#endif
