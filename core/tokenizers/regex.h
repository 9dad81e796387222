#ifndef CORE_TOKENIZERS_REGEX_H
#define CORE_TOKENIZERS_REGEX_H

#include "core/tokenizers/alphabet.h"
#include "core/tokenizers/charset.h"
#include "core/tokenizers/parts.h"

/* An Oniguruma expression (its own syntax, the default of the Hugging Face library) as PCRE2 means
 * the same. All that depends on characters becomes a set of them, whose members are those of
 * unicode.h: literals, classes with intersections and nested ones, \d \h \N \O \p \s \w, [:alpha:],
 * the dot, line and word boundaries, letters whose case is ignored. What is left is structure. Sets
 * stand in it by number until an alphabet makes bytes of them.
 *
 * References to groups, \G \K \X \y, absent operators, callouts and case beyond ASCII are
 * ERR_UNSUPPORTED by name. */
struct regex {
	struct bytes code;
	struct charset *sets; /* settled, no two equal */
	size_t set_count, set_capacity;
};

enum err regex_parse(struct regex *out, const char *regex, size_t length);
void regex_free(struct regex *regex); /* contents; also after a failed parse */

/* The expression over the letters of an alphabet that was made of its sets, for PCRE2 without UTF.
 */
enum err regex_spell(struct bytes *out, const struct regex *regex, const struct alphabet *alphabet);

#endif
