#ifndef CORE_TOKENIZERS_LOWERCASE_H
#define CORE_TOKENIZERS_LOWERCASE_H

#include "core/tokenizers/parts.h"

/* Adds the text in lower case. */
enum err lowercase_add(struct bytes *out, const char *text, size_t length);

#endif
