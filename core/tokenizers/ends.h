#ifndef CORE_TOKENIZERS_ENDS_H
#define CORE_TOKENIZERS_ENDS_H

#include "core/tokenizers/tokenizer_internal.h"

/* The post-processor that puts BOS before a text and EOS behind it; -1: neither. Sets what the
 * tokenizer says of them, too. */
struct ends {
	int32_t bos, eos;
	bool add_bos, add_eos;
};

enum err ends_set(struct tokenizer *out, const struct ends *ends);

#endif
