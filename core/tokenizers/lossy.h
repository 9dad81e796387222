#ifndef CORE_TOKENIZERS_LOSSY_H
#define CORE_TOKENIZERS_LOSSY_H

#include "core/tokenizers/parts.h"

/* Bytes that should be UTF-8: each maximal part of an invalid sequence becomes one U+FFFD (Unicode
 * 15, section 3.9, "U+FFFD Substitution of Maximal Subparts"). */
enum err lossy_add(struct bytes *out, const char *data, size_t length);

#endif
