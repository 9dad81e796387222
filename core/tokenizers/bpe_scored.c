/* SentencePiece's BPE from pieces and scores: the adjacent pair whose piece has the highest score
 * merges first, the leftmost of equals (Kudo & Richardson 2018, bpe_model.cc for the order). */
#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/byte_piece.h"
#include "core/tokenizers/models.h"
#include "core/tokenizers/trie.h"

#include <stdlib.h>
#include <string.h>

struct scored {
	struct vocab *vocab;
	uint32_t *ranks;      /* by id: 0 for the best score; equal scores, equal ranks */
	unsigned char *kinds; /* by id */
	struct trie *whole;   /* user-defined pieces, found before any merge; NULL: none */
	int32_t byte_ids[256], unk_id;
	bool bytes;      /* unknown characters become theirs */
	bool has_unused; /* pieces that are taken apart again */
	bool all_kinds;
};

/* One text on its way. */
struct run {
	const struct scored *scored;
	/* By id of an unused piece: the length of the left one of the pair that last made it, or 0.
	 * NULL: there are none. */
	uint32_t *splits;
	struct span {
		uint32_t start, length;
	} * waiting; /* parts of such pieces, the next one last */
	size_t waiting_count, waiting_capacity;
	bool unknown; /* the last character was */
};

static bool
may_merge(const struct scored *scored, int32_t id)
{
	unsigned char kind = scored->kinds[id];

	return scored->all_kinds || kind == PIECE_NORMAL || kind == PIECE_USER_DEFINED ||
	       kind == PIECE_UNUSED;
}

/* A piece that was whole from the start stays alone. */
static bool
is_frozen(const struct scored *scored, const struct symbol *symbol)
{
	return scored->whole && symbol->id >= 0 && scored->kinds[symbol->id] == PIECE_USER_DEFINED;
}

static bool
find(struct merge *out, const struct merge_rules *rules, const char *word,
     const struct symbol *left, const struct symbol *right)
{
	const struct scored *scored = ((const struct run *)rules->state)->scored;
	int32_t id;

	if (is_frozen(scored, left) || is_frozen(scored, right))
		return false;
	id = vocab_find(scored->vocab, word + left->start, (size_t)left->length + right->length);
	if (id < 0 || !may_merge(scored, id))
		return false;
	*out = (struct merge){ scored->ranks[id], id };
	return true;
}

static void
note_split(const struct merge_rules *rules, int32_t id, const struct symbol *left)
{
	const struct run *run = rules->state;

	if (run->splits && run->scored->kinds[id] == PIECE_UNUSED)
		run->splits[id] = left->length;
}

/* The end of the longest user-defined piece that starts at text[at]; `at` for none. */
static size_t
whole_end(const struct scored *scored, const char *text, size_t length, size_t at, int32_t *id)
{
	uint32_t node = TRIE_ROOT;
	size_t end = at;

	for (size_t i = at; scored->whole && i < length;) {
		node = trie_step(scored->whole, node, text[i++]);
		if (node == TRIE_NONE)
			break;
		if (trie_value(scored->whole, node) >= 0) {
			*id = trie_value(scored->whole, node);
			end = i;
		}
	}
	return end;
}

static enum err
add_symbols(struct merger *merger, const struct scored *scored, const char *text, size_t length)
{
	enum err code = OK;

	for (size_t at = 0; at < length && !code;) {
		size_t start = at;
		int32_t id = -1;

		at = whole_end(scored, text, length, start, &id);
		if (at == start) {
			text_decode(text, length, &at);
			id = vocab_find(scored->vocab, text + start, at - start);
		}
		code = merger_add(merger, id, start, at - start);
	}
	return code;
}

/* A character that is no piece becomes its bytes, or with those beside it one unknown token. */
static enum err
add_unknown(struct ids *out, struct run *run, const char *text, const struct span *span)
{
	const struct scored *scored = run->scored;
	bool before = run->unknown;
	enum err code = OK;

	if (scored->bytes) {
		for (uint32_t i = 0; i < span->length && !code; i++)
			code = ids_add(out, scored->byte_ids[(unsigned char)text[span->start + i]]);
		return code;
	}
	run->unknown = true;
	if (scored->unk_id < 0)
		return err_set(ERR_RANGE,
			       "the text has a character at byte %u that is no piece, and the "
			       "tokenizer has neither bytes nor an unknown token for it",
			       span->start);
	return before ? OK : ids_add(out, scored->unk_id);
}

