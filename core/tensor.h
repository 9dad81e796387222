#ifndef CORE_TENSOR_H
#define CORE_TENSOR_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Element types: core/dtypes.def has one line each. */
enum dtype {
#define DTYPE(id, name, bits, widen) DTYPE_##id,
#include "core/dtypes.def"
#undef DTYPE
	DTYPE_COUNT
};

enum { TENSOR_RANK_MAX = 8 };

/* A named array inside a file that stays open. Everything is borrowed from the checkpoint. */
struct tensor {
	const char *name;
	enum dtype dtype;
	int rank;
	uint64_t shape[TENSOR_RANK_MAX]; /* outermost first */
	uint64_t elements, bytes;
	const struct file_map
		*map;    /* read through tensor_read, never directly: the file may shrink */
	uint64_t offset; /* of the first byte in the file */
};

const char *dtype_name(enum dtype dtype); /* "F32", as safetensors spells it */
unsigned dtype_bits(enum dtype dtype);
bool dtype_is_float(enum dtype dtype); /* tensor_read turns it into float32 */
enum err dtype_parse(enum dtype *out, const char *name, size_t length);

/* Read elements [first, first + count) as float32: exact for F32, F16, BF16; ERR_UNSUPPORTED for
 * types that are not floats; ERR_IO when the file shrank under us. Any thread. */
enum err tensor_read(float *out, const struct tensor *tensor, uint64_t first, uint64_t count);

/* The raw bytes, for hashes and copies. */
enum err tensor_read_bytes(void *out, const struct tensor *tensor, uint64_t first, uint64_t count);

/* Conversions of one value, rounding to nearest even. */
float f16_to_f32(uint16_t half);
uint16_t f16_from_f32(float value);
float bf16_to_f32(uint16_t half);
uint16_t bf16_from_f32(float value);

#endif
