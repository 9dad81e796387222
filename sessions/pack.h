#ifndef SESSIONS_PACK_H
#define SESSIONS_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes for the cache on disk, in this machine's order. Failures stick. */
struct pack { /* start from { 0 }; free `data` with buf_free */
	unsigned char *data;
	size_t size, capacity;
	bool failed;
};

void pack_bytes(struct pack *pack, const void *data, size_t size);
void pack_count(struct pack *pack, uint64_t value);
void pack_number(struct pack *pack, double value);
/* An array that may be NULL: a presence flag, the count, the elements. */
void pack_array(struct pack *pack, const void *data, size_t count, size_t size);

/* Reading bytes that nobody vouches for: past the end, everything reads as zero and `failed` is
 * set. */
struct unpack {
	const unsigned char *data;
	size_t size, at;
	bool failed;
};

void unpack_bytes(struct unpack *unpack, void *out, size_t size);
uint64_t unpack_count(struct unpack *unpack);
double unpack_number(struct unpack *unpack);
/* NULL with failed unset: the array was NULL. The count must be `count`. Owned by the caller. */
void *unpack_array(struct unpack *unpack, size_t count, size_t size);

#endif
