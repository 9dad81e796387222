/* Mapped files, read piece by piece and let go of, and a guard for those that shrink while mapped:
 * touching a page behind the new end raises SIGBUS; the handler puts a page of zeros there and
 * marks the map, and file_map_check, which every reader calls after reading, reports it. Faults
 * elsewhere go to whoever had the signal before. */
#include "core/file.h"

#include "core/buf.h"
#include "core/file_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_map {
	char *path;
	void *data; /* NULL for an empty file */
	uint64_t size;
	int fd;
	struct stat opened;
	atomic_bool faulted;
};

/* The handler reads this table without locks: a slot is published last and cleared first. */
enum { MAPS_MAX = 4096 };
static _Atomic(struct file_map *) maps[MAPS_MAX];
static struct sigaction previous;
static long page_size;

static struct file_map *
owner_of(const void *address)
{
	uintptr_t at = (uintptr_t)address;

	for (size_t i = 0; i < MAPS_MAX; i++) {
		struct file_map *map = atomic_load(&maps[i]);

		if (map && at >= (uintptr_t)map->data &&
		    at < (uintptr_t)map->data + (map->size + (uint64_t)page_size - 1) /
							(uint64_t)page_size * (uint64_t)page_size)
			return map;
	}
	return NULL;
}

static void
on_bus_error(int signal_number, siginfo_t *info, void *context)
{
	struct file_map *map = owner_of(info->si_addr);
	void *page = (void *)((uintptr_t)info->si_addr & ~((uintptr_t)page_size - 1));

	if (map && mmap(page, (size_t)page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			-1, 0) != MAP_FAILED) {
		atomic_store(&map->faulted, true);
		return;
	}
	if (previous.sa_flags & SA_SIGINFO) {
		previous.sa_sigaction(signal_number, info, context);
	} else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
		previous.sa_handler(signal_number);
	} else {
		/* Return to the faulting instruction with the default action in place. */
		signal(SIGBUS, SIG_DFL);
	}
}

/* At every opening: whoever else wants the signal may have taken it since. */
void
file_guard(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO }, now;

	pthread_mutex_lock(&lock);
	page_size = sysconf(_SC_PAGESIZE);
	if (sigaction(SIGBUS, NULL, &now) || !(now.sa_flags & SA_SIGINFO) ||
	    now.sa_sigaction != on_bus_error) {
		previous = now;
		sigemptyset(&action.sa_mask);
		sigaction(SIGBUS, &action, NULL);
	}
	pthread_mutex_unlock(&lock);
}

static enum err
guard(struct file_map *map)
{
	for (size_t i = 0; i < MAPS_MAX; i++) {
		struct file_map *none = NULL;

		if (atomic_compare_exchange_strong(&maps[i], &none, map))
			return OK;
	}
	return err_at(ERR_RANGE, map->path, NULL, "more than %d files are open at once", MAPS_MAX);
}

static void
unguard(const struct file_map *map)
{
	for (size_t i = 0; i < MAPS_MAX; i++) {
		struct file_map *expected = (struct file_map *)map;

		if (atomic_compare_exchange_strong(&maps[i], &expected, NULL))
			return;
	}
}

enum err
file_open_regular(int *fd, struct stat *st, const char *path)
{
	/* O_NONBLOCK: a FIFO must not make us wait. */
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0 && !path[0])
		return err_at(ERR_IO, "\"\"", NULL, "is an empty name; name a file");
	if (*fd < 0)
		return err_at(ERR_IO, path, NULL, "cannot be opened: %s; check its name and rights",
			      strerror(errno));
	if (fstat(*fd, st) || !S_ISREG(st->st_mode)) {
		close(*fd);
		return err_at(ERR_IO, path, NULL, "%s; a regular file is needed",
			      S_ISDIR(st->st_mode) ? "is a folder" : "is no regular file");
	}
	return OK;
}

