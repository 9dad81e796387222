#ifndef CORE_TOKENIZERS_UNICODE_H
#define CORE_TOKENIZERS_UNICODE_H

#include <stddef.h>
#include <stdint.h>

/* Character classes as the peer's regular expressions see them (unicode.def says which peer). */
enum unicode_class {
	UNICODE_LETTER = 1,       /* \p{L} */
	UNICODE_NUMBER = 2,       /* \p{N} */
	UNICODE_MARK = 4,         /* \p{M} */
	UNICODE_DIGIT = 8,        /* \p{Nd}, \d */
	UNICODE_SPACE = 16,       /* \s */
	UNICODE_WORD = 32,        /* \w */
	UNICODE_PUNCTUATION = 64, /* \p{P} */
	UNICODE_SYMBOL = 128,     /* \p{S} */
	UNICODE_TOKEN_WORD = 256, /* a word beside an added token: \w and joiners */
};

/* The classes of a code point, 0 for none; -1 (no code point) has none. */
unsigned unicode_classes(int32_t code);

struct unicode_range {
	int32_t first, last;
	unsigned classes;
};

/* All ranges in order; neighbours may share a class. */
const struct unicode_range *unicode_ranges(size_t *count);

#endif
