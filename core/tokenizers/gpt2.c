#include "core/tokenizers/gpt2.h"

#include "core/text.h"
#include "core/tokenizers/unicode.h"

#include <stdbool.h>
#include <string.h>

enum kind { OTHER, LETTER, NUMBER, SPACE };

static enum kind
kind_of(uint64_t classes)
{
	return classes & UNICODE_LETTER   ? LETTER
	       : classes & UNICODE_NUMBER ? NUMBER
	       : classes & UNICODE_SPACE  ? SPACE
					  : OTHER;
}

/* The kind of the character at text[*at]; advances. */
static enum kind
kind_at(const char *text, size_t length, size_t *at)
{
	unsigned char c = (unsigned char)text[*at];

	if (c >= 0x80)
		return kind_of(unicode_classes(text_decode(text, length, at)));
	++*at;
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
		return LETTER;
	if (c >= '0' && c <= '9')
		return NUMBER;
	return c == ' ' || (c >= '\t' && c <= '\r') ? SPACE : OTHER;
}

static size_t
run_end(const char *text, size_t length, size_t at, enum kind kind)
{
	while (at < length) {
		size_t next = at;

		if (kind_at(text, length, &next) != kind)
			break;
		at = next;
	}
	return at;
}

static size_t
contraction(const char *text, size_t length, size_t at)
{
	static const char *const tails[] = { "s", "t", "re", "ve", "m", "ll", "d" };

	if (text[at] != '\'')
		return 0;
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		size_t n = strlen(tails[i]);

		if (n < length - at && !memcmp(text + at + 1, tails[i], n))
			return 1 + n;
	}
	return 0;
}

/* A run of spaces leaves its last one to the word that follows, unless it is all there is. */
static size_t
spaces_end(const char *text, size_t length, size_t at)
{
	size_t end = at, last = at;

	while (end < length) {
		size_t next = end;

		if (kind_at(text, length, &next) != SPACE)
			break;
		last = end;
		end = next;
	}
	return end == length || last == at ? end : last;
}

size_t
gpt2_next(const char *text, size_t length, size_t at)
{
	size_t next = at, after = contraction(text, length, at);
	enum kind kind;

	if (after)
		return at + after;
	kind = kind_at(text, length, &next);
	if (kind != SPACE)
		return run_end(text, length, next, kind);
	if (text[at] == ' ' && next < length) {
		after = next;
		kind = kind_at(text, length, &after);
		if (kind != SPACE)
			return run_end(text, length, after, kind);
	}
	return spaces_end(text, length, at);
}
