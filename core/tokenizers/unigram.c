#include "core/tokenizers/unigram.h"

#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/byte_piece.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/trie.h"

#include <math.h>
#include <string.h>

/* How large a sum in float may grow (unigram_model.cc of SentencePiece 0.2.3). */
#define SINGLE_LIMIT 100000.0

struct unigram {
	struct vocab *vocab;
	struct trie *trie; /* of the pieces that may stand in text */
	double *scores;    /* by id */
	struct unigram_settings settings;
	int32_t byte_ids[256]; /* -1: no piece for this byte */
};

static void
destroy(void *model)
{
	struct unigram *unigram = model;

	if (!unigram)
		return;
	vocab_free(unigram->vocab);
	trie_free(unigram->trie);
	buf_free(unigram->scores);
	buf_free(unigram);
}

static enum err
fill_trie(struct unigram *unigram, const bool *hidden)
{
	size_t count = vocab_size(unigram->vocab), length = 0;
	enum err code = trie_create(&unigram->trie);

	for (size_t id = 0; id < count && !code; id++) {
		const char *piece = vocab_piece(unigram->vocab, (int32_t)id, &length);

		/* Of two equal pieces the one that the vocabulary finds. */
		if (piece && !(hidden && hidden[id]) &&
		    vocab_find(unigram->vocab, piece, length) == (int32_t)id)
			code = trie_add(unigram->trie, piece, length, (int32_t)id);
	}
	return code;
}

enum err
unigram_create(void **out, struct vocab *vocab, const double *scores,
	       const struct unigram_settings *settings)
{
	struct unigram *unigram = buf_alloc(1, sizeof(*unigram));
	size_t count = vocab_size(vocab);
	enum err code = ERR_NOMEM;

	*out = NULL;
	if (!unigram) {
		vocab_free(vocab);
		return ERR_NOMEM;
	}
	unigram->vocab = vocab;
	unigram->settings = *settings;
	unigram->settings.hidden = NULL;
	byte_piece_ids(unigram->byte_ids, vocab);
	unigram->scores = buf_alloc(count + 1, sizeof(*scores));
	if (unigram->scores) {
		memcpy(unigram->scores, scores, count * sizeof(*scores));
		code = fill_trie(unigram, settings->hidden);
	}
	if (code)
		destroy(unigram);
	else
		*out = unigram;
	return code;
}

/* The best way to the byte where a step ends. */
struct step {
	double score;   /* of all pieces up to here */
	uint32_t start; /* where the last of them starts; once the path is turned around, where
			 * the one that starts here ends */
	int32_t id;
};

#define UNREACHED UINT32_MAX

enum { STEPS_KEPT = 128 };

static void
offer(struct step *target, double score, size_t start, int32_t id, bool single)
{
	if (single)
		score = (double)(float)score;
	if (target->start != UNREACHED && !(score > target->score))
		return;
	*target = (struct step){ score, (uint32_t)start, id };
}

/* A float has few digits: like SentencePiece, start anew from here when the sum has used them. */
static void
rebase(struct step *steps, size_t at, size_t length)
{
	double offset = steps[at].score;

	for (size_t i = at; i <= length; i++)
		if (i == at || steps[i].start != UNREACHED)
			steps[i].score = (double)(float)(steps[i].score - offset);
}

/* All pieces that start here, the shortest first; true when one of them is the character that ends
 * at `next`. */
static bool
offer_pieces(struct step *steps, const struct unigram *unigram, const char *text, size_t length,
	     size_t at, size_t next)
{
	uint32_t node = TRIE_ROOT;
	double before = steps[at].score;
	bool whole = false;

	for (size_t end = at; end < length;) {
		int32_t id;

		node = trie_step(unigram->trie, node, text[end++]);
		if (node == TRIE_NONE)
			break;
		id = trie_value(unigram->trie, node);
		if (id < 0)
			continue;
		offer(&steps[end], unigram->scores[id] + before, at, id, unigram->settings.single);
		whole = whole || end == next;
	}
	return whole;
}

