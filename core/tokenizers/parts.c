#include "core/tokenizers/parts.h"

#include "core/buf.h"
#include "core/tokenizers/kinds.h"

#include <string.h>

#define PART(name) &normalizer_##name,
static const struct part_kind *const normalizers[] = {
#include "core/tokenizers/normalizers.def"
	NULL
};
#undef PART
#define PART(name) &pre_tokenizer_##name,
static const struct part_kind *const pre_tokenizers[] = {
#include "core/tokenizers/pre_tokenizers.def"
	NULL
};
#undef PART
#define PART(name) &post_processor_##name,
static const struct part_kind *const post_processors[] = {
#include "core/tokenizers/post_processors.def"
	NULL
};
#undef PART
#define PART(name) &decoder_##name,
static const struct part_kind *const decoders[] = {
#include "core/tokenizers/decoders.def"
	NULL
};
#undef PART

static const struct {
	const char *name;
	const struct part_kind *const *kinds;
} stages[] = {
	[STAGE_NORMALIZER] = { "normalizer", normalizers },
	[STAGE_PRE_TOKENIZER] = { "pre_tokenizer", pre_tokenizers },
	[STAGE_POST_PROCESSOR] = { "post_processor", post_processors },
	[STAGE_DECODER] = { "decoder", decoders },
};

/* Far above any text that is read; parts of a hostile file may make one grow without end. */
#define BYTES_MAX ((size_t)1 << 31)

enum err
bytes_add(struct bytes *out, const char *data, size_t length)
{
	if (length > BYTES_MAX - out->length)
		return err_at(ERR_RANGE, NULL, "tokenizer",
			      "a text has grown to more than %zu bytes on its way", BYTES_MAX);
	if (buf_grow(&out->data, &out->capacity, out->length + length + 1, 1))
		return ERR_NOMEM;
	if (length)
		memcpy(out->data + out->length, data, length);
	out->length += length;
	return OK;
}

enum err
ids_add(struct ids *out, int32_t id)
{
	if (buf_grow(&out->data, &out->capacity, out->count + 1, sizeof(*out->data)))
		return ERR_NOMEM;
	out->data[out->count++] = id;
	return OK;
}

enum err
ids_append(struct ids *out, const int32_t *ids, size_t count)
{
	if (!count)
		return OK;
	if (buf_grow(&out->data, &out->capacity, out->count + count, sizeof(*out->data)))
		return ERR_NOMEM;
	memcpy(out->data + out->count, ids, count * sizeof(*ids));
	out->count += count;
	return OK;
}

static size_t
last_end(const struct cuts *cuts)
{
	return cuts->count ? cuts->list[cuts->count - 1].start + cuts->list[cuts->count - 1].length
			   : 0;
}

static enum err
push(struct cuts *out, int32_t id, bool at_start)
{
	size_t start = last_end(out);

	if (buf_grow(&out->list, &out->capacity, out->count + 1, sizeof(*out->list)))
		return ERR_NOMEM;
	out->list[out->count++] = (struct cut){ start, out->text.length - start, id, at_start };
	return OK;
}

enum err
cuts_end(struct cuts *out, int32_t id, bool at_start)
{
	return out->text.length == last_end(out) ? OK : push(out, id, at_start);
}

enum err
cuts_keep(struct cuts *out)
{
	return push(out, -1, false);
}

enum err
cuts_add(struct cuts *out, const char *text, size_t length, bool at_start)
{
	enum err code = bytes_add(&out->text, text, length);

	return code ? code : cuts_end(out, -1, at_start);
}

void
cuts_clear(struct cuts *cuts)
{
	cuts->count = 0;
	cuts->text.length = 0;
}

void
cuts_free(struct cuts *cuts)
{
	buf_free(cuts->text.data);
	buf_free(cuts->list);
}

enum err
part_create(struct part *out, enum stage stage, const struct json *spec)
{
	const struct part_kind *const *kind = stages[stage].kinds;
	const struct json *type = spec_get(spec, "type");

	*out = (struct part){ 0 };
	if (!spec || spec->type == JSON_NULL)
		return OK;
	if (!type || type->type != JSON_STRING)
		return err_at(ERR_FORMAT, NULL, stages[stage].name, "it has no type");
	while (*kind && !spec_is(type, (*kind)->type))
		kind++;
	if (!*kind)
		return err_at(ERR_UNSUPPORTED, NULL, stages[stage].name,
			      "the type \"%s\" is not supported", type->string);
	out->kind = *kind;
	if ((*kind)->size && !(out->state = buf_alloc(1, (*kind)->size)))
		return ERR_NOMEM;
	return (*kind)->create ? (*kind)->create(out->state, spec) : OK;
}

void
part_free(struct part *part)
{
	if (part->kind && part->kind->destroy && part->state)
		part->kind->destroy(part->state);
	buf_free(part->state);
	*part = (struct part){ 0 };
}

enum err
part_normalize(struct bytes *out, const struct part *part, const char *text, size_t length)
{
	if (!part->kind)
		return bytes_add(out, text, length);
	return part->kind->normalize(out, part->state, text, length);
}

enum err
part_cut(struct cuts *out, const struct part *part, const struct cuts *in)
{
	for (size_t i = 0; i < in->count; i++) {
		const struct cut *cut = &in->list[i];
		const char *text = in->text.data + cut->start;
		enum err code;

		if (cut->id < 0 && part->kind) {
			code = part->kind->cut(out, part->state, text, cut->length, cut->at_start);
		} else {
			code = bytes_add(&out->text, text, cut->length);
			code = code ? code : cuts_end(out, cut->id, cut->at_start);
		}
		if (code)
			return code;
	}
	return OK;
}

enum err
part_process(struct ids *out, const struct part *part, const int32_t *ids, size_t count)
{
	return part->kind ? part->kind->process(out, part->state, ids, count)
			  : ids_append(out, ids, count);
}

enum err
part_decode(struct cuts *out, const struct part *part, const struct cuts *in)
{
	enum err code = OK;

	if (part->kind)
		return part->kind->decode(out, part->state, in);
	for (size_t i = 0; i < in->count && !code; i++) {
		const struct cut *cut = &in->list[i];

		code = bytes_add(&out->text, in->text.data + cut->start, cut->length);
		code = code ? code : cuts_keep(out);
	}
	return code;
}
