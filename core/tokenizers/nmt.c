/* "Nmt": SentencePiece's preparation of texts for translation: controls go, and whatever looks like
 * a space, or like nothing, becomes one. */
#include "core/text.h"
#include "core/tokenizers/kinds.h"

static bool
is_removed(int32_t code)
{
	return (code >= 0x1 && code <= 0x8) || code == 0xb || (code >= 0xe && code <= 0x1f) ||
	       code == 0x7f || code == 0x8f || code == 0x9f;
}

static bool
is_space(int32_t code)
{
	static const int32_t spaces[] = { 0x9,    0xa,    0xc,    0xd,    0x1680,
					  0x2028, 0x2029, 0x2581, 0xfeff, 0xfffd };

	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
		if (code == spaces[i])
			return true;
	return code >= 0x200b && code <= 0x200f;
}

static enum err
normalize(struct bytes *out, const void *state, const char *text, size_t length)
{
	enum err code = OK;

	(void)state;
	for (size_t at = 0; at < length && !code;) {
		size_t start = at;
		int32_t character = text_decode(text, length, &at);

		if (is_space(character))
			code = bytes_add(out, " ", 1);
		else if (!is_removed(character))
			code = bytes_add(out, text + start, at - start);
	}
	return code;
}

const struct part_kind normalizer_nmt = { .type = "Nmt", .normalize = normalize };
