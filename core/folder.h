#ifndef CORE_FOLDER_H
#define CORE_FOLDER_H

#include "core/arena.h"
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

/* The names in a folder, sorted, without "." and "..": at most `limit` of them, so that a folder
 * with a million files costs no more than one with a thousand. Start from { 0 }. */
struct folder {
	const char **names;
	size_t count, capacity;
	bool more; /* there are others */
	struct arena arena;
};

enum err folder_read(struct folder *out, const char *path, size_t limit);
void folder_clear(struct folder *folder);
bool folder_has(const struct folder *folder, const char *name);
/* The first name that a shell's pattern matches ("*.gguf"); NULL: none. */
const char *folder_match(const struct folder *folder, const char *pattern);

#endif
