/* "Replace": what a pattern matches becomes another string, in text and, decoding, in each piece.
 */
#include "core/buf.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/pattern.h"

struct replace {
	struct pattern *pattern;
	char *content;
	size_t length;
};

static enum err
create(void *state, const struct json *spec)
{
	struct replace *replace = state;
	const struct json *content;
	enum err code = pattern_create(&replace->pattern, spec_get(spec, "pattern"));

	code = code ? code : spec_string(&content, spec, "content");
	if (code)
		return code;
	if (!content)
		return err_at(ERR_FORMAT, NULL, "Replace", "content is missing");
	replace->length = content->length;
	replace->content = buf_strndup(content->string, content->length);
	return replace->content ? OK : ERR_NOMEM;
}

static void
destroy(void *state)
{
	struct replace *replace = state;

	pattern_free(replace->pattern);
	buf_free(replace->content);
}

static enum err
normalize(struct bytes *out, const void *state, const char *text, size_t length)
{
	const struct replace *replace = state;
	struct spans spans = { 0 };
	enum err code = pattern_cover(&spans, replace->pattern, text, length);

	for (size_t i = 0; i < spans.count && !code; i++) {
		const struct span *span = &spans.list[i];

		if (span->matched)
			code = bytes_add(out, replace->content, replace->length);
		else
			code = bytes_add(out, text + span->start, span->end - span->start);
	}
	spans_free(&spans);
	return code;
}

const struct part_kind normalizer_replace = {
	.type = "Replace",
	.size = sizeof(struct replace),
	.create = create,
	.destroy = destroy,
	.normalize = normalize,
};

static enum err
decode(struct cuts *out, const void *state, const struct cuts *in)
{
	enum err code = OK;

	for (size_t i = 0; i < in->count && !code; i++) {
		code = normalize(&out->text, state, in->text.data + in->list[i].start,
				 in->list[i].length);
		code = code ? code : cuts_keep(out);
	}
	return code;
}

const struct part_kind decoder_replace = {
	.type = "Replace",
	.size = sizeof(struct replace),
	.create = create,
	.destroy = destroy,
	.decode = decode,
};
