#ifndef CORE_FILE_INTERNAL_H
#define CORE_FILE_INTERNAL_H

#include "core/err.h"

#include <stdbool.h>
#include <sys/stat.h>

/* Shared by file.c, file_map.c and file_write.c alone. */
enum err file_open_regular(int *fd, struct stat *st, const char *path);

/* Whether some map holds this very file: nothing may be written over it. */
bool file_is_mapped(const struct stat *st);

#endif
