#ifndef CORE_TOKENIZERS_VOCAB_READ_H
#define CORE_TOKENIZERS_VOCAB_READ_H

#include "core/tokenizers/spec.h"
#include "core/tokenizers/vocab.h"

/* "vocab" of a model as an object {"piece": id, ...}; *out is the caller's, on failure too. */
enum err vocab_read(struct vocab **out, const struct json *list);

/* The id of "unk_token"; -1 when it is absent or, with the second, not in the vocabulary, which is
 * an error with the first. */
enum err vocab_read_unknown(int32_t *out, const struct vocab *vocab, const struct json *spec);
enum err vocab_find_unknown(int32_t *out, const struct vocab *vocab, const struct json *spec);

#endif
