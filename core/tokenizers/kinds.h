#ifndef CORE_TOKENIZERS_KINDS_H
#define CORE_TOKENIZERS_KINDS_H

#include "core/tokenizers/models.h"
#include "core/tokenizers/parts.h"

/* One table for each line of the lists, in a file of that name. */
#define PART(name) extern const struct part_kind normalizer_##name;
#include "core/tokenizers/normalizers.def"
#undef PART
#define PART(name) extern const struct part_kind pre_tokenizer_##name;
#include "core/tokenizers/pre_tokenizers.def"
#undef PART
#define PART(name) extern const struct part_kind post_processor_##name;
#include "core/tokenizers/post_processors.def"
#undef PART
#define PART(name) extern const struct part_kind decoder_##name;
#include "core/tokenizers/decoders.def"
#undef PART
#define MODEL(name) extern const struct model_kind model_##name;
#include "core/tokenizers/models.def"
#undef MODEL

#endif
