/* A hash table, and two lists by use: what is in memory, and what is in the spill. */
#include "core/states.h"

#include "core/buf.h"

#include <string.h>

struct state {
	struct key key;
	size_t size;
	void *data;                  /* NULL: in the spill, */
	uint64_t offset;             /* here */
	struct state *next;          /* of the same bucket */
	struct state *older, *newer; /* of the same list */
};

struct list {
	struct state *oldest, *newest;
	uint64_t bytes;
};

enum { BUCKETS = 4096 };

struct states {
	struct state *buckets[BUCKETS];
	struct list memory, disk;
	size_t limit;
	struct spill *spill; /* NULL: none */
	bool spill_full;
};

enum err
states_create(struct states **out, size_t memory, struct spill *spill)
{
	*out = buf_alloc(1, sizeof(**out));
	if (!*out)
		return ERR_NOMEM;
	(*out)->limit = memory;
	(*out)->spill = spill ? spill_ref(spill) : NULL;
	return OK;
}

/* ----------------------------------------------------------------------------- lists */

static struct state **
bucket(struct states *states, struct key key)
{
	return &states->buckets[key.low % BUCKETS];
}

static struct state *
find(const struct states *states, struct key key)
{
	struct state *state = states->buckets[key.low % BUCKETS];

	while (state && !key_equal(state->key, key))
		state = state->next;
	return state;
}

static struct list *
list_of(struct states *states, const struct state *state)
{
	return state->data ? &states->memory : &states->disk;
}

static void
unlink_state(struct list *list, struct state *state)
{
	if (state->older)
		state->older->newer = state->newer;
	else
		list->oldest = state->newer;
	if (state->newer)
		state->newer->older = state->older;
	else
		list->newest = state->older;
	list->bytes -= state->size;
}

static void
link_newest(struct list *list, struct state *state)
{
	state->older = list->newest;
	state->newer = NULL;
	if (list->newest)
		list->newest->newer = state;
	else
		list->oldest = state;
	list->newest = state;
	list->bytes += state->size;
}

static void
drop(struct states *states, struct state *state)
{
	struct state **at = bucket(states, state->key);

	while (*at != state)
		at = &(*at)->next;
	*at = state->next;
	unlink_state(list_of(states, state), state);
	if (state->data)
		buf_free(state->data);
	else if (states->spill)
		spill_drop(states->spill, state->offset, state->size);
	buf_free(state);
}

void
states_free(struct states *states)
{
	if (!states)
		return;
	while (states->memory.oldest)
		drop(states, states->memory.oldest);
	while (states->disk.oldest)
		drop(states, states->disk.oldest);
	spill_unref(states->spill);
	buf_free(states);
}

/* ------------------------------------------------------------------------------ moving */

/* Put bytes into the spill, where older ones make room. A disk that is full or broken is asked no
 * more: what it holds is read as before. */
static bool
spill(uint64_t *offset, struct states *states, const void *data, size_t size)
{
	enum err code =
		states->spill_full ? ERR_IO : spill_put(offset, states->spill, data, size, NULL);

	while (code == ERR_RANGE && states->disk.oldest) {
		drop(states, states->disk.oldest);
		code = spill_put(offset, states->spill, data, size, NULL);
	}
	states->spill_full |= code && code != ERR_RANGE;
	return !code;
}

/* The state used least recently leaves the memory. */
static void
move_oldest(struct states *states)
{
	struct state *state = states->memory.oldest;

	if (!states->spill || !spill(&state->offset, states, state->data, state->size)) {
		drop(states, state);
		return;
	}
	unlink_state(&states->memory, state);
	buf_free(state->data);
	state->data = NULL;
	link_newest(&states->disk, state);
}

bool
states_has(const struct states *states, struct key key)
{
	return find(states, key) != NULL;
}

bool
states_get(struct states *states, struct key key, void *to, size_t size)
{
	struct state *state = find(states, key);
	struct list *list;

	if (!state || state->size != size)
		return false;
	if (!state->data && spill_get(states->spill, state->offset, to, size)) {
		drop(states, state);
		return false;
	}
	if (state->data)
		memcpy(to, state->data, size);
	list = list_of(states, state);
	unlink_state(list, state);
	link_newest(list, state);
	return true;
}

/* A new state's data: in memory, or where it is too large for that at once in the spill. */
static enum err
place(struct state *state, struct states *states, const void *data)
{
	if (state->size > states->limit)
		return spill(&state->offset, states, data, state->size) ? OK : ERR_RANGE;
	while (states->memory.bytes + state->size > states->limit)
		move_oldest(states);
	if (!(state->data = buf_alloc_dirty(state->size ? state->size : 1, 1)))
		return ERR_NOMEM;
	memcpy(state->data, data, state->size);
	return OK;
}

enum err
states_put(struct states *states, struct key key, const void *data, size_t size)
{
	struct state *state;
	enum err code;

	if (find(states, key) || (size > states->limit && !states->spill))
		return OK;
	if (!(state = buf_alloc(1, sizeof(*state))))
		return ERR_NOMEM;
	state->key = key;
	state->size = size;
	if ((code = place(state, states, data))) {
		buf_free(state);
		return code == ERR_RANGE ? OK : code;
	}
	state->next = *bucket(states, key);
	*bucket(states, key) = state;
	link_newest(list_of(states, state), state);
	return OK;
}

size_t
states_bytes(const struct states *states)
{
	return (size_t)states->memory.bytes;
}

uint64_t
states_spilled(const struct states *states)
{
	return states->disk.bytes;
}
