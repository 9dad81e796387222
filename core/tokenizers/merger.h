#ifndef CORE_TOKENIZERS_MERGER_H
#define CORE_TOKENIZERS_MERGER_H

#include "core/err.h"
#include "core/tokenizers/parts.h"

/* The merge loop that every kind of byte-pair encoding shares: symbols in a row; of all adjacent
 * pairs that may merge, the one of least rank goes first, the leftmost of equals; until none is
 * left. A heap of candidates, entries that a later merge made stale thrown away when they surface:
 * O(n log n) whatever the text. */
struct symbol {
	int32_t id;              /* -1: a character that is no piece */
	uint32_t start, length;  /* bytes of the word; length 0: merged into its left neighbour */
	uint32_t previous, next; /* SYMBOL_NONE at the ends */
};

#define SYMBOL_NONE UINT32_MAX

struct merge {
	uint32_t rank;
	int32_t id; /* of the merged piece */
};

struct merge_rules {
	/* What two neighbours become; false: they do not merge. */
	bool (*find)(struct merge *out, const struct merge_rules *rules, const char *word,
		     const struct symbol *left, const struct symbol *right);
	/* Told of each pair that was found to merge; NULL: nobody asks. */
	void (*found)(const struct merge_rules *rules, int32_t id, const struct symbol *left);
	const void *state;
};

struct candidate {
	uint64_t order; /* rank above position */
	int32_t id;
};

struct merger { /* scratch, used again from word to word */
	struct symbol *symbols;
	size_t count, symbol_capacity;
	struct candidate *heap;
	size_t heap_count, heap_capacity;
};

void merger_clear(struct merger *merger);
void merger_free(struct merger *merger); /* contents only */
enum err merger_add(struct merger *merger, int32_t id, size_t start, size_t length);
enum err merger_run(struct merger *merger, const struct merge_rules *rules, const char *word);
/* What is left after a run; characters that are no piece are passed over. */
enum err merger_ids(struct ids *out, const struct merger *merger);

#endif
