#ifndef CORE_FILE_INTERNAL_H
#define CORE_FILE_INTERNAL_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* Shared by what opens and writes files in this room. */
enum err file_open_regular(int *fd, struct stat *st, const char *path);

/* Whether some map holds this very file: nothing may be written over it. */
bool file_is_mapped(const struct stat *st);

/* Tests: whether this write fails, with errno set. See file_fail_at. */
bool file_must_fail(void);

/* All of it to or from an open file, through interrupts and short writes. False: errno says why; a
 * read that meets the end says EIO. */
bool file_write_fully(int fd, const void *data, size_t size);
bool file_read_fully(int fd, void *to, size_t size);

#endif
