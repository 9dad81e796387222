/* "BertNormalizer": controls removed and white space made blanks, blanks around Chinese characters,
 * accents removed, lower case; each step can be off. */
#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/lowercase.h"
#include "core/tokenizers/unicode.h"
#include "core/tokenizers/unicode_forms.h"

struct bert {
	bool clean, chinese, accents, lower;
};

static enum err
create(void *state, const struct json *spec)
{
	struct bert *bert = state;
	enum err code = spec_bool(&bert->clean, spec, "clean_text", true);

	code = code ? code : spec_bool(&bert->chinese, spec, "handle_chinese_chars", true);
	code = code ? code : spec_bool(&bert->lower, spec, "lowercase", true);
	return code ? code : spec_bool(&bert->accents, spec, "strip_accents", bert->lower);
}

/* As the library has them, with a gap where the blocks have none. */
static bool
is_chinese(int32_t code)
{
	return (code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3400 && code <= 0x4dbf) ||
	       (code >= 0x20000 && code <= 0x2a6df) || (code >= 0x2a700 && code <= 0x2b81f) ||
	       (code >= 0x2b920 && code <= 0x2ceaf) || (code >= 0xf900 && code <= 0xfaff) ||
	       (code >= 0x2f800 && code <= 0x2fa1f);
}

static enum err
add_cleaned(struct bytes *out, const struct bert *bert, const char *text, size_t length)
{
	enum err code = OK;

	for (size_t at = 0; at < length && !code;) {
		size_t start = at;
		int32_t character = text_decode(text, length, &at);
		uint64_t classes = unicode_classes(character);

		if (bert->clean && classes & UNICODE_BERT_CONTROL)
			continue;
		if (bert->clean && classes & UNICODE_SPACE) {
			code = bytes_add(out, " ", 1);
		} else if (bert->chinese && is_chinese(character)) {
			code = bytes_add(out, " ", 1);
			code = code ? code : bytes_add(out, text + start, at - start);
			code = code ? code : bytes_add(out, " ", 1);
		} else {
			code = bytes_add(out, text + start, at - start);
		}
	}
	return code;
}

static enum err
add_without(struct bytes *out, const char *text, size_t length, uint64_t classes)
{
	enum err code = OK;

	for (size_t at = 0; at < length && !code;) {
		size_t start = at;

		if (!(unicode_classes(text_decode(text, length, &at)) & classes))
			code = bytes_add(out, text + start, at - start);
	}
	return code;
}

static enum err
strip_accents(struct bytes *text)
{
	struct bytes apart = { 0 };
	enum err code =
		unicode_normalize(&apart, (struct unicode_form){ 0 }, text->data, text->length);

	text->length = 0;
	code = code ? code : add_without(text, apart.data, apart.length, UNICODE_BERT_MARK);
	buf_free(apart.data);
	return code;
}

static enum err
normalize(struct bytes *out, const void *state, const char *text, size_t length)
{
	const struct bert *bert = state;
	struct bytes now = { 0 };
	enum err code = add_cleaned(&now, bert, text, length);

	if (!code && bert->accents)
		code = strip_accents(&now);
	if (!code)
		code = bert->lower ? lowercase_add(out, now.data, now.length)
				   : bytes_add(out, now.data, now.length);
	buf_free(now.data);
	return code;
}

const struct part_kind normalizer_bert = {
	.type = "BertNormalizer",
	.size = sizeof(struct bert),
	.create = create,
	.normalize = normalize,
};

/* "StripAccents": all combining marks go; nothing is taken apart for that. */
static enum err
strip_marks(struct bytes *out, const void *state, const char *text, size_t length)
{
	(void)state;
	return add_without(out, text, length, UNICODE_ACCENT);
}

const struct part_kind normalizer_strip_accents = {
	.type = "StripAccents",
	.normalize = strip_marks,
};
