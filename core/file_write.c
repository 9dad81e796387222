/* Output that is whole or absent: a temporary file in the same folder, synced, renamed over the old
 * one, the folder synced. An input that is still mapped is never written over. */
#include "core/file.h"

#include "core/buf.h"
#include "core/file_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_writer {
	char *path, *temporary;
	int fd;
};

static atomic_ulong fail_countdown;
static atomic_int fail_errno;

void
file_fail_at(unsigned long n, int error)
{
	atomic_store(&fail_errno, error);
	atomic_store(&fail_countdown, n);
}

bool
file_must_fail(void)
{
	unsigned long n = atomic_load(&fail_countdown);

	if (!n)
		return false;
	atomic_store(&fail_countdown, n - 1);
	if (n == 1)
		errno = atomic_load(&fail_errno);
	return n == 1;
}

static enum err
failed(const struct file_writer *writer, const char *what)
{
	const char *advice = errno == ENOSPC || errno == EDQUOT ? "; make room and save again" : "";

	return err_at(ERR_IO, writer->path, NULL, "%s: %s; the old file is untouched%s", what,
		      strerror(errno), advice);
}

void
file_writer_drop(struct file_writer *writer)
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

/* From the kernel's own account: umask() would have to set it to read it, on every thread. */
static mode_t
file_umask(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];
	unsigned mask = 022;

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "Umask: %o", &mask) == 1)
			break;
	if (status)
		fclose(status);
	return (mode_t)mask;
}

static enum err
open_temporary(struct file_writer *writer)
{
	struct stat st;
	bool replaces = !stat(writer->path, &st);

	if (!writer->path[0])
		return err_at(ERR_IO, "\"\"", NULL, "is an empty name; name a file");
	if (replaces && !S_ISREG(st.st_mode))
		return err_at(ERR_IO, writer->path, NULL,
			      "is no regular file; choose another name");
	if (replaces && file_is_mapped(&st))
		return err_at(ERR_IO, writer->path, NULL,
			      "is open as an input and is never written over; choose another name");
	writer->temporary = buf_printf("%s.tmp%ld-XXXXXX", writer->path, (long)getpid());
	if (!writer->temporary)
		return ERR_NOMEM;
	writer->fd = mkostemp(writer->temporary, O_CLOEXEC);
	if (writer->fd < 0)
		return failed(writer, "cannot be written");
	fchmod(writer->fd, replaces ? st.st_mode & 0777 : 0666 & ~file_umask());
	return OK;
}

enum err
file_writer_open(struct file_writer **out, const char *path)
{
	struct file_writer *writer = buf_alloc(1, sizeof(*writer));
	enum err code = ERR_NOMEM;

	*out = NULL;
	if (!writer)
		return ERR_NOMEM;
	writer->fd = -1;
	writer->path = buf_strdup(path);
	if (writer->path)
		code = open_temporary(writer);
	if (code)
		file_writer_drop(writer);
	else
		*out = writer;
	return code;
}

bool
file_write_fully(int fd, const void *data, size_t size)
{
	const char *from = data;

	while (size) {
		ssize_t n = file_must_fail() ? -1 : write(fd, from, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		from += n;
		size -= (size_t)n;
	}
	return true;
}

enum err
file_writer_add(struct file_writer *writer, const void *data, size_t size)
{
	return file_write_fully(writer->fd, data, size) ? OK : failed(writer, "cannot be written");
}

/* Cuts the writer's path, which is not needed any more: a copy could fail after the rename. */
static enum err
sync_folder(struct file_writer *writer)
{
	char *slash = strrchr(writer->path, '/');
	enum err code = OK;
	int fd;

	if (slash)
		slash[slash == writer->path] = '\0';
	fd = open(slash ? writer->path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || file_must_fail() || (fsync(fd) && errno != EINVAL && errno != ENOTSUP))
		code = err_at(ERR_IO, writer->path, NULL, "its folder cannot be synced: %s",
			      strerror(errno));
	if (fd >= 0)
		close(fd);
	return code;
}

/* The previous generation becomes "path~" through a link, so that `path` exists at every moment; by
 * a rename where the file system has no links. */
static enum err
keep_previous(const struct file_writer *writer)
{
	char *kept;
	enum err code = OK;

	if (!file_exists(writer->path))
		return OK;
	if (!(kept = buf_printf("%s~", writer->path)))
		return ERR_NOMEM;
	if (unlink(kept) && errno != ENOENT)
		code = failed(writer, "its previous generation cannot be kept");
	else if (file_must_fail() ||
		 (link(writer->path, kept) &&
		  ((errno != EPERM && errno != ENOTSUP) || rename(writer->path, kept))))
		code = failed(writer, "its previous generation cannot be kept");
	buf_free(kept);
	return code;
}

static enum err
commit(struct file_writer *writer, bool keep)
{
	int closed;
	enum err code = OK;

	if (file_must_fail() || fsync(writer->fd))
		return failed(writer, "cannot be synced");
	closed = close(writer->fd);
	writer->fd = -1;
	if (closed || file_must_fail())
		code = failed(writer, "cannot be closed");
	if (!code && keep)
		code = keep_previous(writer);
	if (!code && (file_must_fail() || rename(writer->temporary, writer->path)))
		code = failed(writer, "cannot be renamed into place");
	if (code) {
		unlink(writer->temporary);
		return code;
	}
	return sync_folder(writer);
}

enum err
file_writer_commit(struct file_writer *writer, bool keep)
{
	enum err code = commit(writer, keep);

	file_writer_drop(writer);
	return code;
}

enum err
file_write(const char *path, const void *data, size_t size, bool keep)
{
	struct file_writer *writer;
	enum err code = file_writer_open(&writer, path);

	if (code)
		return code;
	code = file_writer_add(writer, data, size);
	if (code) {
		file_writer_drop(writer);
		return code;
	}
	return file_writer_commit(writer, keep);
}
