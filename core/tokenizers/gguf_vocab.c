#include "core/tokenizers/gguf_vocab.h"

#include "core/buf.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Whatever their file says, these are control tokens: they end a text, or mark places in code to be
 * filled in. */
static const char *const control_tokens[] = {
	"<|eot_id|>",
	"<|im_end|>",
	"<|end|>",
	"<|return|>",
	"<|call|>",
	"<|flush|>",
	"<|calls|>",
	"<end_of_turn>",
	"<|endoftext|>",
	"</s>",
	"<|eom_id|>",
	"<EOT>",
	"_<EOT>",
	"[EOT]",
	"[EOS]",
	"<|end_of_text|>",
	"<end_of_utterance>",
	"<eos>",
	"<turn|>",
	"<|tool_response>",
	"<\357\275\234end\342\226\201of\342\226\201sentence\357\275\234>",
	"[e~[",
	"<|fim_prefix|>",
	"<fim-prefix>",
	"<fim_prefix>",
	"<\357\275\234fim\342\226\201begin\357\275\234>",
	"<PRE>",
	"\xe2\x96\x81<PRE>",
	"<|code_prefix|>",
	"<|prefix|>",
	"<|fim_suffix|>",
	"<fim-suffix>",
	"<fim_suffix>",
	"<\357\275\234fim\342\226\201hole\357\275\234>",
	"<SUF>",
	"\xe2\x96\x81<SUF>",
	"<|code_suffix|>",
	"<|suffix|>",
	"<|fim_middle|>",
	"<fim-middle>",
	"<fim_middle>",
	"<\357\275\234fim\342\226\201end\357\275\234>",
	"<MID>",
	"\xe2\x96\x81<MID>",
	"<|code_middle|>",
	"<|middle|>",
	"<|fim_pad|>",
	"<fim-pad>",
	"<fim_pad>",
	"<PAD>",
	"[PAD]",
	"<|fim_repo|>",
	"<|repo_name|>",
	"<fim-repo>",
	"<REPO>",
	"<reponame>",
	"<|file_sep|>",
};

/* And these are found in every text. */
static const char *const user_tokens[] = { "<|channel|>", "<|message|>", "<|start|>",
					   "<|constrain|>" };

void
gguf_vocab_clear(struct gguf_vocab *vocab)
{
	vocab_free(vocab->vocab);
	buf_free(vocab->kinds);
	buf_free(vocab->scores);
	*vocab = (struct gguf_vocab){ 0 };
}

static enum err
read_tokens(struct gguf_vocab *out)
{
	const struct gguf_value *tokens;
	struct gguf_strings at = { 0 };
	enum err code = gguf_need(out->gguf, "tokenizer.ggml.tokens");

	code = code ? code : gguf_get_strings(&tokens, out->gguf, "tokenizer.ggml.tokens");
	if (code)
		return code;
	if (tokens->count > INT32_MAX)
		return err_at(ERR_FORMAT, NULL, tokens->key, "has %llu tokens, too many for any id",
			      (unsigned long long)tokens->count);
	out->count = (size_t)tokens->count;
	code = vocab_create(&out->vocab, out->count);
	while (!code && gguf_strings_next(&at, tokens)) {
		char empty[32];
		int n = snprintf(empty, sizeof(empty), "[EMPTY_%llu]",
				 (unsigned long long)(at.done - 1));

		code = at.length ? vocab_add(out->vocab, at.text, at.length, (int64_t)at.done - 1)
				 : vocab_add(out->vocab, empty, (size_t)n, (int64_t)at.done - 1);
	}
	return code;
}

/* A list by id that may be longer than the vocabulary; NULL when there is none. */
static enum err
read_list(const struct gguf_value **out, const struct gguf_vocab *vocab, const char *key)
{
	enum err code = gguf_get_numbers(out, vocab->gguf, key);

	if (!code && *out && (*out)->count < vocab->count)
		code = err_at(ERR_FORMAT, NULL, key, "has %llu elements for %zu tokens",
			      (unsigned long long)(*out)->count, vocab->count);
	return code;
}

