#ifndef CORE_FORMATS_GGUF_H
#define CORE_FORMATS_GGUF_H

#include "core/arena.h"
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands before the weights of a GGUF file (versions 2 and 3): typed metadata and the table of
 * tensors, checked whole and copied into owned memory. Immutable once read; any thread.
 *
 *     struct gguf *gguf;
 *     size_t blocks = 0;
 *     ...
 *     code = gguf_open(&gguf, path);
 *     code = code ? code : gguf_need(gguf, ".block_count");
 *     code = code ? code : gguf_get_size(&blocks, gguf, ".block_count", 1, CONFIG_BLOCKS_MAX);
 */
struct file_map;

/* Types of metadata, as the file numbers them. */
enum gguf_type {
	GGUF_U8,
	GGUF_I8,
	GGUF_U16,
	GGUF_I16,
	GGUF_U32,
	GGUF_I32,
	GGUF_F32,
	GGUF_BOOL,
	GGUF_STRING,
	GGUF_ARRAY,
	GGUF_U64,
	GGUF_I64,
	GGUF_F64,
	GGUF_TYPE_COUNT
};

struct gguf_value {
	const char *key;
	enum gguf_type type; /* of an array: of its elements, never GGUF_ARRAY */
	bool is_array;
	uint64_t count;            /* elements of an array, else 1 */
	const unsigned char *data; /* as in the file: packed, little-endian, strings behind their
				    * length */
	size_t size;               /* bytes of data */
	const char *text;          /* of a single string: the same with a NUL behind it */
	size_t start;              /* private: where it stands in the header */
};

/* An element type of tensors; ggml_types.def has them all. */
enum { GGML_BLOCKS = -1 };
struct ggml_type {
	uint32_t id;
	const char *name;      /* "Q4_K" */
	uint32_t block, bytes; /* values in a block and its bytes; blocks run along rows */
	int dtype;             /* enum dtype, or GGML_BLOCKS */
};

enum { GGUF_RANK_MAX = 4 };
struct gguf_tensor {
	const char *name;
	const struct ggml_type *type;
	int rank;
	uint64_t shape[GGUF_RANK_MAX]; /* outermost first: the reverse of the file */
	uint64_t elements, bytes;
	uint64_t offset; /* of the first byte in the file */
};

struct gguf {
	const char *path;
	const char *architecture; /* general.architecture, or "" */
	uint32_t version;
	struct gguf_value *values; /* in the order of their keys */
	size_t value_count, value_capacity;
	struct gguf_tensor *tensors; /* in the order of their names */
	size_t tensor_count, tensor_capacity;
	unsigned char *header;     /* the file up to the end of the tensor table */
	size_t header_size, table; /* of all that; where in it the table of tensors begins */
	uint64_t alignment, data;  /* where the tensors' bytes begin */
	struct arena arena;
};

enum err gguf_open(struct gguf **out, const char *path);
enum err gguf_read(struct gguf **out, const struct file_map *map); /* of a file that is open */
void gguf_free(struct gguf *gguf);                                 /* NULL is fine */
bool gguf_is(const char *path); /* a file that begins with GGUF's four letters */
/* The one GGUF model in a folder without other weights, of a split one the first part: owned; NULL
 * when there is none, or several. */
enum err gguf_in_folder(char **out, const char *folder);

/* The value, or NULL. In all of these a key that begins with a dot stands behind the name of the
 * architecture: ".block_count" is "llama.block_count" for one. */
const struct gguf_value *gguf_find(const struct gguf *gguf, const char *key);
enum err gguf_need(const struct gguf *gguf, const char *key); /* ERR_FORMAT when it is absent */

/* err_at for a key of this file. */
enum err gguf_refuse(enum err code, const struct gguf *gguf, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Typed values, as json_get_*: absent, *out keeps its value and OK is returned; another type or out
 * of range is ERR_FORMAT, naming file, key and value. A number may be of any numeric type. */
enum err gguf_get_size(size_t *out, const struct gguf *gguf, const char *key, uint64_t min,
		       uint64_t max);
enum err gguf_get_number(double *out, const struct gguf *gguf, const char *key, double min,
			 double max);
enum err gguf_get_bool(bool *out, const struct gguf *gguf, const char *key);
enum err gguf_get_string(const char **out, const struct gguf *gguf, const char *key); /* no NUL */

/* A size that some files give once and others for each of `count` blocks: all must be equal. */
enum err gguf_get_common_size(size_t *out, const struct gguf *gguf, const char *key, uint64_t min,
			      uint64_t max, uint64_t count);

/* Arrays of numbers or bools, and of strings; *out is NULL when absent. */
enum err gguf_get_numbers(const struct gguf_value **out, const struct gguf *gguf, const char *key);
enum err gguf_get_strings(const struct gguf_value **out, const struct gguf *gguf, const char *key);
double gguf_number_at(const struct gguf_value *array, uint64_t index); /* bools are 0 and 1 */

/* The strings of an array in order, in constant time each: start with { 0 }; false at the end,
 * and for NULL. */
struct gguf_strings {
	const char *text; /* no NUL behind it; any bytes */
	size_t length;
	uint64_t done; /* how many were given */
	size_t at;     /* private */
};
bool gguf_strings_next(struct gguf_strings *strings, const struct gguf_value *array);

#endif
