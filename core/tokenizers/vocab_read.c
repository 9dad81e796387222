#include "core/tokenizers/vocab_read.h"

/* Ids may run ahead of the number of pieces by this much. */
enum { SPARE_IDS = 65536 };

enum err
vocab_read(struct vocab **out, const struct json *list)
{
	enum err code;

	*out = NULL;
	if (!list || list->type != JSON_OBJECT)
		return err_at(ERR_FORMAT, NULL, "model.vocab", "it is missing or no object");
	code = vocab_create(out, list->length * 2 + SPARE_IDS);
	for (const struct json *item = list->first; item && !code; item = item->next) {
		char brief[64];
		int32_t id;

		if (!spec_id(&id, item))
			return err_at(ERR_FORMAT, NULL, "model.vocab",
				      "the id of \"%s\" is %s, which is no token id", item->key,
				      json_brief(brief, sizeof(brief), item));
		code = vocab_add(*out, item->key, item->key_length, id);
	}
	return code;
}

enum err
vocab_find_unknown(int32_t *out, const struct vocab *vocab, const struct json *spec)
{
	const struct json *text;
	enum err code = spec_string(&text, spec, "unk_token");

	*out = !code && text ? vocab_find(vocab, text->string, text->length) : -1;
	return code;
}

enum err
vocab_read_unknown(int32_t *out, const struct vocab *vocab, const struct json *spec)
{
	enum err code = vocab_find_unknown(out, vocab, spec);

	if (!code && *out < 0 && spec_get(spec, "unk_token"))
		return err_at(ERR_FORMAT, NULL, "model.unk_token",
			      "\"%s\" is not in the vocabulary",
			      spec_get(spec, "unk_token")->string);
	return code;
}
