#include "sessions/output_folder.h"

#include "core/buf.h"
#include "core/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

static bool
is_empty(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	bool empty = folder != NULL;

	while (empty && (entry = readdir(folder)))
		empty = is_dots(entry->d_name);
	if (folder)
		closedir(folder);
	return empty;
}

enum err
output_folder_check(const char *path)
{
	struct stat st;

	if (!path[0])
		return err_at(ERR_IO, "\"\"", NULL, "is an empty name; name a new folder");
	if (lstat(path, &st))
		return errno == ENOENT ? OK
				       : err_at(ERR_IO, path, NULL, "%s; name another folder",
						strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return err_at(ERR_RANGE, path, NULL, "exists and is no folder; name a new one");
	if (!is_empty(path))
		return err_at(ERR_RANGE, path, NULL,
			      "the folder is not empty; name a new one or empty it first");
	return OK;
}

/* "a/b/" and "a/b" are one folder. */
static char *
without_slashes(const char *path)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	return buf_strndup(path, length);
}

/* The folder above must be there; a temporary beside the target is on the same file system. */
static enum err
make_parent(const char *path)
{
	char *copy = buf_strdup(path), *slash;
	enum err code = copy ? OK : ERR_NOMEM;

	slash = copy ? strrchr(copy, '/') : NULL;
	if (slash && slash != copy) {
		*slash = '\0';
		code = file_is_folder(copy) ? OK : file_make_folder(copy);
	}
	buf_free(copy);
	return code;
}

enum err
output_folder_create(struct output_folder *out, const char *path)
{
	enum err code = output_folder_check(path);

	memset(out, 0, sizeof(*out));
	if (code)
		return code;
	out->path = without_slashes(path);
	out->temporary = out->path ? buf_printf("%s.part-XXXXXX", out->path) : NULL;
	if (!out->temporary)
		code = ERR_NOMEM;
	if (!code)
		code = make_parent(out->path);
	if (!code && !mkdtemp(out->temporary))
		code = err_at(ERR_IO, out->path, NULL, "cannot make a folder beside it: %s",
			      strerror(errno));
	if (code) {
		buf_free(out->temporary);
		out->temporary = NULL;
		output_folder_drop(out);
	}
	return code;
}

static void
sync_parent(const char *path)
{
	char *copy = buf_strdup(path), *slash;
	int fd;

	if (!copy)
		return;
	slash = strrchr(copy, '/');
	if (slash)
		slash[slash == copy] = '\0';
	fd = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	buf_free(copy);
}

enum err
output_folder_commit(struct output_folder *folder)
{
	mode_t mask = umask(0);
	enum err code = OK;

	umask(mask);
	chmod(folder->temporary, 0777 & ~mask); /* mkdtemp makes it ours alone */
	if (rename(folder->temporary, folder->path))
		code = err_at(ERR_IO, folder->path, NULL, "cannot take its name: %s",
			      strerror(errno));
	if (!code) {
		sync_parent(folder->path);
		buf_free(folder->temporary);
		folder->temporary = NULL;
	}
	output_folder_drop(folder);
	return code;
}

static void
remove_files(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (!is_dots(entry->d_name))
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	rmdir(path);
}

void
output_folder_drop(struct output_folder *folder)
{
	if (folder->temporary)
		remove_files(folder->temporary);
	buf_free(folder->temporary);
	buf_free(folder->path);
	memset(folder, 0, sizeof(*folder));
}
