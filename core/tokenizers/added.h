#ifndef CORE_TOKENIZERS_ADDED_H
#define CORE_TOKENIZERS_ADDED_H

#include "core/tokenizers/finder.h"
#include "core/tokenizers/parts.h"
#include "core/tokenizers/vocab.h"

/* Tokens that are found in the text before the model sees it: "<s>", "<|endoftext|>". Those with
 * `normalized` false are looked for in the text as it comes, the others in the normalized text,
 * and as the normalizer leaves their own content. Of those that start at one place the longest
 * wins. */
struct added {
	struct vocab *names;        /* content and id of each */
	struct added_token *tokens; /* in the file's order */
	size_t count, capacity;
	int32_t *index; /* by id: place in tokens and one, 0: none */
	struct finder raw, normalized;
};

/* The "added_tokens" of tokenizer.json over the model's vocabulary. Ids that differ from those the
 * library would give (the vocabulary's own, else the next free one) are refused. */
enum err added_create(struct added *out, const struct json *list, const struct vocab *vocab,
		      const struct part *normalizer);

/* The same token by token, for other files: start, put each (its flags and id are read), finish.
 * Ids lie below `limit`. Whatever fails, added_free. */
enum err added_start(struct added *out, size_t limit);
enum err added_put(struct added *added, const struct added_token *token, const char *content,
		   size_t length);
enum err added_finish(struct added *added, const struct part *normalizer);
void added_free(struct added *added); /* contents */

const struct added_token *added_by_id(const struct added *added, int32_t id);
/* Special tokens are skipped in decoding on demand. The library looks them up by the text it would
 * show: one that the normalizer changes it does not find, and a piece of the same text it does. */
bool added_is_special(const struct added *added, const char *text, size_t length);
size_t added_size(const struct added *added); /* the largest id and one */

/* Cut raw text at added tokens and normalize what lies between. */
enum err added_cut(struct cuts *out, const struct added *added, const struct part *normalizer,
		   const char *text, size_t length);

#endif
