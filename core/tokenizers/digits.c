/* "Digits": runs of numbers stand apart, or each number by itself. */
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/split.h"
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

	return split_at_classes(out, UNICODE_NUMBER,
				digits->individual ? &split_isolated : &split_contiguous, text,
				length, at_start);
}

const struct part_kind pre_tokenizer_digits = {
	.type = "Digits",
	.size = sizeof(struct digits),
	.create = create,
	.cut = cut,
};
