#include "core/arena.h"

#include "core/buf.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_SIZE = 64 * 1024 };

struct arena_block {
	struct arena_block *older;
	size_t capacity;
	alignas(max_align_t) char bytes[];
};

static int
add_block(struct arena *arena, size_t need)
{
	size_t capacity = need > BLOCK_SIZE ? need : BLOCK_SIZE;
	struct arena_block *block = buf_alloc(1, sizeof(*block) + capacity);

	if (!block)
		return -1;
	block->older = arena->blocks;
	block->capacity = capacity;
	arena->blocks = block;
	arena->used = 0;
	return 0;
}

void *
arena_alloc(struct arena *arena, size_t count, size_t size)
{
	size_t bytes, aligned;
	void *memory;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 4)
		return buf_alloc(count, size); /* records the error: this size never succeeds */
	aligned = (bytes + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if ((!arena->blocks || arena->blocks->capacity - arena->used < aligned) &&
	    add_block(arena, aligned))
		return NULL;
	memory = arena->blocks->bytes + arena->used;
	arena->used += aligned;
	return memory;
}

char *
arena_strndup(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_alloc(arena, length + 1, 1);

	if (copy)
		memcpy(copy, text, length);
	return copy;
}

char *
arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int length;

	va_start(ap, fmt);
	length = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (length < 0 || !(text = arena_alloc(arena, (size_t)length + 1, 1)))
		return NULL;
	va_start(ap, fmt);
	vsnprintf(text, (size_t)length + 1, fmt, ap);
	va_end(ap);
	return text;
}

void
arena_reset(struct arena *arena)
{
	struct arena_block *kept = arena->blocks;

	if (!kept || kept->older || kept->capacity > BLOCK_SIZE) {
		arena_clear(arena);
		return;
	}
	memset(kept->bytes, 0, arena->used);
	arena->used = 0;
}

void
arena_clear(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *older = arena->blocks->older;

		buf_free(arena->blocks);
		arena->blocks = older;
	}
	arena->used = 0;
}
