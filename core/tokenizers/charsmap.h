#ifndef CORE_TOKENIZERS_CHARSMAP_H
#define CORE_TOKENIZERS_CHARSMAP_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

/* The "precompiled_charsmap" of SentencePiece (normalizer.cc): which strings of a text become which
 * others. Little-endian:
 *
 *     uint32 bytes of the trie, then a double array of as many bytes (Yata et al. 2007; the units
 * of darts-clone: bits 0-7 and 31 label, 8 has a leaf, 9-30 offset and its scale), then the
 *     replacements, each ended by NUL; a leaf holds where in them its own starts.
 *
 * The bytes are hostile: every step is checked against both ends. */
struct charsmap;

/* `data` is copied. Replacements that are not UTF-8 are ERR_FORMAT. */
enum err charsmap_create(struct charsmap **out, const char *data, size_t size);
void charsmap_free(struct charsmap *map); /* NULL is fine */

struct charsmap_match {
	size_t length;           /* bytes of the text that are replaced */
	const char *replacement; /* borrowed from the map */
	size_t replacement_length;
};

/* A string of the map at the start of the text: the shortest, as `tokenizers` looks things up, or
 * the longest, as SentencePiece does. False for none. */
bool charsmap_shortest(struct charsmap_match *out, const struct charsmap *map, const char *text,
		       size_t length);
bool charsmap_longest(struct charsmap_match *out, const struct charsmap *map, const char *text,
		      size_t length);

#endif
