#ifndef CORE_TOKENIZERS_PARTS_H
#define CORE_TOKENIZERS_PARTS_H

#include "core/err.h"
#include "core/tokenizers/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What tokenizer.json is made of. Text runs through these stages:
 *
 *     added tokens -> normalizer -> pre-tokenizer -> model -> post-processor      (to ids)
 *     pieces -> decoder                                                           (to text)
 *
 * Each kind of part is one file with one `const struct part_kind` and one line in a .def list; a
 * kind fills in the function of its stage and leaves the others NULL. */

struct bytes {
	char *data;
	size_t length, capacity;
};

/* ERR_RANGE beyond 2 GiB, which is less than the 32 bits that models count in. */
enum err bytes_add(struct bytes *out, const char *data, size_t length);

struct ids {
	int32_t *data;
	size_t count, capacity;
};

enum err ids_add(struct ids *out, int32_t id);
enum err ids_append(struct ids *out, const int32_t *ids, size_t count);

/* Text in pieces, one behind the other in `text`. A pre-tokenizer adds bytes and then cuts. */
struct cut {
	size_t start, length;
	int32_t id;    /* an added token, which later stages leave alone; -1: text */
	bool at_start; /* its first byte is the first of the whole text */
};

struct cuts {
	struct bytes text;
	struct cut *list;
	size_t count, capacity;
};

/* What was added to out->text since the last cut becomes one piece; nothing for no bytes. */
enum err cuts_end(struct cuts *out, int32_t id, bool at_start);
/* The same, but nothing makes an empty piece: decoders count pieces. */
enum err cuts_keep(struct cuts *out);
/* cuts_end after adding the bytes of `text`. */
enum err cuts_add(struct cuts *out, const char *text, size_t length, bool at_start);
void cuts_clear(struct cuts *cuts); /* keeps the memory */
void cuts_free(struct cuts *cuts);  /* contents only */

struct vocab;
struct part;

struct part_kind {
	const char *type; /* as tokenizer.json spells it */
	size_t size;      /* of its state, zeroed before create; 0: none */
	enum err (*create)(void *state, const struct json *spec); /* NULL: nothing to read */
	void (*destroy)(void *state); /* contents; also after a failed create; NULL: nothing */

	enum err (*normalize)(struct bytes *out, const void *state, const char *text,
			      size_t length);
	enum err (*cut)(struct cuts *out, const void *state, const char *text, size_t length,
			bool at_start);
	enum err (*process)(struct ids *out, const void *state, const int32_t *ids, size_t count);
	/* Pieces in, pieces out; each piece of the first decoder's input has its token's id. */
	enum err (*decode)(struct cuts *out, const void *state, const struct cuts *in);
};

struct part {
	const struct part_kind *kind;
	void *state;
};

/* The four stages; each has a list of its kinds, and is named in errors. */
enum stage { STAGE_NORMALIZER, STAGE_PRE_TOKENIZER, STAGE_POST_PROCESSOR, STAGE_DECODER };

/* `spec` NULL or null makes an empty part (kind NULL). An unknown type is refused by name. */
enum err part_create(struct part *out, enum stage stage, const struct json *spec);
void part_free(struct part *part); /* contents */

/* Run one stage; an empty part copies. */
enum err part_normalize(struct bytes *out, const struct part *part, const char *text,
			size_t length);
enum err part_cut(struct cuts *out, const struct part *part, const struct cuts *in);
enum err part_process(struct ids *out, const struct part *part, const int32_t *ids, size_t count);
enum err part_decode(struct cuts *out, const struct part *part, const struct cuts *in);

#endif
