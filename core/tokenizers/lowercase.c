/* "Lowercase": each character by itself, whatever stands beside it. */
#include "core/tokenizers/lowercase.h"

#include "core/text.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/unicode.h"

enum err
lowercase_add(struct bytes *out, const char *text, size_t length)
{
	enum err code = OK;

	for (size_t at = 0; at < length && !code;) {
		char lower[8];
		int32_t letter = text_decode(text, length, &at);
		size_t n = text_encode(lower, unicode_lower(letter));

		/* The one letter that becomes two: I with a dot. */
		if (letter == 0x130)
			n += text_encode(lower + n, 0x307);
		code = bytes_add(out, lower, n);
	}
	return code;
}

static enum err
normalize(struct bytes *out, const void *state, const char *text, size_t length)
{
	(void)state;
	return lowercase_add(out, text, length);
}

const struct part_kind normalizer_lowercase = { .type = "Lowercase", .normalize = normalize };
