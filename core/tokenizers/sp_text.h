#ifndef CORE_TOKENIZERS_SP_TEXT_H
#define CORE_TOKENIZERS_SP_TEXT_H

#include "core/tokenizers/sp_model.h"
#include "core/tokenizers/tokenizer_internal.h"

/* Text as SentencePiece makes it ready for its model (normalizer.cc), and as it puts pieces
 * together (sentencepiece_processor.cc, Decode). */

/* The pre-tokenizer: characters mapped, spaces joined and escaped. `first_only`: the space that is
 * put before a text stands at the start alone, not behind added tokens too. */
enum err sp_text_set_cutter(struct tokenizer *out, const struct sp_model *model, bool first_only);

enum err sp_text_set_decoder(struct tokenizer *out, const struct sp_model *model);

#endif
