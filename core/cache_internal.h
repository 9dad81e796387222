#ifndef CORE_CACHE_INTERNAL_H
#define CORE_CACHE_INTERNAL_H

#include "core/cache.h"

#include <pthread.h>

/* Shared by cache*.c alone. */
struct cache {
	char *folder; /* NULL: off */
	uint64_t limit;
	pthread_mutex_t lock;      /* over what follows */
	uint64_t on_disk, written; /* when last looked; by us since then */
	bool looked;
};

/* So much has been added: make room where the limit says so. */
enum err cache_keep_limit(struct cache *cache, uint64_t added);

#endif
