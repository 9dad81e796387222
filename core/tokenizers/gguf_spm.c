/* tokenizer.ggml.model "llama": SentencePiece's byte-pair encoding by scores. */
#include "core/tokenizers/gguf_vocab.h"

static enum err
open_model(struct tokenizer *out, struct gguf_vocab *vocab)
{
	const struct bpe_scored_settings settings = { .scores = vocab->scores,
						      .kinds = vocab->kinds,
						      .unk_id = vocab->unk,
						      .byte_fallback = true,
						      .all_kinds = true };
	struct gguf_decoding decoding = { .prefix = true };
	struct vocab *pieces = vocab->vocab;
	enum err code =
		gguf_get_bool(&decoding.prefix, vocab->gguf, "tokenizer.ggml.add_space_prefix");

	code = code ? code : gguf_add_special(out, vocab);
	code = code ? code : gguf_add_spaces(out, decoding.prefix);
	code = code ? code : gguf_set_decoder(out, vocab, &decoding);
	if (code)
		return code;
	vocab->vocab = NULL;
	code = bpe_scored_create(&out->model, pieces, &settings);
	if (!code)
		out->kind = &model_bpe_scored;
	return code;
}

const struct gguf_model gguf_model_llama = {
	.name = "llama",
	.bos = 1,
	.eos = 2,
	.unk = 0,
	.add_bos = true,
	.open = open_model,
};
