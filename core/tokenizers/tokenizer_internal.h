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

/* The tok*.bin or tokenizer.bin in the folder of a llama2.c model that holds `vocab` pieces: owned;
 * NULL with OK when the folder has none at all; ERR_FORMAT when none of them fits. */
enum err llama2c_tokenizer_find(char **out, const char *model_path, size_t vocab);

#endif
