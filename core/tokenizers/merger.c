#include "core/tokenizers/merger.h"

#include "core/buf.h"

void
merger_clear(struct merger *merger)
{
	merger->count = 0;
	merger->heap_count = 0;
}

void
merger_free(struct merger *merger)
{
	buf_free(merger->symbols);
	buf_free(merger->heap);
}

enum err
merger_add(struct merger *merger, int32_t id, size_t start, size_t length)
{
	uint32_t at = (uint32_t)merger->count;

	if (buf_grow(&merger->symbols, &merger->symbol_capacity, merger->count + 1,
		     sizeof(*merger->symbols)))
		return ERR_NOMEM;
	merger->symbols[at] = (struct symbol){ .id = id,
					       .start = (uint32_t)start,
					       .length = (uint32_t)length,
					       .previous = at ? at - 1 : SYMBOL_NONE,
					       .next = SYMBOL_NONE };
	if (at)
		merger->symbols[at - 1].next = at;
	merger->count++;
	return OK;
}

/* Heap with the least order at the root. */
static void
sift_up(struct candidate *heap, size_t at)
{
	struct candidate moving = heap[at];

	for (; at && moving.order < heap[(at - 1) / 2].order; at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = moving;
}

static struct candidate
pop(struct merger *merger)
{
	struct candidate *heap = merger->heap, top = heap[0], moving;
	size_t count = --merger->heap_count, at = 0;

	moving = heap[count];
	for (size_t child = 1; child < count; child = at * 2 + 1) {
		if (child + 1 < count && heap[child + 1].order < heap[child].order)
			child++;
		if (heap[child].order >= moving.order)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moving;
	return top;
}

/* Offer the pair that starts at symbol `at`, if it may merge. */
static enum err
offer(struct merger *merger, const struct merge_rules *rules, const char *word, uint32_t at)
{
	const struct symbol *left = &merger->symbols[at];
	struct merge merge;

	if (left->next == SYMBOL_NONE ||
	    !rules->find(&merge, rules, word, left, &merger->symbols[left->next]))
		return OK;
	if (rules->found)
		rules->found(rules, merge.id, left);
	if (buf_grow(&merger->heap, &merger->heap_capacity, merger->heap_count + 1,
		     sizeof(*merger->heap)))
		return ERR_NOMEM;
	merger->heap[merger->heap_count] =
		(struct candidate){ (uint64_t)merge.rank << 32 | at, merge.id };
	sift_up(merger->heap, merger->heap_count++);
	return OK;
}

/* A candidate is stale when its left symbol is gone or its pair no longer makes the same piece. */
static bool
is_live(const struct merger *merger, const struct merge_rules *rules, const char *word,
	const struct candidate *candidate)
{
	const struct symbol *left = &merger->symbols[(uint32_t)candidate->order];
	struct merge merge;

	return left->length && left->next != SYMBOL_NONE &&
	       rules->find(&merge, rules, word, left, &merger->symbols[left->next]) &&
	       merge.id == candidate->id;
}

enum err
merger_run(struct merger *merger, const struct merge_rules *rules, const char *word)
{
	struct symbol *symbols = merger->symbols;

	for (size_t i = 0; i + 1 < merger->count; i++)
		if (offer(merger, rules, word, (uint32_t)i))
			return ERR_NOMEM;
	while (merger->heap_count) {
		struct candidate top = pop(merger);
		uint32_t at = (uint32_t)top.order;
		struct symbol *left = &symbols[at], *right;

		if (!is_live(merger, rules, word, &top))
			continue;
		right = &symbols[left->next];
		left->id = top.id;
		left->length += right->length;
		left->next = right->next;
		right->length = 0;
		if (left->next != SYMBOL_NONE)
			symbols[left->next].previous = at;
		if (left->previous != SYMBOL_NONE && offer(merger, rules, word, left->previous))
			return ERR_NOMEM;
		if (offer(merger, rules, word, at))
			return ERR_NOMEM;
	}
	return OK;
}

enum err
merger_ids(struct ids *out, const struct merger *merger)
{
	/* The first symbol never goes: merging removes the right one. */
	uint32_t at = merger->count ? 0 : SYMBOL_NONE;
	enum err code = OK;

	for (; at != SYMBOL_NONE && !code; at = merger->symbols[at].next)
		if (merger->symbols[at].id >= 0)
			code = ids_add(out, merger->symbols[at].id);
	return code;
}
