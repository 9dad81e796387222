#ifndef CORE_TOKENIZERS_ALPHABET_H
#define CORE_TOKENIZERS_ALPHABET_H

#include "core/tokenizers/charset.h"
#include "core/tokenizers/parts.h"

/* Two characters that are in the same ones of a list of sets are one letter: a regular expression
 * made of those sets cannot tell them apart. So a text becomes one byte for each character, each
 * set a set of bytes, and matching knows nothing of Unicode. */
struct alphabet;

enum { ALPHABET_MAX = 256 };

/* The sets are settled and read at once. ERR_UNSUPPORTED when they make more than 256 letters. */
enum err alphabet_create(struct alphabet **out, const struct charset *sets, size_t count);
void alphabet_free(struct alphabet *alphabet); /* NULL is fine */

/* Which letters lie in set number `set`. */
size_t alphabet_size(const struct alphabet *alphabet);
bool alphabet_has(const struct alphabet *alphabet, size_t letter, size_t set);

/* Adds the letters of a text that is UTF-8. */
enum err alphabet_spell(struct bytes *out, const struct alphabet *alphabet, const char *text,
			size_t length);

#endif
