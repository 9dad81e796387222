#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include <stddef.h>

/* Many small things that die together. Zeroed memory; NULL means ERR_NOMEM is recorded. */
struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used;                /* bytes of the newest block */
};

void *arena_alloc(struct arena *arena, size_t count, size_t size)
	__attribute__((malloc, alloc_size(2, 3)));
char *arena_strndup(struct arena *arena, const char *text, size_t length); /* NUL-terminated */
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_clear(struct arena *arena); /* frees everything; a zeroed arena is an empty one */
void arena_reset(struct arena *arena); /* empties it, and keeps some memory for what comes next */

#endif
