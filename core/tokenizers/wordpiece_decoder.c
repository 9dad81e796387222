/* "WordPiece" as a decoder: blanks between words, none before a piece that goes on. "CTC": of a
 * token that repeats one is left. "BPEDecoder": blanks where words end. */
#include "core/buf.h"
#include "core/tokenizers/kinds.h"

#include <string.h>

/* A string of the file, owned. */
struct string {
	char *text;
	size_t length;
};

static enum err
read_string(struct string *out, const struct json *spec, const char *key, const char *absent)
{
	const struct json *text;
	enum err code = spec_string(&text, spec, key);

	if (code)
		return code;
	out->length = text ? text->length : strlen(absent);
	out->text = buf_strndup(text ? text->string : absent, out->length);
	return out->text ? OK : ERR_NOMEM;
}

/* Adds a text in which each `from` has become `to`. An empty one stands between all characters
 * there; here it stands nowhere. */
static enum err
add_replaced(struct bytes *out, const char *text, size_t length, const struct string *from,
	     const struct string *to)
{
	enum err code = OK;

	while (length && !code) {
		const char *found =
			from->length ? memmem(text, length, from->text, from->length) : NULL;
		size_t before = found ? (size_t)(found - text) : length;

		code = bytes_add(out, text, before);
		if (found) {
			code = code ? code : bytes_add(out, to->text, to->length);
			before += from->length;
		}
		text += before;
		length -= before;
	}
	return code;
}

static enum err
replace(struct bytes *text, struct bytes *scratch, const struct string *from,
	const struct string *to)
{
	struct bytes other = *text;
	enum err code;

	scratch->length = 0;
	code = add_replaced(scratch, text->data, text->length, from, to);
	*text = *scratch;
	*scratch = other;
	return code;
}

#define STRING(text)                   \
	{                              \
		text, sizeof(text) - 1 \
	}

/* Blanks that English does without, one rule after the other. */
static enum err
clean_up(struct bytes *text, struct bytes *scratch)
{
	static char rules[][2][10] = {
		{ " .", "." },   { " ?", "?" },     { " !", "!" },     { " ,", "," },
		{ " ' ", "'" },  { " n't", "n't" }, { " 'm", "'m" },   { " do not", " don't" },
		{ " 's", "'s" }, { " 've", "'ve" }, { " 're", "'re" },
	};
	enum err code = OK;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && !code; i++) {
		struct string from = { rules[i][0], strlen(rules[i][0]) };
		struct string to = { rules[i][1], strlen(rules[i][1]) };

		code = replace(text, scratch, &from, &to);
	}
	return code;
}

struct decoder {
	struct string mark, words; /* prefix, padding or suffix; CTC: what parts words */
	bool cleanup;
};

static void
destroy(void *state)
{
	struct decoder *decoder = state;

	buf_free(decoder->mark.text);
	buf_free(decoder->words.text);
}

static enum err
create_wordpiece(void *state, const struct json *spec)
{
	struct decoder *decoder = state;
	enum err code = read_string(&decoder->mark, spec, "prefix", "##");

	return code ? code : spec_bool(&decoder->cleanup, spec, "cleanup", true);
}

static enum err
decode_wordpiece(struct cuts *out, const void *state, const struct cuts *in)
{
	const struct decoder *decoder = state;
	struct bytes now = { 0 }, scratch = { 0 };
	size_t n = decoder->mark.length;
	enum err code = OK;

	for (size_t i = 0; i < in->count && !code; i++) {
		const char *text = in->text.data + in->list[i].start;
		size_t length = in->list[i].length;
		bool goes_on = i && length >= n && !memcmp(text, decoder->mark.text, n);
		size_t skipped = goes_on ? n : 0;

		now.length = 0;
		if (i && !goes_on)
			code = bytes_add(&now, " ", 1);
		code = code ? code : bytes_add(&now, text + skipped, length - skipped);
		if (!code && decoder->cleanup)
			code = clean_up(&now, &scratch);
		code = code ? code : bytes_add(&out->text, now.data, now.length);
		code = code ? code : cuts_keep(out);
	}
	buf_free(now.data);
	buf_free(scratch.data);
	return code;
}

const struct part_kind decoder_wordpiece = {
	.type = "WordPiece",
	.size = sizeof(struct decoder),
	.create = create_wordpiece,
	.destroy = destroy,
	.decode = decode_wordpiece,
};

static enum err
create_ctc(void *state, const struct json *spec)
{
	struct decoder *decoder = state;
	enum err code = read_string(&decoder->mark, spec, "pad_token", "<pad>");

	code = code ? code : read_string(&decoder->words, spec, "word_delimiter_token", "|");
	return code ? code : spec_bool(&decoder->cleanup, spec, "cleanup", true);
}

static bool
repeats(const struct cuts *in, size_t i)
{
	return i && in->list[i].length == in->list[i - 1].length &&
	       !memcmp(in->text.data + in->list[i].start, in->text.data + in->list[i - 1].start,
		       in->list[i].length);
}

static enum err
decode_ctc(struct cuts *out, const void *state, const struct cuts *in)
{
	static char nothing[] = "", blank[] = " ";
	const struct decoder *decoder = state;
	struct bytes now = { 0 }, scratch = { 0 };
	enum err code = OK;

	for (size_t i = 0; i < in->count && !code; i++) {
		if (repeats(in, i))
			continue;
		now.length = 0;
		code = add_replaced(&now, in->text.data + in->list[i].start, in->list[i].length,
				    &decoder->mark, &(struct string)STRING(nothing));
		if (!code && decoder->cleanup)
			code = clean_up(&now, &scratch);
		if (!code && decoder->cleanup)
			code = replace(&now, &scratch, &decoder->words,
				       &(struct string)STRING(blank));
		if (!code && now.length)
			code = bytes_add(&out->text, now.data, now.length) ? ERR_NOMEM
									   : cuts_keep(out);
	}
	buf_free(now.data);
	buf_free(scratch.data);
	return code;
}

const struct part_kind decoder_ctc = {
	.type = "CTC",
	.size = sizeof(struct decoder),
	.create = create_ctc,
	.destroy = destroy,
	.decode = decode_ctc,
};

static enum err
create_bpe(void *state, const struct json *spec)
{
	return read_string(&((struct decoder *)state)->mark, spec, "suffix", "</w>");
}

static enum err
decode_bpe(struct cuts *out, const void *state, const struct cuts *in)
{
	static char nothing[] = "", blank[] = " ";
	const struct string between = STRING(blank), last = STRING(nothing);
	const struct decoder *decoder = state;
	enum err code = OK;

	for (size_t i = 0; i < in->count && !code; i++) {
		code = add_replaced(&out->text, in->text.data + in->list[i].start,
				    in->list[i].length, &decoder->mark,
				    i + 1 < in->count ? &between : &last);
		code = code ? code : cuts_keep(out);
	}
	return code;
}

const struct part_kind decoder_bpe = {
	.type = "BPEDecoder",
	.size = sizeof(struct decoder),
	.create = create_bpe,
	.destroy = destroy,
	.decode = decode_bpe,
};
