#ifndef CORE_TOKENIZERS_SP_MODEL_H
#define CORE_TOKENIZERS_SP_MODEL_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a SentencePiece model says (a protocol buffer, sentencepiece_model.proto): its pieces and
 * how text becomes them. Text and maps are borrowed from the bytes it was read from. */
enum sp_type { SP_UNIGRAM = 1, SP_BPE, SP_WORD, SP_CHAR };

struct sp_text {
	const char *data;
	size_t size;
};

struct sp_piece {
	struct sp_text text;
	float score;
	unsigned char kind; /* enum piece_kind */
};

struct sp_model {
	struct sp_piece *pieces;
	size_t count, capacity;
	enum sp_type type;
	bool byte_fallback;
	struct sp_text bos, eos; /* pieces */
	struct sp_text unknown;  /* what decoding gives for the unknown token */
	/* How text is made ready, and how spaces are treated on the way. */
	struct sp_text charsmap, back_charsmap; /* size 0: none; for decoded text */
	bool dummy_prefix, remove_extra_spaces, escape_spaces, space_behind;
};

/* From a whole file; ERR_FORMAT names what is wrong. On failure too, sp_model_clear. */
enum err sp_model_read(struct sp_model *out, const char *data, size_t size);
void sp_model_clear(struct sp_model *model);

/* For a llama2.c .bin that has no .model beside it: llama2.c's own run.c keeps all spaces. */
void sp_model_default(struct sp_model *out);

#endif