static enum err
read_scores(struct gguf_vocab *out)
{
	const struct gguf_value *list;
	enum err code = read_list(&list, out, "tokenizer.ggml.scores");

	for (size_t id = 0; id < out->count && !code && list; id++) {
		out->scores[id] = (float)gguf_number_at(list, id);
		if (!isfinite(out->scores[id]))
			code = err_at(ERR_FORMAT, NULL, list->key,
				      "the score of token %zu is not finite", id);
	}
	return code;
}

static void
set_kind(struct gguf_vocab *vocab, const char *token, unsigned char kind)
{
	int32_t id = vocab_find(vocab->vocab, token, strlen(token));

	if (id >= 0)
		vocab->kinds[id] = kind;
}

static bool
has(const struct gguf_vocab *vocab, const char *token)
{
	return vocab_find(vocab->vocab, token, strlen(token)) >= 0;
}

static void
correct_kinds(struct gguf_vocab *vocab)
{
	bool calls = has(vocab, "<|call|>") || has(vocab, "<|calls|>");

	for (size_t i = 0; i < sizeof(control_tokens) / sizeof(control_tokens[0]); i++)
		set_kind(vocab, control_tokens[i], PIECE_CONTROL);
	for (size_t i = 0; i < sizeof(user_tokens) / sizeof(user_tokens[0]); i++)
		set_kind(vocab, user_tokens[i], PIECE_USER_DEFINED);
	/* There the one ends a message and not the text. */
	if ((has(vocab, "<|return|>") && calls) || (calls && has(vocab, "<|flush|>")))
		set_kind(vocab, "<|end|>", PIECE_USER_DEFINED);
	if (has(vocab, "<|tool_response>"))
		set_kind(vocab, "</s>", PIECE_NORMAL);
}

static enum err
read_kinds(struct gguf_vocab *out)
{
	const struct gguf_value *list;
	enum err code = read_list(&list, out, "tokenizer.ggml.token_type");

	for (size_t id = 0; id < out->count && !code; id++) {
		double kind = list ? gguf_number_at(list, id) : PIECE_NORMAL;

		out->kinds[id] =
			kind > 0 && kind < PIECE_KIND_COUNT ? (unsigned char)kind : PIECE_UNDEFINED;
	}
	if (!code)
		correct_kinds(out);
	return code;
}

enum err
gguf_vocab_id(int32_t *out, const struct gguf_vocab *vocab, const char *key)
{
	size_t id = SIZE_MAX;
	enum err code = gguf_get_size(&id, vocab->gguf, key, 0, UINT32_MAX);

	if (*out >= 0 && (size_t)*out >= vocab->count)
		*out = -1;
	if (!code && id < vocab->count)
		*out = (int32_t)id;
	return code;
}

enum err
gguf_vocab_read(struct gguf_vocab *out, const struct gguf *gguf)
{
	enum err code;

	out->gguf = gguf;
	code = read_tokens(out);
	if (code)
		return code;
	out->kinds = buf_alloc(out->count + 1, 1);
	out->scores = buf_alloc(out->count + 1, sizeof(*out->scores));
	if (!out->kinds || !out->scores)
		return ERR_NOMEM;
	code = read_scores(out);
	code = code ? code : read_kinds(out);
	code = code ? code : gguf_vocab_id(&out->bos, out, "tokenizer.ggml.bos_token_id");
	code = code ? code : gguf_vocab_id(&out->eos, out, "tokenizer.ggml.eos_token_id");
	code = code ? code : gguf_vocab_id(&out->unk, out, "tokenizer.ggml.unknown_token_id");
	code = code ? code : gguf_get_bool(&out->add_bos, gguf, "tokenizer.ggml.add_bos_token");
	return code ? code : gguf_get_bool(&out->add_eos, gguf, "tokenizer.ggml.add_eos_token");
}
