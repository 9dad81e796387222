/* "WhitespaceSplit": what stands between white space. "Whitespace": further apart into runs of word
 * characters and of others. */
#include "core/text.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/split.h"
#include "core/tokenizers/unicode.h"

static enum err
cut_split(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	(void)state;
	return split_at_classes(out, UNICODE_SPACE, &split_removed, text, length, at_start);
}

const struct part_kind pre_tokenizer_whitespace_split = {
	.type = "WhitespaceSplit",
	.cut = cut_split,
};

enum kind { SPACE, WORD, OTHER };

/* A word character is one even where it is white space, too. */
static enum kind
kind_at(const char *text, size_t length, size_t *at)
{
	uint64_t classes = unicode_classes(text_decode(text, length, at));

	if (classes & UNICODE_TOKEN_WORD)
		return WORD;
	return classes & UNICODE_SPACE ? SPACE : OTHER;
}

static enum err
cut(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	enum kind before = SPACE;
	size_t from = 0;
	enum err code = OK;

	(void)state;
	for (size_t at = 0; at < length && !code;) {
		size_t start = at;
		enum kind kind = kind_at(text, length, &at);

		if (kind == before)
			continue;
		if (before != SPACE)
			code = cuts_add(out, text + from, start - from, at_start && !from);
		before = kind;
		from = start;
	}
	if (!code && before != SPACE)
		code = cuts_add(out, text + from, length - from, at_start && !from);
	return code;
}

const struct part_kind pre_tokenizer_whitespace = { .type = "Whitespace", .cut = cut };
