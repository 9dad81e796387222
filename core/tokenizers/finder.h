#ifndef CORE_TOKENIZERS_FINDER_H
#define CORE_TOKENIZERS_FINDER_H

#include "core/tokenizers/parts.h"

/* Many strings looked for at once: the leftmost match, the longest of those that start there. */
struct added_token {
	int32_t id;
	const char *content; /* borrowed from the names */
	size_t length;
	/* What is looked for, and what decoding gives: the content as the normalizer leaves it,
	 * when `normalized`. Owned. */
	struct bytes shown;
	bool special, normalized, lstrip, rstrip, single_word;
	bool hidden; /* never looked for */
};

struct needle {
	const char *text; /* borrowed from the token */
	size_t length;
	const struct added_token *token;
};

struct finder {
	struct needle *needles; /* in byte order after finder_seal */
	size_t count, capacity;
	bool starts[256]; /* some needle starts with this byte */
};

/* A token of which the normalizer leaves nothing is never found. */
enum err finder_add(struct finder *finder, const struct added_token *token);
void finder_seal(struct finder *finder);
void finder_free(struct finder *finder); /* contents */

/* Take the text apart from front to back: each call moves `at` to the next piece, a token or the
 * text before one. Start with all zero; false at the end. A token takes the spaces beside it that
 * it asks for, and is passed over where it wants to be a word by itself and is not. */
struct found {
	size_t start, end;
	const struct added_token *token; /* NULL: text */
	/* private: a token found behind the text that was given out, and where to look on */
	size_t next_start, next_end, from;
	const struct added_token *next;
};

bool finder_next(struct found *at, const struct finder *finder, const char *text, size_t length);

#endif
