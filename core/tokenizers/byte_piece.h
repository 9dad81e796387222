#ifndef CORE_TOKENIZERS_BYTE_PIECE_H
#define CORE_TOKENIZERS_BYTE_PIECE_H

#include "core/tokenizers/vocab.h"

#include <stddef.h>

enum { BYTE_PIECE_LENGTH = 6 };

/* "<0x0A>": how vocabularies with byte fallback spell one byte. */
void byte_piece_write(char out[BYTE_PIECE_LENGTH], unsigned char byte);
int byte_piece_value(const char *piece, size_t length); /* -1: it is no such piece */

/* Each byte's id in a vocabulary, -1 for none. */
void byte_piece_ids(int32_t out[256], const struct vocab *vocab);

#endif
