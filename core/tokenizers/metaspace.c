/* "Metaspace": SentencePiece's visible space (U+2581) for spaces, one in front, and cut before each
 * of them. Files since 2023 say prepend_scheme, older ones add_prefix_space. */
#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/split.h"

#include <string.h>

struct metaspace {
	char mark[4];
	size_t mark_length;
	bool always, first; /* prepend everywhere; only at the start of the text; neither: never */
	bool split;
};

static enum err
read_mark(struct metaspace *meta, const struct json *spec)
{
	const struct json *mark;
	enum err code = spec_string(&mark, spec, "replacement");
	size_t at = 0;

	if (code)
		return code;
	if (!mark || !mark->length || text_decode(mark->string, mark->length, &at) < 0 ||
	    at != mark->length)
		return err_at(ERR_FORMAT, NULL, "Metaspace", "replacement is not one character");
	memcpy(meta->mark, mark->string, at);
	meta->mark_length = at;
	return OK;
}

static enum err
create(void *state, const struct json *spec)
{
	struct metaspace *meta = state;
	const struct json *scheme;
	bool prefix;
	enum err code = read_mark(meta, spec);

	code = code ? code : spec_bool(&meta->split, spec, "split", true);
	code = code ? code : spec_bool(&prefix, spec, "add_prefix_space", true);
	code = code ? code : spec_string(&scheme, spec, "prepend_scheme");
	if (code)
		return code;
	meta->always = prefix && (!scheme || spec_is(scheme, "always"));
	meta->first = prefix && scheme && spec_is(scheme, "first");
	if (scheme && prefix && !meta->always && !meta->first && !spec_is(scheme, "never"))
		return err_at(ERR_UNSUPPORTED, NULL, "Metaspace",
			      "the prepend_scheme \"%s\" is not supported", scheme->string);
	return OK;
}

static bool
is_mark(const struct metaspace *meta, const char *text, size_t length)
{
	return length >= meta->mark_length && !memcmp(text, meta->mark, meta->mark_length);
}

static enum err
add_marked(struct bytes *out, const struct metaspace *meta, const char *text, size_t length,
	   bool at_start)
{
	bool spaced = text[0] == ' ' || is_mark(meta, text, length);
	enum err code = OK;

	if (!spaced && (meta->always || (meta->first && at_start)))
		code = bytes_add(out, meta->mark, meta->mark_length);
	for (size_t i = 0; i < length && !code; i++)
		code = text[i] == ' ' ? bytes_add(out, meta->mark, meta->mark_length)
				      : bytes_add(out, text + i, 1);
	return code;
}

/* Spans of marks, one each, and of what lies between. */
static enum err
find_marks(struct spans *out, const struct metaspace *meta, const char *text, size_t length)
{
	size_t from = 0;
	enum err code = OK;

	for (size_t at = 0; at < length && !code;) {
		if (!is_mark(meta, text + at, length - at)) {
			at++;
			continue;
		}
		if (at > from)
			code = spans_add(out, from, at, false);
		code = code ? code : spans_add(out, at, at + meta->mark_length, true);
		at += meta->mark_length;
		from = at;
	}
	return code || from == length ? code : spans_add(out, from, length, false);
}

static enum err
cut(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	const struct metaspace *meta = state;
	struct bytes marked = { 0 };
	struct spans spans = { 0 };
	enum err code = add_marked(&marked, meta, text, length, at_start);

	if (!code && !meta->split)
		code = cuts_add(out, marked.data, marked.length, at_start);
	if (!code && meta->split) {
		code = find_marks(&spans, meta, marked.data, marked.length);
		code = code ? code
			    : split_cut(out, &spans, &split_merged_with_next, marked.data,
					at_start);
	}
	spans_free(&spans);
	buf_free(marked.data);
	return code;
}

const struct part_kind pre_tokenizer_metaspace = {
	.type = "Metaspace",
	.size = sizeof(struct metaspace),
	.create = create,
	.cut = cut,
};

/* Marks become spaces; those of the first piece stand for the prefix and go. */
static enum err
decode(struct cuts *out, const void *state, const struct cuts *in)
{
	const struct metaspace *meta = state;
	bool prefixed = meta->always || meta->first;
	enum err code = OK;

	for (size_t i = 0; i < in->count && !code; i++) {
		const char *text = in->text.data + in->list[i].start;
		size_t length = in->list[i].length;

		for (size_t at = 0; at < length && !code;) {
			bool mark = is_mark(meta, text + at, length - at);

			if (!mark)
				code = bytes_add(&out->text, text + at, 1);
			else if (i || !prefixed)
				code = bytes_add(&out->text, " ", 1);
			at += mark ? meta->mark_length : 1;
		}
		code = code ? code : cuts_keep(out);
	}
	return code;
}

const struct part_kind decoder_metaspace = {
	.type = "Metaspace",
	.size = sizeof(struct metaspace),
	.create = create,
	.decode = decode,
};
