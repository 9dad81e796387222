#include "core/corpus.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/formats/npy.h"
#include "core/json.h"
#include "core/tokenizers/parts.h"

#include <stdio.h>
#include <string.h>

enum { CORPUS_MAX = 512 << 20 };

struct source { /* a file being read */
	const char *path, *field;
	const char *data;
	size_t size;
	const struct tokenizer *tokenizer;
	struct ids ids;
};

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

static enum err
add_text(struct source *source, const char *text, size_t length)
{
	int32_t *ids;
	size_t count;
	enum err code = tokenizer_encode(&ids, &count, source->tokenizer, text, length, false);

	code = code ? code : ids_append(&source->ids, ids, count);
	buf_free(ids);
	return code;
}

static enum err
read_txt(struct source *source)
{
	return add_text(source, source->data, source->size);
}

/* One line of a .jsonl: an object whose field is the document. */
static enum err
add_line(struct source *source, const char *line, size_t length, size_t number)
{
	struct json_document *document = NULL;
	const struct json *text;
	int32_t eos = tokenizer_eos(source->tokenizer);
	char item[32];
	enum err code = json_parse(&document, line, length, source->path);

	snprintf(item, sizeof(item), "line %zu", number);
	if (code) {
		struct err_detail detail = *err_last();

		return err_at(code, source->path, item, "%s", detail.message);
	}
	text = json_get(json_root(document), source->field);
	if (!text || text->type != JSON_STRING)
		code = err_at(ERR_FORMAT, source->path, item,
			      "it has no string \"%s\"; name the field with --field",
			      source->field);
	if (!code && source->ids.count && eos >= 0)
		code = ids_add(&source->ids, eos);
	code = code ? code : add_text(source, text->string, text->length);
	json_free(document);
	return code;
}

static bool
is_blank(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!strchr(" \t\r", line[i]) || !line[i])
			return false;
	return true;
}

static enum err
read_jsonl(struct source *source)
{
	const char *line = source->data, *end = source->data + source->size;
	enum err code = OK;

	source->field = source->field ? source->field : "text";
	for (size_t number = 1; line < end && !code; number++) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((stop ? stop : end) - line);

		if (!is_blank(line, length))
			code = add_line(source, line, length, number);
		line += length + 1;
	}
	return code;
}

static enum err
read_npy(struct source *source)
{
	return npy_parse_ids(&source->ids.data, &source->ids.count, source->data, source->size,
			     source->path);
}

static const struct {
	const char *ending;
	enum err (*read)(struct source *source);
	bool needs_tokenizer;
} readers[] = {
	{ ".jsonl", read_jsonl, true },
	{ ".npy", read_npy, false },
	{ "", read_txt, true }, /* anything else is text */
};

static enum err
read_source(struct source *source)
{
	size_t i = 0;

	while (!ends_with(source->path, readers[i].ending))
		i++;
	if (readers[i].needs_tokenizer && !source->tokenizer)
		return err_at(
			ERR_USAGE, source->path, NULL,
			"the model has no tokenizer to read a text with; give token ids as .npy");
	return readers[i].read(source);
}

static enum err
check_ids(const struct source *source, size_t vocab)
{
	if (!source->ids.count)
		return err_at(ERR_RANGE, source->path, NULL, "it holds no text");
	for (size_t i = 0; i < source->ids.count; i++)
		if (source->ids.data[i] < 0 || (size_t)source->ids.data[i] >= vocab)
			return err_at(ERR_RANGE, source->path, NULL,
				      "token %zu is %d, but the model has %zu tokens; text, "
				      "tokenizer and model do not belong together",
				      i, source->ids.data[i], vocab);
	return OK;
}

/* "stories.calibration" of ".../stories.calibration.txt". */
static char *
name_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	return dot && dot > name ? buf_strndup(name, (size_t)(dot - name)) : buf_strdup(name);
}

static enum err
create(struct corpus **out, struct source *source)
{
	struct corpus *corpus = buf_alloc(1, sizeof(*corpus));
	enum err code = ERR_NOMEM;

	if (!corpus)
		return ERR_NOMEM;
	corpus->bytes = source->size;
	if (!(corpus->name = name_of(source->path)) || !(corpus->path = buf_strdup(source->path)))
		goto out;
	if (source->field && !(corpus->field = buf_strdup(source->field)))
		goto out;
	code = sha256_of(corpus->sha256, source->data, source->size);
	if (code)
		goto out;
	corpus->ids = source->ids.data;
	corpus->count = source->ids.count;
	source->ids.data = NULL;
	*out = corpus;
out:
	if (code)
		corpus_free(corpus);
	return code;
}

enum err
corpus_open(struct corpus **out, const char *path, const char *field,
	    const struct tokenizer *tokenizer, size_t vocab)
{
	struct source source = { .path = path, .field = field, .tokenizer = tokenizer };
	char *data = NULL;
	enum err code = file_read(&data, &source.size, path, CORPUS_MAX);

	*out = NULL;
	source.data = data;
	code = code ? code : read_source(&source);
	code = code ? code : check_ids(&source, vocab);
	code = code ? code : create(out, &source);
	buf_free(source.ids.data);
	buf_free(data);
	return code ? err_in_file(code, path) : OK;
}

void
corpus_free(struct corpus *corpus)
{
	if (!corpus)
		return;
	buf_free(corpus->name);
	buf_free(corpus->path);
	buf_free(corpus->field);
	buf_free(corpus->ids);
	buf_free(corpus);
}
