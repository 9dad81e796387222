#ifndef CORE_FORMATS_GGUF_INTERNAL_H
#define CORE_FORMATS_GGUF_INTERNAL_H

#include "core/formats/gguf.h"

/* Shared by gguf*.c alone. The reader goes through the file from front to back; what it passed is
 * in gguf->header, which may move until the end. */
struct gguf_reader {
	struct gguf *gguf;
	const struct file_map *map;
	uint64_t at; /* bytes passed */
	size_t capacity;
};

/* The next `size` bytes, valid until the next call; `item` is named when the file ends before. */
enum err gguf_take(const unsigned char **out, struct gguf_reader *reader, uint64_t size,
		   const char *item);
enum err gguf_take_number(uint64_t *out, struct gguf_reader *reader, size_t size, const char *item);
/* A string that is a name: not empty, at most `longest` bytes, no NUL inside; kept in the arena. */
enum err gguf_take_name(const char **out, struct gguf_reader *reader, uint64_t longest,
			const char *what);
uint64_t gguf_left(const struct gguf_reader *reader); /* bytes of the file not passed yet */

/* Little-endian, `size` up to 8. */
uint64_t gguf_little(const unsigned char *data, size_t size);

const char *gguf_type_name(enum gguf_type type);
size_t gguf_type_size(enum gguf_type type); /* bytes; 0: strings and arrays */

/* The type of plain values that stands for an enum dtype; NULL: none. */
const struct ggml_type *gguf_type_of(int dtype);

/* The table of `count` tensors, which ends the header; sets gguf->data. */
enum err gguf_read_tensors(struct gguf_reader *reader, uint64_t count);

#endif
