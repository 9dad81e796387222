/* SentencePiece's BPE from pieces and scores: the adjacent pair whose piece has the highest score
 * merges first, the leftmost of equals (Kudo & Richardson 2018, bpe_model.cc for the order). */
#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/byte_piece.h"
#include "core/tokenizers/models.h"

#include <stdlib.h>

/* Ids 0, 1, 2 are unknown, BOS, EOS; none of them is made by merging, nor are bytes. */
enum { UNKNOWN = 0, FIRST_PIECE = 3 };

struct scored {
	struct vocab *vocab;
	uint32_t *ranks; /* by id: 0 for the best score; equal scores, equal ranks */
	int32_t byte_ids[256];
	bool has_bytes; /* all of them */
	bool *merges;   /* by id: it may come of a merge */
};

static bool
find(struct merge *out, const struct merge_rules *rules, const char *word,
     const struct symbol *left, const struct symbol *right)
{
	const struct scored *scored = rules->state;
	int32_t id =
		vocab_find(scored->vocab, word + left->start, (size_t)left->length + right->length);

	if (id < 0 || !scored->merges[id])
		return false;
	*out = (struct merge){ scored->ranks[id], id };
	return true;
}

static enum err
add_character(struct merger *merger, const struct scored *scored, const char *text, size_t start,
	      size_t end)
{
	int32_t id = vocab_find(scored->vocab, text + start, end - start);

	return merger_add(merger, id >= 0 && scored->merges[id] ? id : -1, start, end - start);
}

/* A symbol that is no piece becomes its bytes; without pieces for all bytes a run of such symbols
 * becomes one unknown token. */
static enum err
add_symbol(struct ids *out, bool *unknown, const struct scored *scored, const char *text,
	   const struct symbol *symbol)
{
	bool before = *unknown;
	enum err code = OK;

	*unknown = symbol->id < 0;
	if (symbol->id >= 0)
		return ids_add(out, symbol->id);
	if (!scored->has_bytes)
		return before ? OK : ids_add(out, UNKNOWN);
	for (uint32_t i = 0; i < symbol->length && !code; i++)
		code = ids_add(out, scored->byte_ids[(unsigned char)text[symbol->start + i]]);
	return code;
}

static enum err
encode(struct ids *out, const void *model, struct merger *scratch, const char *text, size_t length)
{
	const struct scored *scored = model;
	const struct merge_rules rules = { find, scored };
	bool unknown = false;
	enum err code = OK;

	merger_clear(scratch);
	for (size_t at = 0; at < length && !code;) {
		size_t start = at;

		text_decode(text, length, &at);
		code = add_character(scratch, scored, text, start, at);
	}
	code = code ? code : merger_run(scratch, &rules, text);
	for (uint32_t at = 0; scratch->count && at != SYMBOL_NONE && !code;
	     at = scratch->symbols[at].next)
		code = add_symbol(out, &unknown, scored, text, &scratch->symbols[at]);
	return code;
}

struct ranked {
	float score;
	int32_t id;
};

static int
best_first(const void *a, const void *b)
{
	float x = ((const struct ranked *)a)->score, y = ((const struct ranked *)b)->score;

	return (x < y) - (x > y);
}

static enum err
rank_pieces(struct scored *scored, const float *scores, size_t count)
{
	struct ranked *order = buf_alloc(count + 1, sizeof(*order));
	uint32_t rank = 0;

	scored->ranks = buf_alloc(count + 1, sizeof(*scored->ranks));
	if (!order || !scored->ranks) {
		buf_free(order);
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < count; i++)
		order[i] = (struct ranked){ scores[i], (int32_t)i };
	qsort(order, count, sizeof(*order), best_first);
	for (size_t i = 0; i < count; i++) {
		rank += i && order[i].score < order[i - 1].score;
		scored->ranks[order[i].id] = rank;
	}
	buf_free(order);
	return OK;
}

static enum err
mark_pieces(struct scored *scored, size_t count)
{
	scored->merges = buf_alloc(count + 1, sizeof(*scored->merges));
	if (!scored->merges)
		return ERR_NOMEM;
	for (size_t i = 0; i < 256; i++)
		scored->byte_ids[i] = -1;
	for (size_t id = FIRST_PIECE; id < count; id++) {
		size_t length = 0;
		const char *piece = vocab_piece(scored->vocab, (int32_t)id, &length);
		int byte = piece ? byte_piece_value(piece, length) : -1;

		scored->merges[id] = piece && byte < 0;
		if (byte >= 0)
			scored->byte_ids[byte] = (int32_t)id;
	}
	scored->has_bytes = true;
	for (size_t i = 0; i < 256; i++)
		scored->has_bytes = scored->has_bytes && scored->byte_ids[i] >= 0;
	return OK;
}

static void
destroy(void *model)
{
	struct scored *scored = model;

	if (!scored)
		return;
	vocab_free(scored->vocab);
	buf_free(scored->ranks);
	buf_free(scored->merges);
	buf_free(scored);
}

enum err
bpe_scored_create(void **out, struct vocab *vocab, const float *scores)
{
	struct scored *scored = buf_alloc(1, sizeof(*scored));
	enum err code = ERR_NOMEM;

	*out = NULL;
	if (!scored) {
		vocab_free(vocab);
		return ERR_NOMEM;
	}
	scored->vocab = vocab;
	code = rank_pieces(scored, scores, vocab_size(vocab));
	code = code ? code : mark_pieces(scored, vocab_size(vocab));
	if (code)
		destroy(scored);
	else
		*out = scored;
	return code;
}

static const struct vocab *
vocab_of(const void *model)
{
	return ((const struct scored *)model)->vocab;
}

static const char *
describe(const void *model, bool byte_level)
{
	(void)model;
	(void)byte_level;
	return "bpe_scored";
}

const struct model_kind model_bpe_scored = {
	.type = "llama2c",
	.destroy = destroy,
	.encode = encode,
	.vocab = vocab_of,
	.describe = describe,
};
