#include "sessions/shelf.h"

#include "core/buf.h"

#include <string.h>

void *
shelf_get(struct shelf *shelf, struct key key)
{
	for (size_t i = 0; i < shelf->count; i++) {
		if (!key_equal(shelf->items[i].key, key))
			continue;
		shelf->items[i].used = ++shelf->clock;
		return shelf->items[i].value;
	}
	return NULL;
}

static void
drop_item(struct shelf *shelf, size_t i)
{
	shelf->drop(shelf->items[i].value);
	shelf->bytes -= shelf->items[i].bytes;
	shelf->items[i] = shelf->items[--shelf->count];
}

void
shelf_pin(struct shelf *shelf)
{
	shelf->pinned = ++shelf->clock;
}

void
shelf_unpin(struct shelf *shelf)
{
	shelf->pinned = 0;
}

/* The item that may go first; `count`: none may. */
static size_t
oldest(const struct shelf *shelf)
{
	size_t least = shelf->count;

	for (size_t i = 0; i < shelf->count; i++)
		if ((!shelf->pinned || shelf->items[i].used <= shelf->pinned) &&
		    (least == shelf->count || shelf->items[i].used < shelf->items[least].used))
			least = i;
	return least;
}

void
shelf_make_room(struct shelf *shelf, size_t bytes)
{
	while (shelf->bytes + bytes > shelf->limit) {
		size_t first = oldest(shelf);

		if (first == shelf->count)
			return;
		drop_item(shelf, first);
	}
}

enum err
shelf_put(struct shelf *shelf, struct key key, void *value, size_t bytes)
{
	for (size_t i = shelf->count; i-- > 0;)
		if (key_equal(shelf->items[i].key, key))
			drop_item(shelf, i);
	shelf_make_room(shelf, bytes);
	if (buf_grow(&shelf->items, &shelf->capacity, shelf->count + 1, sizeof(*shelf->items))) {
		shelf->drop(value);
		return ERR_NOMEM;
	}
	shelf->items[shelf->count++] = (struct shelf_item){ key, value, bytes, ++shelf->clock };
	shelf->bytes += bytes;
	return OK;
}

void
shelf_drop(struct shelf *shelf, struct key key)
{
	for (size_t i = shelf->count; i-- > 0;)
		if (key_equal(shelf->items[i].key, key))
			drop_item(shelf, i);
}

void
shelf_clear(struct shelf *shelf)
{
	while (shelf->count)
		drop_item(shelf, shelf->count - 1);
	buf_free(shelf->items);
	shelf->items = NULL;
	shelf->capacity = 0;
}
