#include "core/tokenizers/trie.h"

#include "core/buf.h"

/* One edge: from a node by a byte to another. All edges stand in one open hash table, so that a
 * node with two children costs no more than its two edges. */
struct edge {
	uint64_t key;    /* node above byte */
	uint32_t target; /* 0: a free place, for nothing leads to the root */
};

struct trie {
	struct edge *edges; /* a power of two of places, at most half full */
	size_t places, edge_count;
	int32_t *values; /* by node: value and one, 0: none */
	size_t node_count, value_capacity;
};

enum { FIRST_PLACES = 256 };

enum err
trie_create(struct trie **out)
{
	struct trie *trie = buf_alloc(1, sizeof(*trie));

	*out = NULL;
	if (!trie)
		return ERR_NOMEM;
	trie->edges = buf_alloc(FIRST_PLACES, sizeof(*trie->edges));
	trie->places = FIRST_PLACES;
	trie->node_count = 1;
	if (!trie->edges || buf_grow(&trie->values, &trie->value_capacity, 1, sizeof(int32_t))) {
		trie_free(trie);
		return ERR_NOMEM;
	}
	*out = trie;
	return OK;
}

void
trie_free(struct trie *trie)
{
	if (!trie)
		return;
	buf_free(trie->edges);
	buf_free(trie->values);
	buf_free(trie);
}

static uint64_t
key_of(uint32_t node, char byte)
{
	return (uint64_t)node << 8 | (unsigned char)byte;
}

/* The place of the edge, or the free one where it belongs. */
static struct edge *
place_of(const struct trie *trie, uint64_t key)
{
	size_t mask = trie->places - 1;
	uint64_t mixed = key * 0x9e3779b97f4a7c15u;
	size_t at = (size_t)(mixed ^ mixed >> 32) & mask;

	while (trie->edges[at].target && trie->edges[at].key != key)
		at = (at + 1) & mask;
	return &trie->edges[at];
}

static enum err
grow_edges(struct trie *trie)
{
	struct edge *old = trie->edges, *edges = buf_alloc(trie->places * 2, sizeof(*edges));
	size_t places = trie->places;

	if (!edges)
		return ERR_NOMEM;
	trie->edges = edges;
	trie->places = places * 2;
	for (size_t i = 0; i < places; i++)
		if (old[i].target)
			*place_of(trie, old[i].key) = old[i];
	buf_free(old);
	return OK;
}

/* The child by `byte`, made where there is none. */
static enum err
grow_child(uint32_t *out, struct trie *trie, uint32_t node, char byte)
{
	struct edge *edge = place_of(trie, key_of(node, byte));

	if (!edge->target) {
		if (trie->node_count >= TRIE_NONE)
			return err_set(ERR_RANGE, "the pieces of a vocabulary are too long");
		if (buf_grow(&trie->values, &trie->value_capacity, trie->node_count + 1,
			     sizeof(int32_t)))
			return ERR_NOMEM;
		if (++trie->edge_count * 2 > trie->places) {
			if (grow_edges(trie))
				return ERR_NOMEM;
			edge = place_of(trie, key_of(node, byte));
		}
		*edge = (struct edge){ key_of(node, byte), (uint32_t)trie->node_count++ };
	}
	*out = edge->target;
	return OK;
}

enum err
trie_add(struct trie *trie, const char *text, size_t length, int32_t value)
{
	uint32_t node = TRIE_ROOT;

	for (size_t i = 0; i < length; i++) {
		enum err code = grow_child(&node, trie, node, text[i]);

		if (code)
			return code;
	}
	trie->values[node] = value + 1;
	return OK;
}

uint32_t
trie_step(const struct trie *trie, uint32_t node, char byte)
{
	const struct edge *edge = place_of(trie, key_of(node, byte));

	return edge->target ? edge->target : TRIE_NONE;
}

int32_t
trie_value(const struct trie *trie, uint32_t node)
{
	return trie->values[node] - 1;
}

uint32_t
trie_walk(const struct trie *trie, uint32_t node, const char *text, size_t length)
{
	for (size_t i = 0; i < length && node != TRIE_NONE; i++)
		node = trie_step(trie, node, text[i]);
	return node;
}
