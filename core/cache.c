#include "core/cache.h"

#include "core/buf.h"
#include "core/cache_evict.h"
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What stands before the payload, in the byte order of the machine: a cache does not travel. Every
 * bit of it is compared, and the checksum covers the payload. */
struct header {
	char magic[8];
	uint32_t version, zero;
	struct key key;
	uint64_t length;
	struct key checksum;
};

enum { VERSION = 1, SHARE = 8 }; /* a look at the folder for each 1/SHARE of the limit written */

struct cache {
	char *folder; /* NULL: off */
	uint64_t limit;
	pthread_mutex_t lock;      /* over what follows */
	uint64_t on_disk, written; /* when last looked; by us since then */
	bool looked;
};

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

char *
cache_path(const struct cache *cache, struct key key)
{
	char hex[33];

	if (!cache->folder)
		return NULL;
	key_hex(hex, key);
	return buf_printf("%s/%.2s/%s", cache->folder, hex, hex + 2);
}

static struct header
header_of(struct key key, const void *data, size_t size)
{
	return (struct header){ .magic = "qscache",
				.version = VERSION,
				.key = key,
				.length = size,
				.checksum = key_of(data, size) };
}

static bool
read_fully(int fd, void *to, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = read(fd, (char *)to + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* The payload of an open entry, if it is whole and true; NULL for any doubt. Memory is taken for
 * bytes that are there alone. */
static enum err
read_entry(void **data, size_t *size, int fd, struct key key)
{
	struct header header, wanted;
	struct stat st;
	void *payload;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(header) ||
	    !read_fully(fd, &header, sizeof(header)) ||
	    header.length != (uint64_t)st.st_size - sizeof(header))
		return OK;
	payload = buf_alloc((size_t)header.length + 1, 1);
	if (!payload)
		return ERR_NOMEM;
	if (read_fully(fd, payload, (size_t)header.length)) {
		wanted = header_of(key, payload, (size_t)header.length);
		if (!memcmp(&header, &wanted, sizeof(header))) {
			*data = payload;
			*size = (size_t)header.length;
			return OK;
		}
	}
	buf_free(payload);
	return OK;
}

enum err
cache_get(void **data, size_t *size, struct cache *cache, struct key key)
{
	char *path;
	int fd;
	enum err code;

	*data = NULL;
	*size = 0;
	if (!cache->folder)
		return OK;
	if (!(path = cache_path(cache, key)))
		return ERR_NOMEM;
	/* Not to wait for a pipe that someone put there. */
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	buf_free(path);
	if (fd < 0)
		return OK;
	code = read_entry(data, size, fd, key);
	if (*data)
		futimens(fd, NULL); /* used just now; a folder we may only read stays as it is */
	close(fd);
	return code;
}

static bool
write_fully(int fd, const void *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = write(fd, (const char *)data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* A name that no other thread or process uses. */
static char *
temporary_path(const struct cache *cache)
{
	static atomic_uint counter;

	return buf_printf("%s/" CACHE_TEMPORARY "%ld-%u", cache->folder, (long)getpid(),
			  atomic_fetch_add(&counter, 1));
}

/* Readers see the whole entry or none. Nothing is synced: after a crash the checksum tells. */
static enum err
write_entry(const char *path, const char *temporary, const struct header *header, const void *data)
{
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool ok;

	if (fd < 0)
		return err_at(ERR_IO, temporary, NULL, "the cache cannot be written: %s",
			      strerror(errno));
	ok = write_fully(fd, header, sizeof(*header)) &&
	     write_fully(fd, data, (size_t)header->length);
	ok = !close(fd) && ok;
	if (ok && !rename(temporary, path))
		return OK;
	err_at(ERR_IO, path, NULL, "the cache cannot be written: %s", strerror(errno));
	unlink(temporary);
	return ERR_IO;
}

/* The folder of an entry: FOLDER/ab. */
static enum err
make_folder_of(const char *path)
{
	char *folder = buf_strndup(path, (size_t)(strrchr(path, '/') - path));
	enum err code = folder ? OK : ERR_NOMEM;

	if (!code && !file_is_folder(folder))
		code = file_make_folder(folder);
	buf_free(folder);
	return code;
}

static enum err
store(struct cache *cache, struct key key, const void *data, size_t size)
{
	struct header header = header_of(key, data, size);
	char *path = cache_path(cache, key), *temporary = temporary_path(cache);
	enum err code = path && temporary ? make_folder_of(path) : ERR_NOMEM;

	code = code ? code : write_entry(path, temporary, &header, data);
	buf_free(path);
	buf_free(temporary);
	return code;
}

/* Looking at the folder costs as much as it has entries, so it is done once for each share of the
 * limit that we wrote, which also notices what other processes wrote, and when it must be full. */
static enum err
keep_limit(struct cache *cache, uint64_t added)
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
	enum err code;

	if (!cache->folder)
		return OK;
	if (size > cache->limit / SHARE)
		return err_at(ERR_RANGE, cache->folder, NULL,
			      "a result of %zu bytes is too large for a cache of %llu", size,
			      (unsigned long long)cache->limit);
	code = store(cache, key, data, size);
	return code ? code : keep_limit(cache, sizeof(struct header) + size);
}
