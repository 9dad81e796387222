#ifndef CORE_TOKENIZER_H
#define CORE_TOKENIZER_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text to token ids and back, as the Hugging Face `tokenizers` library does, SentencePiece or
 * llama.cpp, whose file it is. Immutable once open. */
struct tokenizer;

/* Opens what lies beside a model: tokenizer.json or else tokenizer.model in a folder, the
 * vocabulary inside a GGUF file, tok*.bin beside a llama2.c file. *out is NULL with OK when there
 * is none. `vocab` is the model's: a tokenizer with more tokens is ERR_FORMAT, but for those added
 * to it, whose ids readers of text check; and of several tok*.bin the one with as many is taken;
 * 0: any. */
enum err tokenizer_open_beside(struct tokenizer **out, const char *model_path, size_t vocab);
enum err tokenizer_open(struct tokenizer **out, const char *path, size_t vocab);
/* Whether `path` is a file that tokenizer_open takes and that needs no model around it: GGUF with
 * or without weights, or tokenizer.json. */
bool tokenizer_is_file(const char *path);
void tokenizer_free(struct tokenizer *tokenizer);

const char *tokenizer_kind(
	const struct tokenizer *tokenizer); /* "bpe_byte_level", "bpe_byte_fallback", ... */
const char *tokenizer_warning(const struct tokenizer *tokenizer); /* a line for people, or NULL */
size_t tokenizer_vocab(const struct tokenizer *tokenizer);
int32_t tokenizer_bos(const struct tokenizer *tokenizer); /* -1: none */
int32_t tokenizer_eos(const struct tokenizer *tokenizer);
bool tokenizer_adds_bos(const struct tokenizer *tokenizer);

/* *out is the caller's. Text that is not UTF-8 is ERR_FORMAT. `special` lets the file's
 * post-processor add BOS/EOS. */
enum err tokenizer_encode(int32_t **out, size_t *count, const struct tokenizer *tokenizer,
			  const char *text, size_t length, bool special);
enum err tokenizer_decode(char **out, size_t *length, const struct tokenizer *tokenizer,
			  const int32_t *ids, size_t count, bool skip_special);

/* The piece of one id, as bytes for display; borrowed; NULL for an id outside. */
const char *tokenizer_piece(const struct tokenizer *tokenizer, int32_t id, size_t *length);

#endif