static enum err
wait_for(struct run *run, uint32_t start, uint32_t length)
{
	if (buf_grow(&run->waiting, &run->waiting_capacity, run->waiting_count + 1,
		     sizeof(*run->waiting)))
		return ERR_NOMEM;
	run->waiting[run->waiting_count++] = (struct span){ start, length };
	return OK;
}

/* The next part that waits: a piece, or two more parts. */
static enum err
add_part(struct ids *out, struct run *run, const char *text)
{
	const struct scored *scored = run->scored;
	struct span span = run->waiting[--run->waiting_count];
	int32_t id = vocab_find(scored->vocab, text + span.start, span.length);
	uint32_t left = run->splits && id >= 0 ? run->splits[id] : 0;
	enum err code;

	if (left) {
		code = wait_for(run, span.start + left, span.length - left);
		return code ? code : wait_for(run, span.start, left);
	}
	if (id < 0 || (id == scored->unk_id && !scored->all_kinds))
		return add_unknown(out, run, text, &span);
	run->unknown = false;
	return ids_add(out, id);
}

static enum err
add_all(struct ids *out, struct run *run, const struct merger *merger, const char *text)
{
	uint32_t at = merger->count ? 0 : SYMBOL_NONE;
	enum err code = OK;

	for (; at != SYMBOL_NONE && !code; at = merger->symbols[at].next) {
		code = wait_for(run, merger->symbols[at].start, merger->symbols[at].length);
		while (run->waiting_count && !code)
			code = add_part(out, run, text);
	}
	return code;
}

static enum err
encode(struct ids *out, const void *model, struct merger *scratch, const char *text, size_t length)
{
	const struct scored *scored = model;
	struct run run = { .scored = scored };
	const struct merge_rules rules = { .find = find, .found = note_split, .state = &run };
	enum err code = OK;

	if (scored->has_unused &&
	    !(run.splits = buf_alloc(vocab_size(scored->vocab), sizeof(*run.splits))))
		return ERR_NOMEM;
	merger_clear(scratch);
	code = add_symbols(scratch, scored, text, length);
	code = code ? code : merger_run(scratch, &rules, text);
	code = code ? code : add_all(out, &run, scratch, text);
	buf_free(run.splits);
	buf_free(run.waiting);
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
add_whole(struct scored *scored, int32_t id)
{
	size_t length = 0;
	const char *piece = vocab_piece(scored->vocab, id, &length);
	enum err code = scored->whole ? OK : trie_create(&scored->whole);

	return code || !piece || !length ? code : trie_add(scored->whole, piece, length, id);
}

static enum err
sort_kinds(struct scored *scored, const unsigned char *kinds, size_t count)
{
	enum err code = OK;

	scored->kinds = buf_alloc(count + 1, 1);
	if (!scored->kinds)
		return ERR_NOMEM;
	memcpy(scored->kinds, kinds, count);
	for (size_t id = 0; id < count && !code && !scored->all_kinds; id++) {
		scored->has_unused = scored->has_unused || kinds[id] == PIECE_UNUSED;
		if (kinds[id] == PIECE_USER_DEFINED)
			code = add_whole(scored, (int32_t)id);
	}
	return code;
}

static void
destroy(void *model)
{
	struct scored *scored = model;

	if (!scored)
		return;
	vocab_free(scored->vocab);
	trie_free(scored->whole);
	buf_free(scored->ranks);
	buf_free(scored->kinds);
	buf_free(scored);
}

enum err
bpe_scored_create(void **out, struct vocab *vocab, const struct bpe_scored_settings *settings)
{
	struct scored *scored = buf_alloc(1, sizeof(*scored));
	size_t count = vocab_size(vocab);
	enum err code;

	*out = NULL;
	if (!scored) {
		vocab_free(vocab);
		return ERR_NOMEM;
	}
	scored->vocab = vocab;
	scored->unk_id = settings->unk_id;
	scored->bytes = settings->byte_fallback;
	scored->all_kinds = settings->all_kinds;
	byte_piece_ids(scored->byte_ids, vocab);
	for (size_t i = 0; i < 256; i++)
		scored->bytes = scored->bytes && scored->byte_ids[i] >= 0;
	code = rank_pieces(scored, settings->scores, count);
	code = code ? code : sort_kinds(scored, settings->kinds, count);
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
