#include "core/tokenizers/sp_config.h"

#include "core/tokenizers/spec.h"

#include <stdlib.h>
#include <string.h>

/* Ids may run ahead of the number of tokens by this much. */
enum { SPARE_IDS = 65536 };

static const struct json *
root_of(const struct json_document *document)
{
	return document ? json_root(document) : NULL;
}

enum err
sp_config_read(struct sp_config *out, const char *path)
{
	enum err code = tokenizer_read_beside(&out->tokenizer, path, "tokenizer_config.json");

	return code ? code : tokenizer_read_beside(&out->added, path, "added_tokens.json");
}

void
sp_config_clear(struct sp_config *config)
{
	json_free(config->tokenizer);
	json_free(config->added);
	*config = (struct sp_config){ 0 };
}

bool
sp_config_prefix_once(const struct sp_config *config)
{
	const struct json *legacy = spec_get(root_of(config->tokenizer), "legacy");

	return legacy && legacy->type == JSON_BOOL && !legacy->boolean;
}

/* The token of a folder either has a new id, or is the piece that has this one. */
static enum err
put(struct tokenizer *out, const struct added_token *token, const char *content, size_t length)
{
	size_t piece_length = 0;
	const char *piece = vocab_piece(out->kind->vocab(out->model), token->id, &piece_length);

	if (piece && (piece_length != length || memcmp(piece, content, length)))
		return err_at(ERR_UNSUPPORTED, NULL, "added_tokens",
			      "\"%.64s\" has the id %d, which is the piece \"%.64s\"; the folder "
			      "numbers pieces anew, use its tokenizer.json",
			      content, token->id, piece);
	return added_put(&out->added, token, content, length);
}

/* "32000": {"content": "<x>", ...} */
static enum err
put_decoded(struct tokenizer *out, const struct json *entry)
{
	const struct json *content = NULL;
	struct added_token token = { 0 };
	char *end;
	long id = strtol(entry->key, &end, 10);
	enum err code = spec_string(&content, entry, "content");

	if (code)
		return code;
	if (id < 0 || id > INT32_MAX || *end || end == entry->key || !content || !content->length)
		return err_at(ERR_FORMAT, NULL, "added_tokens_decoder",
			      "\"%.64s\" is no id with a token", entry->key);
	token.id = (int32_t)id;
	code = spec_bool(&token.special, entry, "special", false);
	code = code ? code : spec_bool(&token.lstrip, entry, "lstrip", false);
	code = code ? code : spec_bool(&token.rstrip, entry, "rstrip", false);
	code = code ? code : spec_bool(&token.single_word, entry, "single_word", false);
	return code ? code : put(out, &token, content->string, content->length);
}

static bool
is_listed(const struct json *list, const char *text)
{
	for (const struct json *item = list ? list->first : NULL; item; item = item->next)
		if (spec_is(item, text))
			return true;
	return false;
}

/* "<x>": 32000 */
static enum err
put_added(struct tokenizer *out, const struct json *entry, const struct json *specials)
{
	struct added_token token = { .special = is_listed(specials, entry->key) };

	if (!spec_id(&token.id, entry) || !entry->key_length)
		return err_at(ERR_FORMAT, NULL, "added_tokens.json", "\"%.64s\" has no token id",
			      entry->key);
	if (vocab_find(out->added.names, entry->key, entry->key_length) >= 0)
		return OK;
	return put(out, &token, entry->key, entry->key_length);
}

static enum err
put_controls(struct tokenizer *out, const unsigned char *kinds)
{
	const struct vocab *vocab = out->kind->vocab(out->model);
	size_t count = vocab_size(vocab);
	enum err code = OK;

	for (size_t id = 0; id < count && !code; id++) {
		struct added_token token = { .id = (int32_t)id, .special = true, .hidden = true };
		const char *piece = vocab_piece(vocab, (int32_t)id, &token.length);

		if (kinds[id] == PIECE_CONTROL && piece &&
		    vocab_find(out->added.names, piece, token.length) < 0)
			code = added_put(&out->added, &token, piece, token.length);
	}
	return code;
}

enum err
sp_config_add_tokens(struct tokenizer *out, const struct sp_config *config,
		     const unsigned char *kinds)
{
	const struct json *decoder = spec_get(root_of(config->tokenizer), "added_tokens_decoder");
	const struct json *specials =
		spec_get(root_of(config->tokenizer), "additional_special_tokens");
	const struct json *added = root_of(config->added);
	size_t limit = vocab_size(out->kind->vocab(out->model)) + SPARE_IDS +
		       (decoder ? decoder->length : 0) + (added ? added->length : 0);
	enum err code = added_start(&out->added, limit);

	if (decoder && decoder->type == JSON_OBJECT)
		for (const struct json *e = decoder->first; e && !code; e = e->next)
			code = put_decoded(out, e);
	if (added && added->type == JSON_OBJECT)
		for (const struct json *e = added->first; e && !code; e = e->next)
			code = put_added(out, e, specials);
	code = code ? code : put_controls(out, kinds);
	return code ? code : added_finish(&out->added, &out->normalizer);
}

static bool
is_set(const struct json *config, const char *key, bool absent)
{
	const struct json *value = spec_get(config, key);

	return value && value->type == JSON_BOOL ? value->boolean : absent;
}

void
sp_config_ends(struct ends *ends, const struct tokenizer *tokenizer, const struct sp_config *config)
{
	const struct json *root = root_of(config->tokenizer);
	const struct json *class = spec_get(root, "tokenizer_class");
	bool t5 = spec_is(class, "T5Tokenizer") || spec_is(class, "T5TokenizerFast");
	int32_t bos = tokenizer_named_token(tokenizer, root, "bos_token");
	int32_t eos = tokenizer_named_token(tokenizer, root, "eos_token");

	ends->bos = bos >= 0 ? bos : ends->bos;
	ends->eos = eos >= 0 ? eos : ends->eos;
	ends->add_bos = is_set(root, "add_bos_token", !t5);
	ends->add_eos = is_set(root, "add_eos_token", t5);
}
