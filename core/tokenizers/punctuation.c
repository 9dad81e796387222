/* "Punctuation": cut at it, as BERT counts it: with the symbols of ASCII. */
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/split.h"
#include "core/tokenizers/unicode.h"

struct punctuation {
	const struct split_behaviour *behaviour;
};

static enum err
create(void *state, const struct json *spec)
{
	struct punctuation *punctuation = state;
	const struct json *name = spec_get(spec, "behavior");

	punctuation->behaviour = &split_isolated;
	return name ? split_behaviour_find(&punctuation->behaviour, "pre_tokenizer.Punctuation",
					   name)
		    : OK;
}

static enum err
cut(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	const struct punctuation *punctuation = state;

	return split_at_classes(out, UNICODE_BERT_PUNCTUATION, punctuation->behaviour, text, length,
				at_start);
}

const struct part_kind pre_tokenizer_punctuation = {
	.type = "Punctuation",
	.size = sizeof(struct punctuation),
	.create = create,
	.cut = cut,
};
