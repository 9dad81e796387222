/* tokenizer.ggml.model "bert": WordPiece. Words are cut, their letters made small and bare, as
 * llama.cpp does it (llm_tokenizer_wpm_session), which of a canonical decomposition keeps the first
 * character alone. A piece that starts a word has U+2581 before it. */
#include "core/text.h"
#include "core/tokenizers/gguf_vocab.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/sequence.h"
#include "core/tokenizers/unicode.h"
#include "core/tokenizers/wordpiece.h"

#include "core/buf.h"

#include <utf8proc.h>

/* Controls, formats and those for private use. */
#define CONTROL UNICODE_SPAN(UNICODE_CC, UNICODE_CO)

struct words {
	bool lowercase, bare; /* without accents */
};

/* Ideographs are words by themselves; one block begins later here than in Unicode, as in the
 * library that these vocabularies come from. */
static bool
is_ideograph(int32_t code)
{
	static const int32_t ranges[][2] = { { 0x3400, 0x4dbf },   { 0x4e00, 0x9fff },
					     { 0xf900, 0xfaff },   { 0x20000, 0x2a6df },
					     { 0x2a700, 0x2b73f }, { 0x2b740, 0x2b81f },
					     { 0x2b920, 0x2ceaf }, { 0x2f800, 0x2fa1f } };

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code >= ranges[i][0] && code <= ranges[i][1])
			return true;
	return false;
}

static int32_t
base_of(int32_t code)
{
	utf8proc_int32_t parts[32];
	int boundary = UTF8PROC_BOUNDCLASS_START;
	utf8proc_ssize_t n = utf8proc_decompose_char(
		code, parts, 32, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE, &boundary);

	return n > 0 && n <= 32 ? parts[0] : code;
}

/* One character, cut off from its neighbours when it stands alone. */
static enum err
add_character(struct cuts *out, const struct words *words, int32_t c, uint64_t classes)
{
	bool alone = (classes & UNICODE_PUNCTUATION) || (c < 0x7f && (classes & UNICODE_SYMBOL)) ||
		     is_ideograph(c);
	char text[4];
	size_t size = text_encode(text, words->lowercase ? unicode_lower(c) : c);
	enum err code = alone ? cuts_end(out, -1, false) : OK;

	code = code ? code : bytes_add(&out->text, text, size);
	return code || !alone ? code : cuts_end(out, -1, false);
}

static enum err
cut(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	const struct words *words = state;
	enum err code = OK;

	(void)at_start;
	for (size_t at = 0; at < length && !code;) {
		int32_t c = text_decode(text, length, &at);
		uint64_t classes;

		c = words->bare ? base_of(c) : c;
		classes = unicode_classes(c);
		if (classes & UNICODE_SPACE)
			code = cuts_end(out, -1, false);
		else if (c > 0 && c != 0xfffd && !(classes & CONTROL) &&
			 !(words->bare && (classes & UNICODE_MARK)))
			code = add_character(out, words, c, classes);
	}
	return code ? code : cuts_end(out, -1, false);
}

static const struct part_kind cutter = { .type = "gguf", .size = sizeof(struct words), .cut = cut };

static enum err
add_words(struct tokenizer *out, const struct gguf *gguf)
{
	struct words *words = buf_alloc(1, sizeof(*words));
	struct part part = { &cutter, words };
	enum err code;

	if (!words)
		return ERR_NOMEM;
	words->lowercase = true;
	code = gguf_get_bool(&words->lowercase, gguf, "tokenizer.ggml.normalizer.lowercase");
	words->bare = words->lowercase;
	code = code ? code
		    : gguf_get_bool(&words->bare, gguf, "tokenizer.ggml.normalizer.strip_accents");
	if (!code)
		return sequence_add(&out->pre_tokenizer, &pre_tokenizer_sequence, &part);
	part_free(&part);
	return code;
}

static enum err
open_model(struct tokenizer *out, struct gguf_vocab *vocab)
{
	const struct wordpiece_settings settings = { .unk_id = vocab->unk,
						     .first_prefix = "\xe2\x96\x81",
						     .first_length = 3,
						     .next_prefix = "",
						     .max_characters = SIZE_MAX };
	const struct gguf_decoding decoding = { .prefix = true };
	struct vocab *pieces = vocab->vocab;
	enum err code = gguf_add_special(out, vocab);

	code = code ? code : add_words(out, vocab->gguf);
	code = code ? code : gguf_set_decoder(out, vocab, &decoding);
	if (code)
		return code;
	/* Both stand around every text. */
	vocab->add_bos = vocab->add_eos = true;
	code = gguf_vocab_id(&vocab->eos, vocab, "tokenizer.ggml.seperator_token_id");
	if (code)
		return code;
	vocab->vocab = NULL;
	code = wordpiece_create(&out->model, pieces, &settings);
	if (!code)
		out->kind = &model_wordpiece;
	return code;
}

const struct gguf_model gguf_model_bert = {
	.name = "bert",
	.bos = 101,
	.eos = 102,
	.unk = 100,
	.open = open_model,
};
