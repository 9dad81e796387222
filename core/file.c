#include "core/file.h"

#include "core/buf.h"
#include "core/file_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool
file_read_fully(int fd, void *to, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = read(fd, (char *)to + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

enum err
file_read(char **out, size_t *size, const char *path, size_t limit)
{
	struct stat st;
	int fd;
	char *text = NULL;
	enum err code = file_open_regular(&fd, &st, path);

	*out = NULL;
	if (code)
		return code;
	if ((uint64_t)st.st_size > limit)
		code = err_at(ERR_RANGE, path, NULL,
			      "is %lld bytes long, more than the %zu allowed here",
			      (long long)st.st_size, limit);
	else if (!(text = buf_alloc((size_t)st.st_size + 1, 1)))
		code = ERR_NOMEM;
	else if (!file_read_fully(fd, text, (size_t)st.st_size))
		code = errno == EIO
			       ? err_at(ERR_IO, path, NULL,
					"shrank while it was read, or cannot be read; try again")
			       : err_at(ERR_IO, path, NULL, "cannot be read: %s", strerror(errno));
	close(fd);
	if (code) {
		buf_free(text);
		return code;
	}
	*out = text;
	*size = (size_t)st.st_size;
	return OK;
}

bool
file_exists(const char *path)
{
	return !access(path, F_OK);
}

bool
file_is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static enum err
make_one(const char *path)
{
	if (mkdir(path, 0777) && errno != EEXIST)
		return err_at(ERR_IO, path, NULL, "this folder cannot be made: %s",
			      strerror(errno));
	return OK;
}

enum err
file_make_folder(const char *path)
{
	char *copy = buf_strdup(path);
	enum err code = copy ? OK : ERR_NOMEM;

	for (char *slash = copy; !code && (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		code = make_one(copy);
		*slash = '/';
	}
	if (!code)
		code = make_one(path);
	if (!code && !file_is_folder(path))
		code = err_at(ERR_IO, path, NULL, "is no folder; choose another name");
	buf_free(copy);
	return code;
}

char *
file_join(const char *folder, const char *name)
{
	size_t n = strlen(folder);

	return buf_printf("%s%s%s", folder, n && folder[n - 1] == '/' ? "" : "/", name);
}
