#ifndef SESSIONS_SHELF_H
#define SESSIONS_SHELF_H

#include "core/hash.h"

#include <stddef.h>
#include <stdint.h>

/* Results in memory by content hash; when they take more than `limit` bytes the least recently used
 * go. One thread at a time. */
struct shelf {
	struct shelf_item {
		struct key key;
		void *value;
		size_t bytes;
		uint64_t used;
	} * items;
	size_t count, capacity, bytes, limit;
	uint64_t clock, pinned; /* pinned: what was used after this stays; 0: nothing has to */
	void (*drop)(void *value);
};

void *shelf_get(struct shelf *shelf, struct key key); /* borrowed; NULL: not here */

/* From here to shelf_unpin nothing goes that is got or put: several may be used together. */
void shelf_pin(struct shelf *shelf);
void shelf_unpin(struct shelf *shelf);

/* Drop what was used least recently until `bytes` more would fit. */
void shelf_make_room(struct shelf *shelf, size_t bytes);
/* The shelf owns `value` from here on, also on failure (then it is dropped). The item put last
 * stays whatever its size. */
enum err shelf_put(struct shelf *shelf, struct key key, void *value, size_t bytes);
void shelf_drop(struct shelf *shelf, struct key key); /* no such key is fine */
void shelf_clear(struct shelf *shelf);

#endif
