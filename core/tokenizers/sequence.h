#ifndef CORE_TOKENIZERS_SEQUENCE_H
#define CORE_TOKENIZERS_SEQUENCE_H

#include "core/tokenizers/parts.h"

/* Several parts of one stage as one, for readers of other files than tokenizer.json: `kind` is the
 * stage's "Sequence". Add to a zeroed part; `part` is taken over, on failure too. */
enum err sequence_add(struct part *sequence, const struct part_kind *kind, const struct part *part);

#endif
