#include "core/folder.h"

#include "core/buf.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum err
add(struct folder *out, const char *name)
{
	if (buf_grow(&out->names, &out->capacity, out->count + 1, sizeof(*out->names)))
		return ERR_NOMEM;
	out->names[out->count] = arena_strndup(&out->arena, name, strlen(name));
	return out->names[out->count] ? (out->count++, OK) : ERR_NOMEM;
}

enum err
folder_read(struct folder *out, const char *path, size_t limit)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	enum err code = OK;

	if (!dir)
		return err_at(ERR_IO, path, NULL,
			      "this folder cannot be listed: %s; check its name and rights",
			      strerror(errno));
	while (!code && !out->more && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		out->more = out->count == limit;
		if (!out->more)
			code = add(out, entry->d_name);
	}
	closedir(dir);
	if (code)
		folder_clear(out);
	else if (out->count)
		qsort(out->names, out->count, sizeof(*out->names), compare);
	return code;
}

void
folder_clear(struct folder *folder)
{
	buf_free(folder->names);
	arena_clear(&folder->arena);
	memset(folder, 0, sizeof(*folder));
}

bool
folder_has(const struct folder *folder, const char *name)
{
	return folder->count &&
	       bsearch(&name, folder->names, folder->count, sizeof(*folder->names), compare);
}

const char *
folder_match(const struct folder *folder, const char *pattern)
{
	for (size_t i = 0; i < folder->count; i++)
		if (!fnmatch(pattern, folder->names[i], FNM_PERIOD))
			return folder->names[i];
	return NULL;
}
