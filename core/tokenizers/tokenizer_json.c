/* tokenizer.json of the Hugging Face library, and the small files beside it that name BOS and EOS.
 */
#include "core/buf.h"
#include "core/file.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/tokenizer_internal.h"

#include <string.h>

#define MODEL(name) &model_##name,
static const struct model_kind *const models[] = {
#include "core/tokenizers/models.def"
	NULL
};
#undef MODEL

/* Older files name no type. */
static bool
is_kind(const struct model_kind *kind, const struct json *type, const struct json *spec)
{
	return type ? spec_is(type, kind->type) : kind->claims && kind->claims(spec);
}

static enum err
create_model(struct tokenizer *out, const struct json *spec)
{
	const struct json *type;
	const struct model_kind *const *kind = models;
	enum err code = spec_string(&type, spec, "type");

	if (code)
		return code;
	while (*kind && !is_kind(*kind, type, spec))
		kind++;
	if (!*kind && !type)
		return err_at(ERR_FORMAT, NULL, "model", "it is missing or has no type");
	if (!*kind)
		return err_at(ERR_UNSUPPORTED, NULL, "model",
			      "the tokenizer model \"%s\" is not supported", type->string);
	code = (*kind)->create(&out->model, spec);
	if (!code)
		out->kind = *kind;
	return code;
}

/* Does a part, or one inside its lists, have this type? */
static bool
mentions(const struct json *spec, const char *type)
{
	if (!spec || spec->type != JSON_OBJECT)
		return false;
	if (spec_is(spec_get(spec, "type"), type))
		return true;
	for (const struct json *member = spec->first; member; member = member->next) {
		if (member->type != JSON_ARRAY)
			continue;
		for (const struct json *item = member->first; item; item = item->next)
			if (mentions(item, type))
				return true;
	}
	return false;
}

static enum err
create_parts(struct tokenizer *out, const struct json *root)
{
	const struct json *cut = spec_get(root, "pre_tokenizer");
	bool byte_level =
		mentions(cut, "ByteLevel") || mentions(spec_get(root, "normalizer"), "ByteLevel");
	enum err code = create_model(out, spec_get(root, "model"));

	if (code)
		return code;
	out->name = out->kind->describe(out->model, byte_level);
	code = part_create(&out->normalizer, STAGE_NORMALIZER, spec_get(root, "normalizer"));
	code = code ? code : part_create(&out->pre_tokenizer, STAGE_PRE_TOKENIZER, cut);
	code = code ? code
		    : part_create(&out->post_processor, STAGE_POST_PROCESSOR,
				  spec_get(root, "post_processor"));
	code = code ? code : part_create(&out->decoder, STAGE_DECODER, spec_get(root, "decoder"));
	return code ? code
		    : added_create(&out->added, spec_get(root, "added_tokens"),
				   out->kind->vocab(out->model), &out->normalizer);
}

enum err
tokenizer_read_beside(struct json_document **out, const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? buf_strndup(path, (size_t)(slash - path) + 1) : buf_strdup(".");
	char *file = folder ? file_join(folder, name) : NULL;
	enum err code = file ? OK : ERR_NOMEM;

	*out = NULL;
	if (!code && file_exists(file))
		code = json_read(out, file, 16 << 20);
	buf_free(folder);
	buf_free(file);
	return code;
}

int32_t
tokenizer_named_token(const struct tokenizer *tokenizer, const struct json *config, const char *key)
{
	const struct json *name = config ? spec_get(config, key) : NULL;

	if (name && name->type == JSON_OBJECT)
		name = spec_get(name, "content");
	if (!name || name->type != JSON_STRING)
		return -1;
	for (size_t i = 0; i < tokenizer->added.count; i++)
		if (spec_is(name, tokenizer->added.tokens[i].content))
			return tokenizer->added.tokens[i].id;
	return vocab_find(tokenizer->kind->vocab(tokenizer->model), name->string, name->length);
}

/* "eos_token_id" is an id or a list of them, the first of which counts. */
static int32_t
numbered_token(const struct tokenizer *tokenizer, const struct json *config, const char *key)
{
	const struct json *value = config ? spec_get(config, key) : NULL;
	int32_t id;

	if (value && value->type == JSON_ARRAY)
		value = value->first;
	return spec_id(&id, value) && (size_t)id < tokenizer_vocab(tokenizer) ? id : -1;
}

/* What the post-processor puts before an empty text, -1 for nothing. */
static enum err
template_start(int32_t *out, const struct tokenizer *tokenizer)
{
	struct ids ids = { 0 };
	enum err code = part_process(&ids, &tokenizer->post_processor, NULL, 0);

	*out = !code && ids.count ? ids.data[0] : -1;
	for (size_t i = 0; i < ids.count && !code; i++)
		if ((size_t)ids.data[i] >= tokenizer_vocab(tokenizer))
			code = err_at(ERR_FORMAT, NULL, "post_processor",
				      "the id %d is not in the vocabulary", ids.data[i]);
	buf_free(ids.data);
	return code;
}

static enum err
read_special(struct tokenizer *out, const struct json *config, const struct json *generation)
{
	const struct json *adds = spec_get(config, "add_bos_token");
	int32_t start;
	enum err code = template_start(&start, out);

	if (code)
		return code;
	out->bos = tokenizer_named_token(out, config, "bos_token");
	out->eos = tokenizer_named_token(out, config, "eos_token");
	if (out->bos < 0)
		out->bos = numbered_token(out, generation, "bos_token_id");
	if (out->eos < 0)
		out->eos = numbered_token(out, generation, "eos_token_id");
	/* A template that only appends EOS starts an empty text with it, too. */
	if (out->bos < 0 && start >= 0 && start != out->eos)
		out->bos = start;
	out->adds_bos = out->bos >= 0 &&
			(adds && adds->type == JSON_BOOL ? adds->boolean : start == out->bos);
	return OK;
}

static enum err
read_configs(struct tokenizer *out, const char *path)
{
	struct json_document *config = NULL, *generation = NULL;
	enum err code = tokenizer_read_beside(&config, path, "tokenizer_config.json");

	code = code ? code : tokenizer_read_beside(&generation, path, "generation_config.json");
	code = code ? code
		    : read_special(out, config ? json_root(config) : NULL,
				   generation ? json_root(generation) : NULL);
	json_free(config);
	json_free(generation);
	return code;
}

enum err
tokenizer_json_open(struct tokenizer *out, const char *path)
{
	struct json_document *document = NULL;
	enum err code = json_read(&document, path, TOKENIZER_FILE_MAX);

	if (code)
		return code;
	code = create_parts(out, json_root(document));
	json_free(document);
	return code ? code : read_configs(out, path);
}
