/* "ByteLevel" of tokenizer.json: text cut by GPT-2's pattern, each byte replaced by a printable
 * stand-in, and back. As a post-processor it changes offsets alone, which nobody here asks for. */
#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/byte_chars.h"
#include "core/tokenizers/gpt2.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/lossy.h"

struct byte_level {
	bool add_prefix_space, use_regex;
};

static enum err
create(void *state, const struct json *spec)
{
	struct byte_level *level = state;
	enum err code = spec_bool(&level->add_prefix_space, spec, "add_prefix_space", true);

	return code ? code : spec_bool(&level->use_regex, spec, "use_regex", true);
}

static enum err
add_stand_ins(struct bytes *out, const char *text, size_t length)
{
	char buffer[256];
	size_t used = 0;
	enum err code = OK;

	for (size_t i = 0; i < length && !code; i++) {
		used += text_encode(buffer + used, byte_chars_of((unsigned char)text[i]));
		if (used > sizeof(buffer) - 4 || i + 1 == length) {
			code = bytes_add(out, buffer, used);
			used = 0;
		}
	}
	return code;
}

static enum err
cut_prepared(struct cuts *out, const struct byte_level *level, const char *text, size_t length,
	     bool at_start)
{
	for (size_t at = 0; at < length;) {
		size_t end = level->use_regex ? gpt2_next(text, length, at) : length;

		if (add_stand_ins(&out->text, text + at, end - at) ||
		    cuts_end(out, -1, at_start && !at))
			return ERR_NOMEM;
		at = end;
	}
	return OK;
}

static enum err
cut(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	const struct byte_level *level = state;
	struct bytes spaced = { 0 };
	enum err code;

	if (!level->add_prefix_space || text[0] == ' ')
		return cut_prepared(out, level, text, length, at_start);
	code = bytes_add(&spaced, " ", 1);
	code = code ? code : bytes_add(&spaced, text, length);
	code = code ? code : cut_prepared(out, level, spaced.data, spaced.length, at_start);
	buf_free(spaced.data);
	return code;
}

const struct part_kind pre_tokenizer_byte_level = {
	.type = "ByteLevel",
	.size = sizeof(struct byte_level),
	.create = create,
	.cut = cut,
};

static enum err
normalize(struct bytes *out, const void *state, const char *text, size_t length)
{
	(void)state;
	return add_stand_ins(out, text, length);
}

const struct part_kind normalizer_byte_level = { .type = "ByteLevel", .normalize = normalize };

static enum err
process(struct ids *out, const void *state, const int32_t *ids, size_t count)
{
	(void)state;
	return ids_append(out, ids, count);
}

const struct part_kind post_processor_byte_level = { .type = "ByteLevel", .process = process };

/* The bytes of a piece; a piece with a character that is no stand-in stays as it is. */
static enum err
add_bytes(struct bytes *out, const char *text, size_t length)
{
	size_t before = out->length;

	for (size_t at = 0; at < length;) {
		int byte = byte_chars_back(text_decode(text, length, &at));
		char c = (char)byte;

		if (byte < 0) {
			out->length = before;
			return bytes_add(out, text, length);
		}
		if (bytes_add(out, &c, 1))
			return ERR_NOMEM;
	}
	return OK;
}

static enum err
decode(struct cuts *out, const void *state, const struct cuts *in)
{
	struct bytes raw = { 0 };
	enum err code = OK;

	(void)state;
	for (size_t i = 0; i < in->count && !code; i++)
		code = add_bytes(&raw, in->text.data + in->list[i].start, in->list[i].length);
	code = code ? code : lossy_add(&out->text, raw.data, raw.length);
	code = code ? code : cuts_keep(out);
	buf_free(raw.data);
	return code;
}

const struct part_kind decoder_byte_level = { .type = "ByteLevel", .decode = decode };
