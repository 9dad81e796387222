#ifndef CORE_TOKENIZERS_TRIE_H
#define CORE_TOKENIZERS_TRIE_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

/* Strings of bytes to numbers, walked byte by byte: all pieces that start at one place of a text
 * are found in one pass over its bytes.
 *
 *     uint32_t node = TRIE_ROOT;
 *     while (at < length && (node = trie_step(trie, node, text[at++])) != TRIE_NONE)
 *             if (trie_value(trie, node) >= 0) ... a piece ends before text[at]
 *
 * Memory grows with the bytes added. Immutable once filled; any thread may walk it then. */
struct trie;

enum { TRIE_ROOT = 0 };
#define TRIE_NONE UINT32_MAX

enum err trie_create(struct trie **out);
void trie_free(struct trie *trie); /* NULL is fine */

/* `value` is 0 or more; a string that is there takes the new value. */
enum err trie_add(struct trie *trie, const char *text, size_t length, int32_t value);

uint32_t trie_step(const struct trie *trie, uint32_t node, char byte); /* TRIE_NONE: no such */
int32_t trie_value(const struct trie *trie, uint32_t node);            /* -1: none ends here */

/* The node behind all of `text`, or TRIE_NONE. */
uint32_t trie_walk(const struct trie *trie, uint32_t node, const char *text, size_t length);

#endif
