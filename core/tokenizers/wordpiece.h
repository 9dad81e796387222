#ifndef CORE_TOKENIZERS_WORDPIECE_H
#define CORE_TOKENIZERS_WORDPIECE_H

#include "core/tokenizers/models.h"

/* WordPiece (Schuster & Nakajima 2012): a word is cut from its front, each time at the longest
 * piece that fits; a word that cannot be cut to its end is one unknown token. The state of
 * model_wordpiece, from tokenizer.json (wordpiece_load.c) or a GGUF vocabulary. */
struct wordpiece_settings {
	int32_t unk_id; /* -1: a word that needs it is an error */
	/* What stands before a piece in the vocabulary when it starts a word (nothing in
	 * tokenizer.json, U+2581 in GGUF), and when it goes on ("##" in tokenizer.json, nothing in
	 * GGUF). Read at once. */
	const char *first_prefix, *next_prefix;
	size_t first_length, next_length;
	size_t max_characters; /* a longer word is unknown */
};

/* `vocab` is taken over, on failure too. */
enum err wordpiece_create(void **out, struct vocab *vocab,
			  const struct wordpiece_settings *settings);

/* From the "model" section of tokenizer.json. */
enum err wordpiece_load(void **out, const struct json *spec);

#endif
