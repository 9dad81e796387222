/* "Prepend": a string before any text that is not empty. */
#include "core/buf.h"
#include "core/tokenizers/kinds.h"

#include <string.h>

struct prepend {
	char *text;
	size_t length;
};

static enum err
create(void *state, const struct json *spec)
{
	struct prepend *prepend = state;
	const struct json *text;
	enum err code = spec_string(&text, spec, "prepend");

	if (code)
		return code;
	if (!text)
		return err_at(ERR_FORMAT, NULL, "normalizer.Prepend", "prepend is missing");
	prepend->length = text->length;
	prepend->text = buf_strndup(text->string, text->length);
	return prepend->text ? OK : ERR_NOMEM;
}

static void
destroy(void *state)
{
	buf_free(((struct prepend *)state)->text);
}

static enum err
normalize(struct bytes *out, const void *state, const char *text, size_t length)
{
	const struct prepend *prepend = state;
	enum err code = length ? bytes_add(out, prepend->text, prepend->length) : OK;

	return code ? code : bytes_add(out, text, length);
}

const struct part_kind normalizer_prepend = {
	.type = "Prepend",
	.size = sizeof(struct prepend),
	.create = create,
	.destroy = destroy,
	.normalize = normalize,
};
