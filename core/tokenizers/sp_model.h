#ifndef CORE_TOKENIZERS_SP_MODEL_H
#define CORE_TOKENIZERS_SP_MODEL_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

/* What a SentencePiece .model says and a llama2.c .bin made of it leaves out. */
struct sp_settings {
	bool dummy_prefix, remove_extra_spaces;
	char unknown[32]; /* what decoding gives for the unknown token */
	size_t unknown_length;
};

/* For a .bin that has no .model beside it: llama2.c's own run.c keeps all spaces. */
extern const struct sp_settings sp_settings_default;

/* From the bytes of a .model (a protocol buffer: sentencepiece_model.proto). */
enum err sp_settings_read(struct sp_settings *out, const char *data, size_t size);

#endif