static enum err
map_pages(struct file_map *map, const char *path)
{
	enum err code = file_open_regular(&map->fd, &map->opened, path);

	if (code) {
		map->fd = -1;
		return code;
	}
	map->size = (uint64_t)map->opened.st_size;
	if (!map->size)
		return OK;
	map->data = mmap(NULL, map->size, PROT_READ, MAP_PRIVATE, map->fd, 0);
	if (map->data == MAP_FAILED) {
		map->data = NULL;
		return err_at(ERR_IO, path, NULL, "cannot be mapped: %s", strerror(errno));
	}
	return guard(map);
}

enum err
file_map_open(struct file_map **out, const char *path)
{
	struct file_map *map = buf_alloc(1, sizeof(*map));
	enum err code = ERR_NOMEM;

	*out = NULL;
	if (!map)
		return ERR_NOMEM;
	file_guard();
	map->fd = -1;
	map->path = buf_strdup(path);
	if (map->path)
		code = map_pages(map, path);
	if (code)
		file_map_free(map);
	else
		*out = map;
	return code;
}

void
file_map_free(struct file_map *map)
{
	if (!map)
		return;
	unguard(map);
	if (map->data)
		munmap(map->data, map->size);
	if (map->fd >= 0)
		close(map->fd);
	buf_free(map->path);
	buf_free(map);
}

const void *
file_map_data(const struct file_map *map)
{
	return map->data;
}

uint64_t
file_map_size(const struct file_map *map)
{
	return map->size;
}

const char *
file_map_path(const struct file_map *map)
{
	return map->path;
}

enum err
file_map_check(const struct file_map *map)
{
	struct stat now;

	if (!atomic_load(&map->faulted) && !fstat(map->fd, &now) &&
	    now.st_size == map->opened.st_size &&
	    now.st_mtim.tv_sec == map->opened.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == map->opened.st_mtim.tv_nsec)
		return OK;
	return err_at(
		ERR_IO, map->path, NULL,
		"changed on disk while it was open; nothing was computed from it, open it again");
}

/* One fault maps more than the page that was touched: all of the page cache's block that holds it
 * (at most FOLIO bytes, aligned in the file), or a window of AROUND bytes (aligned in memory). Two
 * readers side by side so bring back what the other let go of; therefore each lets go of everything
 * that its own faults can have mapped. */
enum { FOLIO = 2 << 20, AROUND = 64 << 10, SMALL_FILE = 64 << 20 };

/* MADV_DONTNEED forgets the pages of a mapping that is never written: the next read faults them in
 * again from the file, where the guard stands; a page of zeros that the guard put there is zeros
 * again, and the map stays marked. */
void
file_map_release(const struct file_map *map, uint64_t offset, uint64_t size)
{
	uint64_t page = (uint64_t)page_size, end = (map->size + page - 1) / page * page;
	uint64_t first = offset / FOLIO * FOLIO, last;

	if (map->size <= SMALL_FILE || !size || offset >= map->size)
		return;
	if (size > map->size - offset)
		size = map->size - offset;
	last = (offset + size + FOLIO - 1) / FOLIO * FOLIO + AROUND;
	first = first < AROUND ? 0 : first - AROUND;
	last = last > end ? end : last;
	madvise((char *)map->data + first, last - first, MADV_DONTNEED);
}

void
file_map_expect(const struct file_map *map, uint64_t offset, uint64_t size)
{
	if (map->size > SMALL_FILE && offset < map->size)
		posix_fadvise(map->fd, (off_t)offset,
			      (off_t)(size < map->size - offset ? size : map->size - offset),
			      POSIX_FADV_WILLNEED);
}

bool
file_is_mapped(const struct stat *st)
{
	for (size_t i = 0; i < MAPS_MAX; i++) {
		const struct file_map *map = atomic_load(&maps[i]);

		if (map && map->opened.st_dev == st->st_dev && map->opened.st_ino == st->st_ino)
			return true;
	}
	return false;
}

void
file_map_stamp(struct file_stamp *out, const struct file_map *map)
{
	*out = (struct file_stamp){ map->size, map->opened.st_mtim.tv_sec,
				    map->opened.st_mtim.tv_nsec };
}
