/* "Precompiled": SentencePiece's map of strings (charsmap.h), looked up the way the library does: a
 * grapheme cluster below 6 bytes becomes what the shortest string at its start becomes, all of it;
 * otherwise each character is looked up by itself. */
#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/charsmap.h"
#include "core/tokenizers/graphemes.h"
#include "core/tokenizers/kinds.h"

#include <limits.h>
#include <string.h>

#include <openssl/evp.h>

enum { CLUSTER_BELOW = 6 };

struct precompiled {
	struct charsmap *map;
};

/* Base64 to bytes, in memory of the caller's. */
static enum err
decode_base64(char **out, size_t *size, const struct json *text)
{
	int length;

	*out = NULL;
	if (text->length > INT_MAX / 2 || !(*out = buf_alloc(text->length + 4, 1)))
		return err_at(ERR_NOMEM, NULL, "precompiled_charsmap", "no memory for it");
	length = EVP_DecodeBlock((unsigned char *)*out, (const unsigned char *)text->string,
				 (int)text->length);
	/* Padding is counted as bytes. */
	for (size_t i = text->length; length > 0 && i > 0 && text->string[i - 1] == '='; i--)
		length--;
	if (length < 0)
		return err_at(ERR_FORMAT, NULL, "precompiled_charsmap", "it is not base64");
	*size = (size_t)length;
	return OK;
}

static enum err
create(void *state, const struct json *spec)
{
	struct precompiled *precompiled = state;
	const struct json *text;
	char *data = NULL;
	size_t size = 0;
	enum err code = spec_string(&text, spec, "precompiled_charsmap");

	if (code)
		return code;
	if (!text)
		return err_at(ERR_FORMAT, NULL, "normalizer.Precompiled",
			      "precompiled_charsmap is missing");
	code = decode_base64(&data, &size, text);
	code = code ? code : charsmap_create(&precompiled->map, data, size);
	buf_free(data);
	return code;
}

static void
destroy(void *state)
{
	charsmap_free(((struct precompiled *)state)->map);
}

static enum err
add_characters(struct bytes *out, const struct charsmap *map, const char *text, size_t length)
{
	enum err code = OK;

	for (size_t at = 0; at < length && !code;) {
		struct charsmap_match match;
		size_t start = at;

		text_decode(text, length, &at);
		if (charsmap_shortest(&match, map, text + start, at - start))
			code = bytes_add(out, match.replacement, match.replacement_length);
		else
			code = bytes_add(out, text + start, at - start);
	}
	return code;
}

static enum err
normalize(struct bytes *out, const void *state, const char *text, size_t length)
{
	const struct charsmap *map = ((const struct precompiled *)state)->map;
	enum err code = OK;

	for (size_t at = 0; at < length && !code;) {
		struct charsmap_match match;
		size_t end = graphemes_next(text, length, at);

		if (end - at < CLUSTER_BELOW && charsmap_shortest(&match, map, text + at, end - at))
			code = bytes_add(out, match.replacement, match.replacement_length);
		else
			code = add_characters(out, map, text + at, end - at);
		at = end;
	}
	return code;
}

const struct part_kind normalizer_precompiled = {
	.type = "Precompiled",
	.size = sizeof(struct precompiled),
	.create = create,
	.destroy = destroy,
	.normalize = normalize,
};
