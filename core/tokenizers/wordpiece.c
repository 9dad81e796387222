#include "core/tokenizers/wordpiece.h"

#include "core/buf.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/trie.h"

struct wordpiece {
	struct vocab *vocab;
	struct trie *trie;
	uint32_t first, next; /* nodes behind the prefixes; TRIE_NONE: no piece has it */
	int32_t unk_id;
	size_t max_characters;
};

static void
destroy(void *model)
{
	struct wordpiece *wordpiece = model;

	if (!wordpiece)
		return;
	vocab_free(wordpiece->vocab);
	trie_free(wordpiece->trie);
	buf_free(wordpiece);
}

static enum err
fill_trie(struct wordpiece *wordpiece)
{
	size_t count = vocab_size(wordpiece->vocab), length = 0;
	enum err code = trie_create(&wordpiece->trie);

	for (size_t id = 0; id < count && !code; id++) {
		const char *piece = vocab_piece(wordpiece->vocab, (int32_t)id, &length);

		if (piece && vocab_find(wordpiece->vocab, piece, length) == (int32_t)id)
			code = trie_add(wordpiece->trie, piece, length, (int32_t)id);
	}
	return code;
}

enum err
wordpiece_create(void **out, struct vocab *vocab, const struct wordpiece_settings *settings)
{
	struct wordpiece *wordpiece = buf_alloc(1, sizeof(*wordpiece));
	enum err code;

	*out = NULL;
	if (!wordpiece) {
		vocab_free(vocab);
		return ERR_NOMEM;
	}
	wordpiece->vocab = vocab;
	wordpiece->unk_id = settings->unk_id;
	wordpiece->max_characters = settings->max_characters;
	code = fill_trie(wordpiece);
	if (code) {
		destroy(wordpiece);
		return code;
	}
	wordpiece->first = trie_walk(wordpiece->trie, TRIE_ROOT, settings->first_prefix,
				     settings->first_length);
	wordpiece->next =
		trie_walk(wordpiece->trie, TRIE_ROOT, settings->next_prefix, settings->next_length);
	*out = wordpiece;
	return OK;
}

static bool
too_long(const struct wordpiece *wordpiece, const char *text, size_t length)
{
	size_t characters = 0;

	for (size_t i = 0; i < length; i++)
		characters += ((unsigned char)text[i] & 0xc0) != 0x80;
	return characters > wordpiece->max_characters;
}

/* The longest piece at text[*at], which moves behind it; -1 for none. */
static int32_t
longest(const struct wordpiece *wordpiece, const char *text, size_t length, size_t *at)
{
	uint32_t node = *at ? wordpiece->next : wordpiece->first;
	int32_t best = -1;

	for (size_t end = *at; end < length && node != TRIE_NONE;) {
		node = trie_step(wordpiece->trie, node, text[end++]);
		if (node != TRIE_NONE && trie_value(wordpiece->trie, node) >= 0) {
			best = trie_value(wordpiece->trie, node);
			*at = end;
		}
	}
	return best;
}

static enum err
encode(struct ids *out, const void *model, struct merger *scratch, const char *text, size_t length)
{
	const struct wordpiece *wordpiece = model;
	size_t before = out->count, at = 0;
	bool whole = !too_long(wordpiece, text, length);

	(void)scratch;
	while (at < length && whole) {
		int32_t id = longest(wordpiece, text, length, &at);

		whole = id >= 0;
		if (whole && ids_add(out, id))
			return ERR_NOMEM;
	}
	if (whole)
		return OK;
	out->count = before;
	if (wordpiece->unk_id < 0)
		return err_set(ERR_RANGE,
			       "the word \"%.*s\" is no sequence of pieces, and the tokenizer has "
			       "no unknown token for it",
			       (int)(length < 64 ? length : 64), text);
	return ids_add(out, wordpiece->unk_id);
}

static const struct vocab *
vocab_of(const void *model)
{
	return ((const struct wordpiece *)model)->vocab;
}

static const char *
describe(const void *model, bool byte_level)
{
	(void)model;
	(void)byte_level;
	return "wordpiece";
}

static bool
claims(const struct json *spec)
{
	return spec_get(spec, "max_input_chars_per_word") != NULL;
}

const struct model_kind model_wordpiece = {
	.type = "WordPiece",
	.claims = claims,
	.create = wordpiece_load,
	.destroy = destroy,
	.encode = encode,
	.vocab = vocab_of,
	.describe = describe,
};
