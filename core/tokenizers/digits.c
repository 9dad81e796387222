/* "Digits": runs of numbers stand apart, or each number by itself. */
#include "core/text.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/unicode.h"

struct digits {
	bool individual;
};

static enum err
create(void *state, const struct json *spec)
{
	return spec_bool(&((struct digits *)state)->individual, spec, "individual_digits", false);
}

static enum err
cut(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	const struct digits *digits = state;
	size_t from = 0;
	bool before = false;

	for (size_t at = 0; at < length;) {
		size_t start = at;
		bool number = unicode_classes(text_decode(text, length, &at)) & UNICODE_NUMBER;

		if (start && (number != before || (number && digits->individual))) {
			if (cuts_add(out, text + from, start - from, at_start && !from))
				return ERR_NOMEM;
			from = start;
		}
		before = number;
	}
	return cuts_add(out, text + from, length - from, at_start && !from);
}

const struct part_kind pre_tokenizer_digits = {
	.type = "Digits",
	.size = sizeof(struct digits),
	.create = create,
	.cut = cut,
};
