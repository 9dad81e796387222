#ifndef CORE_CACHE_EVICT_H
#define CORE_CACHE_EVICT_H

#include "core/err.h"

#include <stdint.h>

/* Part of core/cache.c: bring the entries of a cache folder down to `target` bytes, least recently
 * used first, when they are more than `limit`; *left says how many bytes remain. Removes nothing
 * but files whose names are those of entries and temporary files an hour old. */
enum err cache_evict(uint64_t *left, const char *folder, uint64_t limit, uint64_t target);

#define CACHE_TEMPORARY "writing-" /* how names of temporary files begin */

#endif
