#ifndef TESTS_SUPPORT_GGUF_MAKE_H
#define TESTS_SUPPORT_GGUF_MAKE_H

#include "core/formats/gguf.h"

/* GGUF files byte by byte, right or wrong. Start with make_gguf; the counts at the file's
 * start are those of `tensors` and `pairs` when it is written. */
struct gguf_make {
	unsigned char bytes[1 << 16];
	size_t length;
	uint64_t tensors, pairs;
};

void make_gguf(struct gguf_make *make);
void make_gguf_number(struct gguf_make *make, uint64_t value, size_t size);
void make_gguf_bytes(struct gguf_make *make, const void *data, size_t size);
void make_gguf_text(struct gguf_make *make, const char *text); /* with its length before it */
void make_gguf_pad(struct gguf_make *make, size_t alignment);

/* Pairs. A key alone is followed by its value's bytes. */
void make_gguf_key(struct gguf_make *make, const char *key, enum gguf_type type);
void make_gguf_u32(struct gguf_make *make, const char *key, uint32_t value);
void make_gguf_f32(struct gguf_make *make, const char *key, float value);
void make_gguf_bool(struct gguf_make *make, const char *key, bool value);
void make_gguf_string(struct gguf_make *make, const char *key, const char *value);
void make_gguf_array(struct gguf_make *make, const char *key, enum gguf_type type, uint64_t count);
void make_gguf_strings(struct gguf_make *make, const char *key, const char *const *values,
		       size_t count);

/* A tensor of up to two dimensions; columns 0: a vector. */
void make_gguf_tensor(struct gguf_make *make, const char *name, uint32_t type, uint64_t rows,
		      uint64_t columns, uint64_t offset);

/* The file in the test's folder; borrowed. */
const char *make_gguf_file(struct gguf_make *make, const char *name);

#endif
