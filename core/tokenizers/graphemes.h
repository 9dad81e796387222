#ifndef CORE_TOKENIZERS_GRAPHEMES_H
#define CORE_TOKENIZERS_GRAPHEMES_H

#include <stddef.h>

/* The end of the extended grapheme cluster (Unicode Standard Annex 29) that starts at text[at]; the
 * text is UTF-8 and at < length. */
size_t graphemes_next(const char *text, size_t length, size_t at);

#endif
