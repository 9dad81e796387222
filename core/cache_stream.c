/* Entries of the cache, written and read piece by piece. */
#include "core/buf.h"
#include "core/cache_evict.h"
#include "core/cache_internal.h"
#include "core/file.h"
#include "core/file_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What stands before the payload, in the byte order of the machine: a cache does not travel. Every
 * bit of it is compared, and the checksum covers the payload: PIECE bytes after PIECE bytes. */
struct header {
	char magic[8];
	uint32_t version, zero;
	struct key key;
	uint64_t length;
	struct key checksum;
};

enum { VERSION = 2, PIECE = 1 << 18, ENTRY_SHARE = 2 };

struct cache_writer {
	struct cache *cache;
	char *path, *temporary;
	int fd;
	struct header header;
	uint64_t added;
	size_t held;
	char piece[PIECE];
};

struct cache_reader {
	int fd;
	struct header header;
	struct key checksum;
	uint64_t taken; /* from the file */
	size_t at, held;
	bool failed;
	char piece[PIECE];
};

static struct header
header_of(struct key key, uint64_t size)
{
	return (struct header){ .magic = "qscache",
				.version = VERSION,
				.key = key,
				.length = size,
				.checksum = key_of("", 0) };
}

/* ----------------------------------------------------------------------------- writing */

/* A name that no other thread or process uses. */
static char *
temporary_path(const struct cache *cache)
{
	static atomic_uint counter;

	return buf_printf("%s/" CACHE_TEMPORARY "%ld-%u", cache->folder, (long)getpid(),
			  atomic_fetch_add(&counter, 1));
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
failed(const struct cache_writer *writer)
{
	return err_at(ERR_IO, writer->path, NULL, "the cache cannot be written: %s",
		      strerror(errno));
}

static enum err
begin(struct cache_writer *writer)
{
	enum err code = make_folder_of(writer->path);

	if (code)
		return code;
	writer->fd =
		open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	/* The checksum comes in the end. */
	if (writer->fd < 0 || !file_write_fully(writer->fd, &writer->header, sizeof(struct header)))
		return failed(writer);
	return OK;
}

enum err
cache_writer_open(struct cache_writer **out, struct cache *cache, struct key key, uint64_t size)
{
	struct cache_writer *writer;
	enum err code = ERR_NOMEM;

	*out = NULL;
	if (!cache->folder)
		return OK;
	if (size >= cache->limit / ENTRY_SHARE)
		return err_at(ERR_RANGE, cache->folder, NULL,
			      "a result of %llu bytes is too large for a cache of %llu",
			      (unsigned long long)size, (unsigned long long)cache->limit);
	if (!(writer = buf_alloc(1, sizeof(*writer))))
		return ERR_NOMEM;
	writer->cache = cache;
	writer->fd = -1;
	writer->header = header_of(key, size);
	writer->path = cache_path(cache, key);
	writer->temporary = temporary_path(cache);
	if (writer->path && writer->temporary)
		code = begin(writer);
	if (code)
		cache_writer_drop(writer);
	else
		*out = writer;
	return code;
}

static enum err
flush(struct cache_writer *writer)
{
	if (!writer->held)
		return OK;
	if (!file_write_fully(writer->fd, writer->piece, writer->held))
		return failed(writer);
	writer->header.checksum = key_add(writer->header.checksum, writer->piece, writer->held);
	writer->held = 0;
	return OK;
}

enum err
cache_writer_add(struct cache_writer *writer, const void *data, size_t size)
{
	const char *from = data;
	enum err code = OK;

	writer->added += size;
	while (size && !code) {
		size_t room = PIECE - writer->held, n = size < room ? size : room;

		memcpy(writer->piece + writer->held, from, n);
		writer->held += n;
		from += n;
		size -= n;
		if (writer->held == PIECE)
			code = flush(writer);
	}
	return code;
}

/* Readers see the whole entry or none. Nothing is synced: after a crash the checksum tells. */
static enum err
finish(struct cache_writer *writer)
{
	const struct header *header = &writer->header;
	enum err code = flush(writer);
	int closed;

	if (!code && writer->added != header->length)
		return err_at(ERR_IO, writer->path, NULL, "is another length than was said");
	if (!code && (file_must_fail() ||
		      pwrite(writer->fd, header, sizeof(*header), 0) != (ssize_t)sizeof(*header)))
		code = failed(writer);
	closed = close(writer->fd);
	writer->fd = -1;
	if (!code && (closed || rename(writer->temporary, writer->path)))
		code = failed(writer);
	if (code)
		unlink(writer->temporary);
	return code;
}

enum err
cache_writer_commit(struct cache_writer *writer)
{
	struct cache *cache = writer->cache;
	uint64_t size = sizeof(struct header) + writer->header.length;
	enum err code = finish(writer);

	cache_writer_drop(writer);
	return code ? code : cache_keep_limit(cache, size);
}

void
cache_writer_drop(struct cache_writer *writer)
{
	if (!writer)
		return;
	if (writer->fd >= 0) {
		close(writer->fd);
		unlink(writer->temporary);
	}
	buf_free(writer->path);
	buf_free(writer->temporary);
	buf_free(writer);
}

/* ----------------------------------------------------------------------------- reading */

/* An open entry whose header is right but for the checksum; -1 for any doubt. */
static int
open_entry(struct header *header, const char *path, struct key key)
{
	/* Not to wait for a pipe that someone put there. */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct header wanted;
	struct stat st;

	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size >= (off_t)sizeof(*header) &&
	    file_read_fully(fd, header, sizeof(*header))) {
		wanted = header_of(key, (uint64_t)st.st_size - sizeof(*header));
		wanted.checksum = header->checksum;
		if (!memcmp(header, &wanted, sizeof(wanted)))
			return fd;
	}
	close(fd);
	return -1;
}

