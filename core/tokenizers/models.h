#ifndef CORE_TOKENIZERS_MODELS_H
#define CORE_TOKENIZERS_MODELS_H

#include "core/tokenizers/merger.h"
#include "core/tokenizers/parts.h"
#include "core/tokenizers/vocab.h"

/* The part that turns one piece of text into ids. Each kind is one file and one line in models.def.
 */
struct model_kind {
	const char *type; /* as tokenizer.json spells it */
	enum err (*create)(void **out, const struct json *spec);
	void (*destroy)(void *model); /* NULL is fine */
	enum err (*encode)(struct ids *out, const void *model, struct merger *scratch,
			   const char *text, size_t length);
	const struct vocab *(*vocab)(const void *model);
	/* The name for tokenizer_kind, given whether text becomes byte stand-ins before it. */
	const char *(*describe)(const void *model, bool byte_level);
};

/* Byte-pair encoding from a vocabulary alone, as llama2.c keeps it: the pair whose piece has the
 * best score goes first. `scores` (vocab_size) is read, `vocab` is taken over. */
enum err bpe_scored_create(void **out, struct vocab *vocab, const float *scores);
extern const struct model_kind model_bpe_scored;

#endif
