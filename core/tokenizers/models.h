#ifndef CORE_TOKENIZERS_MODELS_H
#define CORE_TOKENIZERS_MODELS_H

#include "core/tokenizers/merger.h"
#include "core/tokenizers/parts.h"
#include "core/tokenizers/vocab.h"

/* The part that turns one piece of text into ids. Each kind is one file and one line in models.def.
 */
struct model_kind {
	const char *type; /* as tokenizer.json spells it */
	/* A section that names no type, as older files have: is it this kind? NULL: never. */
	bool (*claims)(const struct json *spec);
	enum err (*create)(void **out, const struct json *spec);
	void (*destroy)(void *model); /* NULL is fine */
	enum err (*encode)(struct ids *out, const void *model, struct merger *scratch,
			   const char *text, size_t length);
	const struct vocab *(*vocab)(const void *model);
	/* The name for tokenizer_kind, given whether text becomes byte stand-ins before it. */
	const char *(*describe)(const void *model, bool byte_level);
};

/* What a piece is, as SentencePiece models and GGUF vocabularies number it. */
enum piece_kind {
	PIECE_UNDEFINED,
	PIECE_NORMAL,
	PIECE_UNKNOWN,
	PIECE_CONTROL,
	PIECE_USER_DEFINED,
	PIECE_UNUSED,
	PIECE_BYTE,
	PIECE_KIND_COUNT
};

/* Byte-pair encoding from a vocabulary alone: the pair whose piece has the best score goes first.
 * Both lists are by id, (vocab_size), and read at once. */
struct bpe_scored_settings {
	const float *scores;
	const unsigned char *kinds; /* enum piece_kind */
	int32_t unk_id;             /* for a run of characters that are no piece; -1: none */
	bool byte_fallback; /* such characters become bytes, where there is a piece for each */
	/* As llama.cpp does: pieces of every kind come of merges and stand in the result. Without
	 * it, as SentencePiece: those that the user defined are whole from the start, control and
	 * byte pieces are never found, and unused ones are taken apart again. */
	bool all_kinds;
};

/* `vocab` is taken over, on failure too. */
enum err bpe_scored_create(void **out, struct vocab *vocab,
			   const struct bpe_scored_settings *settings);
extern const struct model_kind model_bpe_scored;

#endif
