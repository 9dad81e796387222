/* "FixedLength": as many characters to a piece, the last with what is left. */
#include "core/text.h"
#include "core/tokenizers/kinds.h"

struct fixed {
	int64_t length;
};

static enum err
create(void *state, const struct json *spec)
{
	struct fixed *fixed = state;
	enum err code = spec_integer(&fixed->length, spec, "length", 5);

	if (!code && fixed->length < 1)
		return err_at(ERR_FORMAT, NULL, "pre_tokenizer.FixedLength",
			      "the length %lld is not above 0", (long long)fixed->length);
	return code;
}

static enum err
cut(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	const struct fixed *fixed = state;
	enum err code = OK;

	for (size_t at = 0; at < length && !code;) {
		size_t start = at;

		for (int64_t n = 0; n < fixed->length && at < length; n++)
			text_decode(text, length, &at);
		code = cuts_add(out, text + start, at - start, at_start && !start);
	}
	return code;
}

const struct part_kind pre_tokenizer_fixed_length = {
	.type = "FixedLength",
	.size = sizeof(struct fixed),
	.create = create,
	.cut = cut,
};
