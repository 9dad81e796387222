#ifndef CORE_TOKENIZERS_PATTERN_H
#define CORE_TOKENIZERS_PATTERN_H

#include "core/err.h"
#include "core/tokenizers/spec.h"

#include <stdbool.h>
#include <stddef.h>

/* The patterns of tokenizer.json: {"String": "..."} or {"Regex": "..."}, or a string by itself. A
 * regular expression is written for Oniguruma; it runs on PCRE2 with limits on matching, depth and
 * memory, its classes replaced by those of unicode.h. What means another thing there, or cannot be
 * expressed, is refused by name. */
struct pattern;

enum err pattern_create(struct pattern **out, const struct json *spec);
enum err pattern_create_regex(struct pattern **out, const char *regex, size_t length);
void pattern_free(struct pattern *pattern); /* NULL is fine */

/* A text taken apart into matches and what lies between them, in order, covering all of it; a match
 * may be empty, what lies between may not. */
struct span {
	size_t start, end;
	bool matched;
};

struct spans {
	struct span *list;
	size_t count, capacity;
};

/* ERR_RANGE when the pattern needs more steps than the limits allow. Any thread. */
enum err pattern_cover(struct spans *out, const struct pattern *pattern, const char *text,
		       size_t length);
enum err spans_add(struct spans *out, size_t start, size_t end, bool matched);
void spans_free(struct spans *spans); /* contents only */

#endif
