/* "Strip" as a decoder: up to `start` of one character from the front of each piece, up to `stop`
 * from its end; as a normalizer: white space from either end of the text. */
#include "core/text.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/unicode.h"

#include <string.h>

struct strip {
	char content[4];
	size_t length;
	int64_t start, stop;
};

static enum err
create(void *state, const struct json *spec)
{
	struct strip *strip = state;
	const struct json *content;
	enum err code = spec_string(&content, spec, "content");
	size_t at = 0;

	code = code ? code : spec_integer(&strip->start, spec, "start", 0);
	code = code ? code : spec_integer(&strip->stop, spec, "stop", 0);
	if (code)
		return code;
	if (!content || !content->length ||
	    text_decode(content->string, content->length, &at) < 0 || at != content->length)
		return err_at(ERR_FORMAT, NULL, "decoder.Strip", "content is not one character");
	memcpy(strip->content, content->string, at);
	strip->length = at;
	return OK;
}

static enum err
decode(struct cuts *out, const void *state, const struct cuts *in)
{
	const struct strip *strip = state;
	size_t n = strip->length;
	enum err code = OK;

	for (size_t i = 0; i < in->count && !code; i++) {
		const char *text = in->text.data + in->list[i].start;
		size_t length = in->list[i].length;

		for (int64_t k = 0; k < strip->start && length >= n; k++) {
			if (memcmp(text, strip->content, n))
				break;
			text += n;
			length -= n;
		}
		for (int64_t k = 0; k < strip->stop && length >= n; k++) {
			if (memcmp(text + length - n, strip->content, n))
				break;
			length -= n;
		}
		code = bytes_add(&out->text, text, length);
		code = code ? code : cuts_keep(out);
	}
	return code;
}

const struct part_kind decoder_strip = {
	.type = "Strip",
	.size = sizeof(struct strip),
	.create = create,
	.decode = decode,
};

struct strip_spaces {
	bool left, right;
};

static enum err
create_spaces(void *state, const struct json *spec)
{
	struct strip_spaces *strip = state;
	enum err code = spec_bool(&strip->left, spec, "strip_left", true);

	return code ? code : spec_bool(&strip->right, spec, "strip_right", true);
}

/* One pass: where the text begins, and where its last character that stays ends. */
static enum err
normalize(struct bytes *out, const void *state, const char *text, size_t length)
{
	const struct strip_spaces *strip = state;
	size_t first = length, end = 0;

	for (size_t at = 0; at < length;) {
		size_t start = at;

		if (unicode_classes(text_decode(text, length, &at)) & UNICODE_SPACE)
			continue;
		first = first < start ? first : start;
		end = at;
	}
	first = strip->left ? first : 0;
	end = strip->right ? end : length;
	return end > first ? bytes_add(out, text + first, end - first) : OK;
}

const struct part_kind normalizer_strip = {
	.type = "Strip",
	.size = sizeof(struct strip_spaces),
	.create = create_spaces,
	.normalize = normalize,
};
