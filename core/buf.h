#ifndef CORE_BUF_H
#define CORE_BUF_H

#include <stddef.h>

/* The one door to the heap. Memory is zeroed and aligned to 64 bytes. NULL means that ERR_NOMEM is
 * recorded: `if (!(x = buf_alloc(n, sizeof(*x)))) return ERR_NOMEM;`. count * size is checked. */
void *buf_alloc(size_t count, size_t size) __attribute__((malloc, alloc_size(1, 2)));
void buf_free(void *memory); /* NULL is fine */

/* The same for memory that will be written whole before it is read: it may hold anything. */
void *buf_alloc_dirty(size_t count, size_t size) __attribute__((malloc, alloc_size(1, 2)));

/* Large blocks that are freed are kept to be handed out again: at most so many bytes of them, and
 * 256 MiB until this is called. Those beyond it go now. */
void buf_keep(size_t bytes);

/* Grow *array (capacity elements of `size` bytes) to hold at least `need`, doubling. Takes any
 * pointer-to-pointer; contents are kept, new elements are zero. Returns 0, or -1 with ERR_NOMEM
 * recorded and *array untouched. */
int buf_grow(void *array, size_t *capacity, size_t need, size_t size);

char *buf_strdup(const char *text);
char *buf_strndup(const char *text, size_t length);
char *buf_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Tests: let the n-th allocation from now fail (1 = the next), once or for ever; 0 = never. */
void buf_fail_at(unsigned long n, int persistent);

#endif
