#ifndef CORE_TOKENIZERS_REGEX_H
#define CORE_TOKENIZERS_REGEX_H

#include "core/err.h"

#include <stddef.h>

/* An Oniguruma expression (Ruby syntax, the default of the Hugging Face library) as PCRE2 means the
 * same: \s \d \w \p{L} \p{N} \p{M} \p{P} \p{S} \p{Nd} and their opposites become classes of
 * unicode.h; \h is a hexadecimal digit there and is written out; (?m) means what (?s) means here.
 * Class intersections (&&), nested classes and absent operators are ERR_UNSUPPORTED by name. *out
 * is the caller's. */
enum err regex_translate(char **out, size_t *out_length, const char *regex, size_t length);

#endif
