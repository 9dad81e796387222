#ifndef CORE_TOKENIZERS_GPT2_H
#define CORE_TOKENIZERS_GPT2_H

#include <stddef.h>

/* GPT-2's pre-tokenizer pattern, scanned by hand, since nearly every byte-level tokenizer uses it:
 *
 *     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *
 * A test holds it against the same pattern run by PCRE2. */
#define GPT2_PATTERN \
	"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

/* The end of the piece that starts at text[at]; text is UTF-8 and at < length. The pieces cover
 * the text. */
size_t gpt2_next(const char *text, size_t length, size_t at);

#endif