enum err
cache_reader_open(struct cache_reader **out, uint64_t *size, struct cache *cache, struct key key)
{
	char *path = cache->folder ? cache_path(cache, key) : NULL;
	struct header header;
	int fd;

	*out = NULL;
	*size = 0;
	if (!path)
		return cache->folder ? ERR_NOMEM : OK;
	fd = open_entry(&header, path, key);
	buf_free(path);
	if (fd < 0)
		return OK;
	if (!(*out = buf_alloc_dirty(1, sizeof(**out)))) {
		close(fd);
		return ERR_NOMEM;
	}
	**out = (struct cache_reader){ .fd = fd, .header = header, .checksum = key_of("", 0) };
	*size = header.length;
	return OK;
}

static bool
fill(struct cache_reader *reader)
{
	uint64_t left = reader->header.length - reader->taken;
	size_t n = left < PIECE ? (size_t)left : PIECE;

	reader->at = reader->held = 0;
	if (!n || !file_read_fully(reader->fd, reader->piece, n))
		return false;
	reader->checksum = key_add(reader->checksum, reader->piece, n);
	reader->taken += n;
	reader->held = n;
	return true;
}

void
cache_reader_get(struct cache_reader *reader, void *to, size_t size)
{
	char *out = to;

	while (size && !reader->failed) {
		size_t left = reader->held - reader->at, n = size < left ? size : left;

		if (!left) {
			reader->failed = !fill(reader);
			continue;
		}
		memcpy(out, reader->piece + reader->at, n);
		reader->at += n;
		out += n;
		size -= n;
	}
	if (size)
		memset(out, 0, size);
}

bool
cache_reader_close(struct cache_reader *reader)
{
	bool whole = !reader->failed && reader->taken == reader->header.length &&
		     reader->at == reader->held &&
		     key_equal(reader->checksum, reader->header.checksum);

	if (whole)
		futimens(reader->fd, NULL); /* used just now; a folder we may only read stays so */
	close(reader->fd);
	buf_free(reader);
	return whole;
}

bool
cache_has(struct cache *cache, struct key key)
{
	char *path = cache->folder ? cache_path(cache, key) : NULL;
	struct header header;
	int fd = path ? open_entry(&header, path, key) : -1;

	buf_free(path);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}
