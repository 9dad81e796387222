#ifndef SESSIONS_PACK_H
#define SESSIONS_PACK_H

#include "core/cache.h"
#include "core/work.h"

/* Results as bytes for the cache on disk, in this machine's order and without a copy in memory.
 * Failures stick. */
struct pack {
	struct cache_writer *writer; /* NULL: bytes are counted alone */
	uint64_t size;
	enum err code;
	const struct work *work; /* for a cancel */
};

void pack_bytes(struct pack *pack, const void *data, size_t size);
void pack_count(struct pack *pack, uint64_t value);
/* An array that may be NULL: a presence flag, the count, the elements. */
void pack_array(struct pack *pack, const void *data, size_t count, size_t size);

/* Store what `write` packs; it is called twice, first to count. A cancel leaves nothing. */
struct packing {
	void (*write)(struct pack *pack, const void *what);
	const void *what;
	const struct work *work; /* or NULL */
};
enum err pack_store(struct cache *cache, struct key key, const struct packing *packing);

/* Reading bytes that nobody vouches for: past the end, everything reads as zero and `failed` is
 * set. */
struct unpack {
	struct cache_reader *reader;
	uint64_t left;
	bool failed;             /* also by a cancel */
	const struct work *work; /* or NULL */
};

/* unpack->reader NULL with OK: a miss. */
enum err unpack_open(struct unpack *unpack, struct cache *cache, struct key key,
		     const struct work *work);
/* True: all of it was read and is what was stored. Else nothing of it may be used. */
bool unpack_close(struct unpack *unpack);

void unpack_bytes(struct unpack *unpack, void *out, size_t size);
uint64_t unpack_count(struct unpack *unpack);
/* NULL with failed unset: the array was NULL. The count must be `count`. Owned by the caller. */
void *unpack_array(struct unpack *unpack, size_t count, size_t size);

#endif
