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
uint64_t cache_limit(const struct cache *cache);

/* *data is NULL on a miss, else the caller's. */
enum err cache_get(void **data, size_t *size, struct cache *cache, struct key key);

/* A failure to store (a full disk, say) is no failure of the computation: it is recorded and
 * returned, and the caller may ignore it. */
enum err cache_put(struct cache *cache, struct key key, const void *data, size_t size);

/* The same in pieces, for what shall not stand in memory a second time. The entry appears whole at
 * the commit, which frees the writer; so does a drop, and nothing is left. *out NULL with OK: the
 * cache is off. ERR_RANGE: more than half of the cache's limit. */
struct cache_writer;
enum err cache_writer_open(struct cache_writer **out, struct cache *cache, struct key key,
			   uint64_t size);
enum err cache_writer_add(struct cache_writer *writer, const void *data, size_t size);
enum err cache_writer_commit(struct cache_writer *writer);
void cache_writer_drop(struct cache_writer *writer); /* NULL is fine */

/* *out NULL with OK: a miss. What comes is not vouched for until cache_reader_close, which frees
 * the reader, says that all of it was read and true; past the end everything reads as zero. */
struct cache_reader;
enum err cache_reader_open(struct cache_reader **out, uint64_t *size, struct cache *cache,
			   struct key key);
void cache_reader_get(struct cache_reader *reader, void *to, size_t size);
bool cache_reader_close(struct cache_reader *reader);

/* Whether there is an entry of the right length; it may still turn out damaged. */
bool cache_has(struct cache *cache, struct key key);

/* FOLDER/ab/cdef...: where the entry of a key lies, owned; NULL: off, or ERR_NOMEM. For tests. */
char *cache_path(const struct cache *cache, struct key key);

#endif
