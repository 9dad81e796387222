#ifndef CORE_TOKENIZERS_SPLIT_H
#define CORE_TOKENIZERS_SPLIT_H

#include "core/tokenizers/parts.h"
#include "core/tokenizers/pattern.h"

/* What becomes of a match when text is split at matches. */
struct split_behaviour {
	const char *name; /* as tokenizer.json spells it */
	/* Joins spans in place; those left with `matched` set are dropped. */
	void (*apply)(struct spans *spans);
};

/* By the "behavior" of a part that errors name. */
enum err split_behaviour_find(const struct split_behaviour **out, const char *part,
			      const struct json *name);
extern const struct split_behaviour split_isolated, split_removed, split_contiguous,
	split_merged_with_next;

/* Cut text at the spans that `behaviour` leaves of them. */
enum err split_cut(struct cuts *out, struct spans *spans, const struct split_behaviour *behaviour,
		   const char *text, bool at_start);

/* Cut text at each character that `is` picks, or that has any of the classes of unicode.h. */
enum err split_at(struct cuts *out, bool (*is)(int32_t code, const void *state), const void *state,
		  const struct split_behaviour *behaviour, const char *text, size_t length,
		  bool at_start);
enum err split_at_classes(struct cuts *out, uint64_t classes,
			  const struct split_behaviour *behaviour, const char *text, size_t length,
			  bool at_start);

#endif
