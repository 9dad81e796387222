#ifndef SESSIONS_RECENT_H
#define SESSIONS_RECENT_H

#include "core/err.h"

#include <stddef.h>

/* The models that were open in the workbench last, newest first: recent.json (qscope.recent/1)
 * below the state folder. Read as hostile bytes; a broken one is an error to mention, not to stop
 * at. */
enum { RECENT_MAX = 20, RECENT_NAME = 1024 };

struct recent {
	char names[RECENT_MAX][RECENT_NAME]; /* whole paths, or IDs of the Hugging Face cache */
	size_t count;
};

enum err recent_read(struct recent *out); /* no file: an empty list */
enum err recent_parse(struct recent *out, const char *text, size_t length, const char *path);

/* Put a model first, under its whole path where `name` is one, and write the list. "" and NULL are
 * the shipped model, which needs no remembering. */
enum err recent_add(const char *name);

#endif
