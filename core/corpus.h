#ifndef CORE_CORPUS_H
#define CORE_CORPUS_H

#include "core/err.h"
#include "core/hash.h"
#include "core/tokenizer.h"

/* A text as token ids: from .txt, .jsonl (one document a line, `field` of each object) or token ids
 * in .npy. Immutable once open. */
struct corpus {
	char *name; /* "stories.calibration", or the file's name */
	char *path;
	char *field; /* or NULL */
	char sha256[HASH_HEX];
	uint64_t bytes;
	int32_t *ids;
	size_t count;
};

/* `tokenizer` may be NULL for .npy. Ids are checked against `vocab`. An empty text is ERR_RANGE.
 * Documents of a .jsonl are joined by EOS where the tokenizer has one; `field` NULL is "text". A
 * text must be UTF-8: a byte that is not is ERR_FORMAT with its offset. */
enum err corpus_open(struct corpus **out, const char *path, const char *field,
		     const struct tokenizer *tokenizer, size_t vocab);
void corpus_free(struct corpus *corpus);

#endif
