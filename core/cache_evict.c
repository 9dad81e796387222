#include "core/cache_evict.h"

#include "core/buf.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME_LENGTH = 30, TEMPORARY_SECONDS = 3600 };

struct entry {
	struct timespec used;
	uint64_t bytes;
	char folder[3], name[NAME_LENGTH + 1];
};

struct listing {
	struct entry *entries;
	size_t count, capacity;
	uint64_t bytes;
};

static bool
is_hex(const char *name, size_t length)
{
	return strlen(name) == length && strspn(name, "0123456789abcdef") == length;
}

static enum err
add_entry(struct listing *list, const char *folder, const char *name, const struct stat *st)
{
	struct entry *entry;

	if (buf_grow(&list->entries, &list->capacity, list->count + 1, sizeof(*list->entries)))
		return ERR_NOMEM;
	entry = &list->entries[list->count++];
	entry->used = st->st_mtim;
	entry->bytes = (uint64_t)st->st_size;
	memcpy(entry->folder, folder, sizeof(entry->folder));
	memcpy(entry->name, name, sizeof(entry->name));
	list->bytes += entry->bytes;
	return OK;
}

/* A folder inside an open one; NULL when it is none. */
static DIR *
open_inside(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

static enum err
list_folder(struct listing *list, int at, const char *name)
{
	DIR *dir = open_inside(at, name);
	const struct dirent *found;
	struct stat st;
	enum err code = OK;

	while (dir && !code && (found = readdir(dir)))
		if (is_hex(found->d_name, NAME_LENGTH) &&
		    !fstatat(dirfd(dir), found->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(st.st_mode))
			code = add_entry(list, name, found->d_name, &st);
	if (dir)
		closedir(dir);
	return code;
}

/* A process that died while writing left its temporary file. */
static void
remove_stale(int at, const char *name)
{
	struct stat st;

	if (!strncmp(name, CACHE_TEMPORARY, strlen(CACHE_TEMPORARY)) &&
	    !fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode) &&
	    time(NULL) - st.st_mtim.tv_sec > TEMPORARY_SECONDS)
		unlinkat(at, name, 0);
}

static int
oldest_first(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->used.tv_sec != y->used.tv_sec)
		return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
	if (x->used.tv_nsec != y->used.tv_nsec)
		return x->used.tv_nsec < y->used.tv_nsec ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void
remove_oldest(struct listing *list, int at, uint64_t target)
{
	if (list->count)
		qsort(list->entries, list->count, sizeof(*list->entries), oldest_first);
	for (size_t i = 0; i < list->count && list->bytes > target; i++) {
		char path[3 + NAME_LENGTH + 1];

		memcpy(path, list->entries[i].folder, 2);
		path[2] = '/';
		memcpy(path + 3, list->entries[i].name, NAME_LENGTH + 1);
		unlinkat(at, path, 0); /* another process may have been first */
		list->bytes -= list->entries[i].bytes;
	}
}

enum err
cache_evict(uint64_t *left, const char *folder, uint64_t limit, uint64_t target)
{
	struct listing list = { 0 };
	DIR *dir = open_inside(AT_FDCWD, folder);
	const struct dirent *found;
	enum err code = OK;

	*left = 0;
	if (!dir)
		return OK;
	while (!code && (found = readdir(dir))) {
		if (is_hex(found->d_name, 2))
			code = list_folder(&list, dirfd(dir), found->d_name);
		else
			remove_stale(dirfd(dir), found->d_name);
	}
	if (!code && list.bytes > limit)
		remove_oldest(&list, dirfd(dir), target);
	*left = list.bytes;
	closedir(dir);
	buf_free(list.entries);
	return code;
}
