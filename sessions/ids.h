#ifndef SESSIONS_IDS_H
#define SESSIONS_IDS_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

/* Token ids from "1,2,3" or "1 2 3", or from FILE.npy. ERR_RANGE names an id not below `vocab`.
 * *out is the caller's. */
enum err ids_parse(int32_t **out, size_t *count, const char *text, size_t vocab);

#endif
