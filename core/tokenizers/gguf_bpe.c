/* tokenizer.ggml.model "gpt2" and "gemma4": byte-pair encoding by merges. */
#include "core/buf.h"
#include "core/tokenizers/bpe.h"
#include "core/tokenizers/byte_piece.h"
#include "core/tokenizers/gguf_vocab.h"
#include "core/tokenizers/kinds.h"

#include <string.h>

static enum err
take_pre(struct tokenizer *out, struct gguf_vocab *vocab, const char *name)
{
	vocab->pre = gguf_pre_find(name);
	if (!vocab->pre)
		return err_at(ERR_UNSUPPORTED, NULL, "tokenizer.ggml.pre",
			      "is \"%s\", a way to cut text that is not known here; use the "
			      "model's tokenizer.json",
			      name);
	if (vocab->pre->flags & (PRE_BOS | PRE_BOS_ALWAYS))
		vocab->add_bos = true;
	if (vocab->pre->flags & PRE_NO_BOS)
		vocab->bos = -1;
	(void)out;
	return OK;
}

static enum err
prepare_gpt2(struct tokenizer *out, struct gguf_vocab *vocab)
{
	const char *name = NULL;
	enum err code = gguf_get_string(&name, vocab->gguf, "tokenizer.ggml.pre");

	if (code)
		return code;
	if (!name || !*name)
		out->warning = "the file does not say how its tokenizer cuts text "
			       "(tokenizer.ggml.pre); as in llama.cpp \"default\" is taken, which "
			       "fits few models";
	return take_pre(out, vocab, name && *name ? name : "default");
}

static enum err
prepare_gemma4(struct tokenizer *out, struct gguf_vocab *vocab)
{
	return take_pre(out, vocab, "gemma4");
}

/* "left right", parted by the first blank that is not its first byte. */
static enum err
add_merge(struct bpe *bpe, const struct gguf_strings *at, struct bytes *scratch)
{
	const char *blank = at->length ? memchr(at->text + 1, ' ', at->length - 1) : NULL;
	size_t left_length = blank ? (size_t)(blank - at->text) : 0;
	size_t right_length = blank ? at->length - left_length - 1 : 0;
	int32_t left, right, merged;

	if (!right_length)
		return err_at(ERR_FORMAT, NULL, "tokenizer.ggml.merges",
			      "rule %llu, \"%.*s\", is no pair of pieces",
			      (unsigned long long)at->done - 1,
			      (int)(at->length < 64 ? at->length : 64), at->text);
	scratch->length = 0;
	if (bytes_add(scratch, at->text, left_length) ||
	    bytes_add(scratch, blank + 1, right_length))
		return ERR_NOMEM;
	left = vocab_find(bpe->vocab, at->text, left_length);
	right = vocab_find(bpe->vocab, blank + 1, right_length);
	merged = vocab_find(bpe->vocab, scratch->data, scratch->length);
	if (left < 0 || right < 0 || merged < 0)
		return err_at(ERR_FORMAT, NULL, "tokenizer.ggml.merges",
			      "rule %llu, \"%.*s\": the %s is not in the vocabulary",
			      (unsigned long long)at->done - 1,
			      (int)(at->length < 64 ? at->length : 64), at->text,
			      left < 0    ? "left piece"
			      : right < 0 ? "right piece"
					  : "merged piece");
	if (bpe_find_rule(bpe, left, right))
		return OK; /* the first of two counts */
	return bpe_add_rule(bpe, left, right, (uint32_t)at->done - 1, merged);
}

static enum err
add_merges(struct bpe *bpe, const struct gguf_vocab *vocab)
{
	const struct gguf_value *merges;
	struct gguf_strings at = { 0 };
	struct bytes scratch = { 0 };
	enum err code = gguf_need(vocab->gguf, "tokenizer.ggml.merges");

	code = code ? code : gguf_get_strings(&merges, vocab->gguf, "tokenizer.ggml.merges");
	if (!code && merges->count > UINT32_MAX)
		code = err_at(ERR_FORMAT, NULL, merges->key, "has too many rules");
	while (!code && gguf_strings_next(&at, merges))
		code = add_merge(bpe, &at, &scratch);
	buf_free(scratch.data);
	return code;
}

static enum err
make_bpe(struct tokenizer *out, struct gguf_vocab *vocab)
{
	struct bpe *bpe = buf_alloc(1, sizeof(*bpe));
	unsigned flags = vocab->pre->flags;
	enum err code;

	if (!bpe)
		return ERR_NOMEM;
	out->model = bpe;
	out->kind = &model_bpe;
	bpe->vocab = vocab->vocab;
	vocab->vocab = NULL;
	bpe->unk_id = -1;
	bpe->keep_unknown = true;
	bpe->ignore_merges = (flags & PRE_IGNORE_MERGES) != 0;
	bpe->whole_lines = (flags & PRE_WHOLE_LINES) != 0;
	bpe->byte_fallback = (flags & PRE_MARKS) != 0;
	byte_piece_ids(bpe->byte_ids, bpe->vocab);
	code = add_merges(bpe, vocab);
	return code;
}

static enum err
open_model(struct tokenizer *out, struct gguf_vocab *vocab)
{
	bool marks = (vocab->pre->flags & PRE_MARKS) != 0;
	const struct gguf_decoding decoding = { .stand_ins = !marks };
	enum err code = gguf_add_special(out, vocab);

	if (vocab->pre->flags & PRE_BOS_ALWAYS)
		vocab->add_bos = true;
	if (!code && marks)
		code = gguf_add_spaces(out, false);
	code = code ? code : gguf_add_steps(out, vocab->pre);
	if (!code && !marks)
		code = gguf_add_stand_ins(out);
	code = code ? code : gguf_set_decoder(out, vocab, &decoding);
	return code ? code : make_bpe(out, vocab);
}

const struct gguf_model gguf_model_gpt2 = {
	.name = "gpt2",
	.bos = 11,
	.eos = 11,
	.unk = -1,
	.prepare = prepare_gpt2,
	.open = open_model,
};

const struct gguf_model gguf_model_gemma4 = {
	.name = "gemma4",
	.bos = -1,
	.eos = -1,
	.unk = -1,
	.prepare = prepare_gemma4,
	.open = open_model,
};
