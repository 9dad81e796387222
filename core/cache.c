#include "core/cache.h"

#include "core/buf.h"
#include "core/cache_evict.h"
#include "core/cache_internal.h"
#include "core/file.h"

#include <stdlib.h>
#include <string.h>

enum { SHARE = 8 }; /* a look at the folder for each 1/SHARE of the limit written */

/* The folder by the rules of cache_open; *out NULL when the cache is off. */
static enum err
choose_folder(char **out, const char *folder)
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	*out = NULL;
	if (!folder)
		folder = getenv("QSCOPE_CACHE");
	if (folder && !strcmp(folder, "off"))
		return OK;
	if (folder && *folder)
		*out = buf_strdup(folder);
	else if (base && *base == '/')
		*out = file_join(base, "qscope");
	else if (home && *home)
		*out = file_join(home, ".cache/qscope");
	else
		return OK;
	return *out ? OK : ERR_NOMEM;
}

enum err
cache_open(struct cache **out, const char *folder, uint64_t limit_bytes)
{
	struct cache *cache = buf_alloc(1, sizeof(*cache));
	enum err code = cache ? choose_folder(&cache->folder, folder) : ERR_NOMEM;

	*out = NULL;
	if (code) {
		buf_free(cache);
		return code;
	}
	cache->limit = limit_bytes ? limit_bytes : CACHE_DEFAULT_BYTES;
	pthread_mutex_init(&cache->lock, NULL);
	*out = cache;
	return OK;
}

void
cache_close(struct cache *cache)
{
	if (!cache)
		return;
	pthread_mutex_destroy(&cache->lock);
	buf_free(cache->folder);
	buf_free(cache);
}

const char *
cache_folder(const struct cache *cache)
{
	return cache->folder;
}

uint64_t
cache_limit(const struct cache *cache)
{
	return cache->limit;
}

char *
cache_path(const struct cache *cache, struct key key)
{
	char hex[33];

	if (!cache->folder)
		return NULL;
	key_hex(hex, key);
	return buf_printf("%s/%.2s/%s", cache->folder, hex, hex + 2);
}

/* Looking at the folder costs as much as it has entries, so it is done once for each share of the
 * limit that we wrote, which also notices what other processes wrote, and when it must be full. */
enum err
cache_keep_limit(struct cache *cache, uint64_t added)
{
	enum err code = OK;

	pthread_mutex_lock(&cache->lock);
	cache->written += added;
	if (!cache->looked || cache->written > cache->limit / SHARE ||
	    cache->on_disk + cache->written > cache->limit) {
		code = cache_evict(&cache->on_disk, cache->folder, cache->limit,
				   cache->limit - cache->limit / SHARE);
		cache->written = 0;
		cache->looked = true;
	}
	pthread_mutex_unlock(&cache->lock);
	return code;
}

enum err
cache_put(struct cache *cache, struct key key, const void *data, size_t size)
{
	struct cache_writer *writer;
	enum err code = cache_writer_open(&writer, cache, key, size);

	if (code || !writer)
		return code;
	code = cache_writer_add(writer, data, size);
	if (!code)
		return cache_writer_commit(writer);
	cache_writer_drop(writer);
	return code;
}

/* Memory is taken for bytes that are there alone. */
enum err
cache_get(void **data, size_t *size, struct cache *cache, struct key key)
{
	struct cache_reader *reader;
	uint64_t bytes;
	enum err code = cache_reader_open(&reader, &bytes, cache, key);
	bool whole;

	*data = NULL;
	*size = 0;
	if (code || !reader)
		return code;
	*data = buf_alloc((size_t)bytes + 1, 1);
	*size = (size_t)bytes;
	cache_reader_get(reader, *data, *data ? *size : 0);
	whole = cache_reader_close(reader);
	if (!*data)
		return ERR_NOMEM;
	if (!whole) {
		buf_free(*data);
		*data = NULL;
		*size = 0;
	}
	return OK;
}
