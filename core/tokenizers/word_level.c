/* "WordLevel": each piece is looked up whole. */
#include "core/buf.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/vocab_read.h"

struct word_level {
	struct vocab *vocab;
	int32_t unk_id; /* -1: a word that needs it is an error */
};

static void
destroy(void *model)
{
	struct word_level *words = model;

	if (!words)
		return;
	vocab_free(words->vocab);
	buf_free(words);
}

static enum err
create(void **out, const struct json *spec)
{
	struct word_level *words = buf_alloc(1, sizeof(*words));
	enum err code;

	*out = NULL;
	if (!words)
		return ERR_NOMEM;
	code = vocab_read(&words->vocab, spec_get(spec, "vocab"));
	code = code ? code : vocab_find_unknown(&words->unk_id, words->vocab, spec);
	if (code)
		destroy(words);
	else
		*out = words;
	return code;
}

static enum err
encode(struct ids *out, const void *model, struct merger *scratch, const char *text, size_t length)
{
	const struct word_level *words = model;
	int32_t id = vocab_find(words->vocab, text, length);

	(void)scratch;
	if (id < 0)
		id = words->unk_id;
	if (id < 0)
		return err_set(ERR_RANGE,
			       "the word \"%.*s\" is not in the vocabulary, and the tokenizer has "
			       "no unknown token for it",
			       (int)(length < 64 ? length : 64), text);
	return ids_add(out, id);
}

static const struct vocab *
vocab_of(const void *model)
{
	return ((const struct word_level *)model)->vocab;
}

static const char *
describe(const void *model, bool byte_level)
{
	(void)model;
	(void)byte_level;
	return "word_level";
}

static bool
claims(const struct json *spec)
{
	return spec_get(spec, "unk_token") && !spec_get(spec, "merges") &&
	       !spec_get(spec, "max_input_chars_per_word");
}

const struct model_kind model_word_level = {
	.type = "WordLevel",
	.claims = claims,
	.create = create,
	.destroy = destroy,
	.encode = encode,
	.vocab = vocab_of,
	.describe = describe,
};
