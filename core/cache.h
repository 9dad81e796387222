#ifndef CORE_CACHE_H
#define CORE_CACHE_H

#include "core/err.h"
#include "core/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Results on disk by content hash: bounded, least recently used go first, safe against a torn write
 * (each entry carries its length and checksum; a bad one is a miss). Any thread; several processes
 * may share one folder. What comes back is untrusted bytes: check them. */
struct cache;

#define CACHE_DEFAULT_BYTES ((uint64_t)2 << 30)

/* `folder` NULL: QSCOPE_CACHE, else the XDG cache directory; "off" makes a cache that holds
 * nothing. `limit_bytes` 0: CACHE_DEFAULT_BYTES. The folder is made by the first cache_put. */
enum err cache_open(struct cache **out, const char *folder, uint64_t limit_bytes);
void cache_close(struct cache *cache);               /* NULL is fine */
const char *cache_folder(const struct cache *cache); /* NULL: off */

/* *data is NULL on a miss, else the caller's. */
enum err cache_get(void **data, size_t *size, struct cache *cache, struct key key);

/* A failure to store (a full disk, say) is no failure of the computation: it is recorded and
 * returned, and the caller may ignore it. */
enum err cache_put(struct cache *cache, struct key key, const void *data, size_t size);

/* FOLDER/ab/cdef...: where the entry of a key lies, owned; NULL: off, or ERR_NOMEM. For tests. */
char *cache_path(const struct cache *cache, struct key key);

#endif
