#ifndef CORE_WORDS_H
#define CORE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Lists of words in one literal, parted by '|', as the tables have them: "silu|swish". */

bool words_have(const char *words, const char *word, size_t length);

/* The word after the one that `words` begins with; NULL: it was the last. */
const char *words_next(const char *words);

/* The word that `words` begins with, cut at capacity - 1. Returns out. */
char *words_copy(char *out, size_t capacity, const char *words);

#endif
