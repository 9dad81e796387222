#include "core/tokenizers/graphemes.h"

#include "core/text.h"

#include <utf8proc.h>

size_t
graphemes_next(const char *text, size_t length, size_t at)
{
	utf8proc_int32_t state = 0;
	int32_t before = text_decode(text, length, &at);

	while (at < length) {
		size_t next = at;
		int32_t code = text_decode(text, length, &next);

		if (utf8proc_grapheme_break_stateful(before, code, &state))
			break;
		before = code;
		at = next;
	}
	return at;
}
