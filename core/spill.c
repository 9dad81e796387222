/* Places in the file are never used twice: what is dropped becomes a hole, which gives the disk its
 * blocks back. A file system without holes gives them back in the end, and until then they count.
 */
#include "core/spill.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/file_internal.h"
#include "core/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 4096 };

struct spill {
	_Atomic int references;
	char *folder;
	pthread_mutex_t lock; /* over what follows */
	int fd;               /* -1: not made yet */
	uint64_t limit, used, end;
};

enum err
spill_create(struct spill **out, const char *folder, uint64_t limit)
{
	struct spill *spill = buf_alloc(1, sizeof(*spill));

	*out = NULL;
	if (!spill)
		return ERR_NOMEM;
	spill->folder = buf_strdup(folder);
	if (!spill->folder) {
		buf_free(spill);
		return ERR_NOMEM;
	}
	pthread_mutex_init(&spill->lock, NULL);
	atomic_store(&spill->references, 1);
	spill->fd = -1;
	spill->limit = limit;
	*out = spill;
	return OK;
}

struct spill *
spill_ref(struct spill *spill)
{
	atomic_fetch_add(&spill->references, 1);
	return spill;
}

void
spill_unref(struct spill *spill)
{
	if (!spill || atomic_fetch_sub(&spill->references, 1) > 1)
		return;
	if (spill->fd >= 0)
		close(spill->fd);
	pthread_mutex_destroy(&spill->lock);
	buf_free(spill->folder);
	buf_free(spill);
}

static enum err
failed(const struct spill *spill)
{
	return err_at(ERR_IO, spill->folder, NULL,
		      "what does not fit into memory cannot be written here: %s; make room, or "
		      "allow more memory",
		      strerror(errno));
}

/* Without a name from the start where the file system can; else named for a moment. */
static int
open_nameless(const char *folder)
{
	char *path;
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || !(path = file_join(folder, "spill-XXXXXX")))
		return fd;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	buf_free(path);
	return fd;
}

static enum err
make_file(struct spill *spill)
{
	enum err code = file_make_folder(spill->folder);

	if (code)
		return code;
	spill->fd = open_nameless(spill->folder);
	return spill->fd < 0 ? failed(spill) : OK;
}

static uint64_t
blocks(uint64_t size)
{
	return (size + BLOCK - 1) / BLOCK * BLOCK;
}

/* A place of this size, counted as used. */
static enum err
reserve(uint64_t *offset, struct spill *spill, size_t size)
{
	enum err code = OK;

	pthread_mutex_lock(&spill->lock);
	if (spill->used > spill->limit || blocks(size) > spill->limit - spill->used)
		code = err_at(ERR_RANGE, spill->folder, NULL,
			      "%zu more bytes do not fit the %llu allowed here", size,
			      (unsigned long long)spill->limit);
	else if (spill->fd < 0)
		code = make_file(spill);
	if (!code) {
		*offset = spill->end;
		spill->end += blocks(size);
		spill->used += blocks(size);
	}
	pthread_mutex_unlock(&spill->lock);
	return code;
}

/* In pieces, with a look at the cancel between them. */
static enum err
write_at(struct spill *spill, uint64_t offset, const char *from, size_t size,
	 const struct work *work)
{
	enum { PIECE = 4 << 20 };
	enum err code = OK;

	for (size_t done = 0; done < size && !code;) {
		size_t want = size - done < PIECE ? size - done : PIECE;
		ssize_t n = file_must_fail()
				    ? -1
				    : pwrite(spill->fd, from + done, want, (off_t)(offset + done));

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			return failed(spill);
		code = work_check(work);
	}
	return code;
}

enum err
spill_put(uint64_t *offset, struct spill *spill, const void *data, size_t size,
	  const struct work *work)
{
	enum err code = reserve(offset, spill, size);

	if (code)
		return code;
	code = write_at(spill, *offset, data, size, work);
	if (code)
		spill_drop(spill, *offset, size);
	return code;
}

enum err
spill_get(struct spill *spill, uint64_t offset, void *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n =
			pread(spill->fd, (char *)to + done, size - done, (off_t)(offset + done));

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			return err_at(
				ERR_IO, spill->folder, NULL,
				"what was put here for want of memory cannot be read back: %s",
				n ? strerror(errno) : "it is shorter");
	}
	return OK;
}

void
spill_drop(struct spill *spill, uint64_t offset, size_t size)
{
	if (size && fallocate(spill->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
			      (off_t)blocks(size)))
		return;
	pthread_mutex_lock(&spill->lock);
	spill->used -= blocks(size);
	pthread_mutex_unlock(&spill->lock);
}

double
spill_rate(const char *folder)
{
	enum { BYTES = 32 << 20 };
	char *data = buf_alloc(BYTES, 1);
	int fd = file_is_folder(folder) ? open_nameless(folder) : -1;
	double start = jobs_now(), rate = 0;

	if (data && fd >= 0) {
		memset(data, 0x5a, BYTES); /* no zeros, which some disks do not write */
		start = jobs_now();
		if (file_write_fully(fd, data, BYTES) && !fdatasync(fd))
			rate = BYTES / (jobs_now() - start);
	}
	if (fd >= 0)
		close(fd);
	buf_free(data);
	return rate;
}

uint64_t
spill_bytes(struct spill *spill)
{
	uint64_t used;

	pthread_mutex_lock(&spill->lock);
	used = spill->used;
	pthread_mutex_unlock(&spill->lock);
	return used;
}
