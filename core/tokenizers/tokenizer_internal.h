#ifndef CORE_TOKENIZERS_TOKENIZER_INTERNAL_H
#define CORE_TOKENIZERS_TOKENIZER_INTERNAL_H

#include "core/tokenizer.h"
#include "core/tokenizers/added.h"
#include "core/tokenizers/models.h"

/* An open tokenizer, however its file spells it. */
struct tokenizer {
	const char *name;
	const char *warning; /* or NULL */
	const struct model_kind *kind;
	void *model;
	struct part normalizer, pre_tokenizer, post_processor, decoder;
	struct added added;
	int32_t bos, eos;
	bool adds_bos;
};

enum { TOKENIZER_FILE_MAX = 256 << 20 };

/* Fill in what the file says; the caller frees the tokenizer on failure too. */
enum err tokenizer_json_open(struct tokenizer *out, const char *path);
enum err llama2c_tokenizer_open(struct tokenizer *out, const char *path);
enum err gguf_tokenizer_open(struct tokenizer *out, const char *path);
enum err gguf_tokenizer_has(bool *out, const char *path); /* a vocabulary, of whatever kind */
enum err sp_tokenizer_open(struct tokenizer *out, const char *path);

/* The tok*.bin or tokenizer.bin in the folder of a llama2.c model that holds `vocab` pieces: owned;
 * NULL with OK when the folder has none at all; ERR_FORMAT when none of them fits. */
enum err llama2c_tokenizer_find(char **out, const char *model_path, size_t vocab);

/* For readers of Hugging Face folders: a small JSON file in the folder of `path`, NULL with OK when
 * it is not there; and the id of a token that such a file names ("bos_token" is the token, or an
 * object that holds it as content), -1 for none. */
enum err tokenizer_read_beside(struct json_document **out, const char *path, const char *name);
int32_t tokenizer_named_token(const struct tokenizer *tokenizer, const struct json *config,
			      const char *key);

#endif
