#ifndef CORE_FORMATS_NPY_H
#define CORE_FORMATS_NPY_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

/* NumPy's array files: token ids in, numbers out. Version 1.0 and 2.0, C order. */

/* Token ids from an array of any shape, read in C order. Integers of 1 to 8 bytes, signed or not,
 * either byte order. Refused by name: Fortran order, floats, objects, values outside 0 … 2^31 − 1.
 * *out is the caller's (buf_free). */
enum err npy_read_ids(int32_t **out, size_t *count, const char *path);

/* The same from bytes; `path` is for messages. */
enum err npy_parse_ids(int32_t **out, size_t *count, const void *data, size_t size,
		       const char *path);

enum npy_type { NPY_F32, NPY_U8, NPY_F64 };

/* Write `shape` (rank 0 to 8, outermost first) values, replacing `path` atomically. */
enum err npy_write(const char *path, enum npy_type type, const void *data, int rank,
		   const size_t *shape);

#endif