static enum err
find_steps(struct step *steps, const struct unigram *unigram, const char *text, size_t length)
{
	const struct unigram_settings *settings = &unigram->settings;

	for (size_t i = 1; i <= length; i++)
		steps[i].start = UNREACHED;
	steps[0] = (struct step){ 0 };
	for (size_t at = 0; at < length;) {
		size_t start = at;

		if (settings->single && fabs(steps[start].score) > SINGLE_LIMIT)
			rebase(steps, start, length);
		text_decode(text, length, &at);
		if (offer_pieces(steps, unigram, text, length, start, at))
			continue;
		offer(&steps[at], settings->unk_score + steps[start].score, start, settings->unk_id,
		      settings->single);
		if (steps[at].id < 0)
			return err_set(ERR_RANGE,
				       "the text has a character at byte %zu that is no piece, and "
				       "the tokenizer has no unknown token for it",
				       start);
	}
	return OK;
}

/* Turn the links of the best path to point forwards, like a list. */
static void
turn_around(struct step *steps, size_t length)
{
	struct step forward = { 0 };

	for (uint32_t at = (uint32_t)length;;) {
		struct step back = steps[at];

		steps[at] = forward;
		if (!at)
			return;
		forward.start = at;
		forward.id = back.id;
		at = back.start;
	}
}

/* A run of unknown characters: as the library does, first looked up as a whole. */
static enum err
add_unknown(struct ids *out, const struct unigram *unigram, const char *text, size_t length)
{
	uint32_t node = trie_walk(unigram->trie, TRIE_ROOT, text, length);
	int32_t whole = node == TRIE_NONE ? -1 : trie_value(unigram->trie, node);
	bool bytes = unigram->settings.byte_fallback;
	enum err code = OK;

	if (whole >= 0)
		return ids_add(out, whole);
	for (size_t i = 0; i < length && bytes; i++)
		bytes = unigram->byte_ids[(unsigned char)text[i]] >= 0;
	if (!bytes)
		return ids_add(out, unigram->settings.unk_id);
	for (size_t i = 0; i < length && !code; i++)
		code = ids_add(out, unigram->byte_ids[(unsigned char)text[i]]);
	return code;
}

static enum err
add_path(struct ids *out, const struct unigram *unigram, const struct step *steps, const char *text,
	 size_t length)
{
	int32_t unknown = unigram->settings.unk_id;
	enum err code = OK;

	for (size_t at = 0; at < length && !code;) {
		size_t start = at;

		if (steps[at].id != unknown) {
			code = ids_add(out, steps[at].id);
			at = steps[at].start;
			continue;
		}
		while (at < length && steps[at].id == unknown)
			at = steps[at].start;
		code = add_unknown(out, unigram, text + start, at - start);
	}
	return code;
}

static enum err
encode(struct ids *out, const void *model, struct merger *scratch, const char *text, size_t length)
{
	struct step few[STEPS_KEPT + 1], *steps = few;
	enum err code;

	(void)scratch;
	if (length > STEPS_KEPT && !(steps = buf_alloc_dirty(length + 1, sizeof(*steps))))
		return ERR_NOMEM;
	code = find_steps(steps, model, text, length);
	if (!code) {
		turn_around(steps, length);
		code = add_path(out, model, steps, text, length);
	}
	if (steps != few)
		buf_free(steps);
	return code;
}

static const struct vocab *
vocab_of(const void *model)
{
	return ((const struct unigram *)model)->vocab;
}

static const char *
describe(const void *model, bool byte_level)
{
	(void)byte_level;
	return ((const struct unigram *)model)->settings.byte_fallback ? "unigram_byte_fallback"
								       : "unigram";
}

static bool
claims(const struct json *spec)
{
	const struct json *vocab = spec_get(spec, "vocab");

	return vocab && vocab->type == JSON_ARRAY;
}

const struct model_kind model_unigram = {
	.type = "Unigram",
	.claims = claims,
	.create = unigram_load,
	.destroy = destroy,
	.encode = encode,
	.vocab = vocab_of,
	.describe = describe,
};
