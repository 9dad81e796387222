#include "core/states.h"

#include "core/buf.h"

#include <string.h>

struct state {
	struct key key;
	void *data;
	size_t size;
	uint64_t used; /* the clock when it was used last */
};

struct states {
	struct state *list;
	size_t count, room, bytes, limit;
	uint64_t clock;
};

enum err
states_create(struct states **out, size_t limit_bytes)
{
	*out = buf_alloc(1, sizeof(**out));
	if (!*out)
		return ERR_NOMEM;
	(*out)->limit = limit_bytes;
	return OK;
}

void
states_free(struct states *states)
{
	if (!states)
		return;
	for (size_t i = 0; i < states->count; i++)
		buf_free(states->list[i].data);
	buf_free(states->list);
	buf_free(states);
}

static struct state *
find(const struct states *states, struct key key)
{
	for (size_t i = 0; i < states->count; i++)
		if (key_equal(states->list[i].key, key))
			return &states->list[i];
	return NULL;
}

const void *
states_get(struct states *states, struct key key)
{
	struct state *state = find(states, key);

	if (!state)
		return NULL;
	state->used = ++states->clock;
	return state->data;
}

static void
drop_oldest(struct states *states)
{
	struct state *oldest = states->list;

	for (size_t i = 1; i < states->count; i++)
		if (states->list[i].used < oldest->used)
			oldest = &states->list[i];
	states->bytes -= oldest->size;
	buf_free(oldest->data);
	*oldest = states->list[--states->count];
}

enum err
states_put(struct states *states, struct key key, const void *data, size_t size)
{
	void *copy;

	if (size > states->limit || find(states, key))
		return OK;
	while (states->bytes + size > states->limit)
		drop_oldest(states);
	if (buf_grow(&states->list, &states->room, states->count + 1, sizeof(*states->list)))
		return ERR_NOMEM;
	if (!(copy = buf_alloc(size ? size : 1, 1)))
		return ERR_NOMEM;
	memcpy(copy, data, size);
	states->list[states->count++] = (struct state){ key, copy, size, ++states->clock };
	states->bytes += size;
	return OK;
}

size_t
states_bytes(const struct states *states)
{
	return states->bytes;
}
