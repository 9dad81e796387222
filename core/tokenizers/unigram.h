#ifndef CORE_TOKENIZERS_UNIGRAM_H
#define CORE_TOKENIZERS_UNIGRAM_H

#include "core/tokenizers/models.h"

/* The unigram language model (Kudo 2018): of all ways to cut a text into pieces, the one whose
 * scores sum highest, found by Viterbi's algorithm in one pass. The state of model_unigram, from
 * tokenizer.json (unigram_load.c), a SentencePiece model or any other list of pieces and scores. */
struct unigram;

struct unigram_settings {
	/* For a character that is no piece by itself; a run of them is one token, or its bytes.
	 * -1: a text that needs it is an error. */
	int32_t unk_id;
	double unk_score; /* of each such character: the least score less 10, in all known files */
	bool byte_fallback; /* unknown characters become <0x..>, where there is a piece for each */
	bool single;        /* keep sums in float, as SentencePiece does */
	const bool *hidden; /* by id: never found in text, such as <s>; NULL: none. Read at once */
};

/* `vocab` is taken over, on failure too; `scores` (vocab_size) is read at once. Ties go to the
 * shorter piece. */
enum err unigram_create(void **out, struct vocab *vocab, const double *scores,
			const struct unigram_settings *settings);

/* From the "model" section of tokenizer.json. */
enum err unigram_load(void **out, const struct json *spec);

#endif
