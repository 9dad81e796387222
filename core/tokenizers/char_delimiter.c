/* "CharDelimiterSplit": what stands between one character. */
#include "core/text.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/split.h"

struct delimiter {
	int32_t code;
};

static enum err
create(void *state, const struct json *spec)
{
	struct delimiter *delimiter = state;
	const struct json *text;
	enum err code = spec_string(&text, spec, "delimiter");
	size_t at = 0;

	if (code)
		return code;
	if (text && text->length)
		delimiter->code = text_decode(text->string, text->length, &at);
	if (!text || !text->length || delimiter->code < 0 || at != text->length)
		return err_at(ERR_FORMAT, NULL, "pre_tokenizer.CharDelimiterSplit",
			      "delimiter is not one character");
	return OK;
}

static bool
is_delimiter(int32_t code, const void *state)
{
	return code == ((const struct delimiter *)state)->code;
}

static enum err
cut(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	return split_at(out, is_delimiter, state, &split_removed, text, length, at_start);
}

const struct part_kind pre_tokenizer_char_delimiter = {
	.type = "CharDelimiterSplit",
	.size = sizeof(struct delimiter),
	.create = create,
	.cut = cut,
};
