#include "core/tokenizers/unigram.h"

#include "core/buf.h"

#include <math.h>

/* What the library takes off the least score for a character that is no piece. */
#define UNKNOWN_PENALTY 10.0

/* One entry: ["piece", score]. */
static enum err
read_piece(struct vocab *vocab, double *score, const struct json *item, int32_t id)
{
	const struct json *piece = item->type == JSON_ARRAY ? item->first : NULL;
	char brief[64];

	if (!piece || item->length != 2 || piece->type != JSON_STRING ||
	    piece->next->type != JSON_NUMBER || !isfinite(piece->next->number))
		return err_at(ERR_FORMAT, NULL, "model.vocab",
			      "entry %d, %s, is no piece with its score", id,
			      json_brief(brief, sizeof(brief), item));
	*score = piece->next->number;
	return vocab_replace(vocab, piece->string, piece->length, id);
}

static enum err
read_pieces(struct vocab **out, double **scores, double *least, const struct json *list)
{
	enum err code;
	int32_t id = 0;

	if (!list || list->type != JSON_ARRAY)
		return err_at(ERR_FORMAT, NULL, "model.vocab", "it is missing or no array");
	code = vocab_create(out, list->length);
	if (!code && !(*scores = buf_alloc(list->length + 1, sizeof(**scores))))
		code = ERR_NOMEM;
	for (const struct json *item = list->first; item && !code; item = item->next, id++) {
		code = read_piece(*out, &(*scores)[id], item, id);
		if (!code && (*scores)[id] < *least)
			*least = (*scores)[id];
	}
	return code;
}

static enum err
read_settings(struct unigram_settings *out, const struct json *spec, const struct vocab *vocab)
{
	const struct json *unknown = spec_get(spec, "unk_id");
	char brief[64];

	out->unk_id = -1;
	if (unknown &&
	    (!spec_id(&out->unk_id, unknown) || (size_t)out->unk_id >= vocab_size(vocab)))
		return err_at(ERR_FORMAT, NULL, "model.unk_id",
			      "%s is no id of the vocabulary, which has %zu pieces",
			      json_brief(brief, sizeof(brief), unknown), vocab_size(vocab));
	return spec_bool(&out->byte_fallback, spec, "byte_fallback", false);
}

enum err
unigram_load(void **out, const struct json *spec)
{
	struct unigram_settings settings = { 0 };
	struct vocab *vocab = NULL;
	double *scores = NULL, least = INFINITY;
	enum err code = read_pieces(&vocab, &scores, &least, spec_get(spec, "vocab"));

	*out = NULL;
	code = code ? code : read_settings(&settings, spec, vocab);
	settings.unk_score = least - UNKNOWN_PENALTY;
	if (code)
		vocab_free(vocab);
	else
		code = unigram_create(out, vocab, scores, &settings);
	buf_free(scores);
	return code;
}
