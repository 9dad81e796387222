/* A GGUF file's vocabulary as a tokenizer. */
#include "core/tokenizers/ends.h"
#include "core/tokenizers/gguf_vocab.h"

#include <stdio.h>
#include <string.h>

#define GGUF_MODEL(name) extern const struct gguf_model gguf_model_##name;
#include "core/tokenizers/gguf_models.def"
#undef GGUF_MODEL

static const struct gguf_model *const models[] = {
#define GGUF_MODEL(name) &gguf_model_##name,
#include "core/tokenizers/gguf_models.def"
#undef GGUF_MODEL
};

/* NULL: it has no vocabulary. */
static enum err
model_name(const char **out, const struct gguf *gguf)
{
	enum err code;

	*out = NULL;
	code = gguf_get_string(out, gguf, "tokenizer.ggml.model");
	if (!code && *out && (!strcmp(*out, "no_vocab") || !strcmp(*out, "none")))
		*out = NULL;
	return code;
}

static enum err
find_model(const struct gguf_model **out, const struct gguf *gguf)
{
	const char *name;
	enum err code = model_name(&name, gguf);

	if (code)
		return code;
	if (!name)
		return err_at(ERR_UNSUPPORTED, NULL, "tokenizer.ggml.model",
			      "holds no vocabulary; use the model's tokenizer.json");
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		if (!strcmp(models[i]->name, name)) {
			*out = models[i];
			return OK;
		}
	return err_at(ERR_UNSUPPORTED, NULL, "tokenizer.ggml.model",
		      "is \"%s\", a kind of vocabulary that is not read; use the model's "
		      "tokenizer.json",
		      name);
}

/* Control and unknown tokens: shown, skipped on demand, never looked for. */
static enum err
add_controls(struct tokenizer *out, const struct gguf_vocab *vocab)
{
	const struct vocab *pieces = out->kind->vocab(out->model);
	enum err code = added_start(&out->added, vocab->count);

	for (size_t id = 0; id < vocab->count && !code; id++) {
		struct added_token token = { .id = (int32_t)id, .special = true, .hidden = true };
		const char *piece = vocab_piece(pieces, (int32_t)id, &token.length);

		if (piece &&
		    (vocab->kinds[id] == PIECE_CONTROL || vocab->kinds[id] == PIECE_UNKNOWN))
			code = added_put(&out->added, &token, piece, token.length);
	}
	return code ? code : added_finish(&out->added, &out->normalizer);
}

static enum err
open_vocab(struct tokenizer *out, const struct gguf *gguf)
{
	const struct gguf_model *model = NULL;
	struct gguf_vocab vocab = { .gguf = gguf };
	enum err code = find_model(&model, gguf);

	if (!code) {
		vocab.bos = model->bos;
		vocab.eos = model->eos;
		vocab.unk = model->unk;
		vocab.add_bos = model->add_bos;
		vocab.add_eos = model->add_eos;
		code = model->prepare ? model->prepare(out, &vocab) : OK;
	}
	code = code ? code : gguf_vocab_read(&vocab, gguf);
	code = code ? code : model->open(out, &vocab);
	if (!code) {
		const struct ends ends = { vocab.bos, vocab.eos, vocab.add_bos, vocab.add_eos };

		code = ends_set(out, &ends);
	}
	code = code ? code : add_controls(out, &vocab);
	if (!code)
		out->name = out->kind->describe(out->model,
						vocab.pre && !(vocab.pre->flags & PRE_MARKS));
	gguf_vocab_clear(&vocab);
	return code;
}

enum err
gguf_tokenizer_open(struct tokenizer *out, const char *path)
{
	struct gguf *gguf;
	enum err code = gguf_open(&gguf, path);

	if (code)
		return code;
	code = open_vocab(out, gguf);
	gguf_free(gguf);
	return code;
}

enum err
gguf_tokenizer_has(bool *out, const char *path)
{
	struct gguf *gguf;
	const char *name = NULL;
	enum err code = gguf_open(&gguf, path);

	if (code)
		return code;
	code = model_name(&name, gguf);
	*out = name != NULL;
	gguf_free(gguf);
	return code;
}
