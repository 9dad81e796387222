#ifndef SESSIONS_FORECAST_PRIVATE_H
#define SESSIONS_FORECAST_PRIVATE_H

#include "sessions/forecast.h"

#include <sys/statvfs.h>

/* The nearest folder above a path that is there already, and its disk; `st` is zeroed where the
 * disk cannot be asked. */
void forecast_folder(char folder[4096], struct statvfs *st, const char *path);

#endif
