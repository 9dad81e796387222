#ifndef CORE_TOKENIZERS_VOCAB_H
#define CORE_TOKENIZERS_VOCAB_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

/* Pieces by id and ids by piece. Pieces are bytes and may hold NUL. */
struct vocab;

/* Ids must lie below `limit`: memory grows with the largest id, so a file has to pay for it. */
enum err vocab_create(struct vocab **out, size_t limit);
void vocab_free(struct vocab *vocab);

/* Two pieces with one id, or one piece with two ids, are ERR_FORMAT. */
enum err vocab_add(struct vocab *vocab, const char *piece, size_t length, int64_t id);

/* The same, but a piece that is there already is now found under this id, and both ids show it.
 */
enum err vocab_replace(struct vocab *vocab, const char *piece, size_t length, int64_t id);

int32_t vocab_find(const struct vocab *vocab, const char *piece, size_t length); /* -1: none */
const char *vocab_piece(const struct vocab *vocab, int32_t id, size_t *length);  /* NULL: none */
size_t vocab_size(const struct vocab *vocab); /* the largest id and one */

#endif
