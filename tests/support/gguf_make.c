#include "support/support.h"

#include "support/gguf_make.h"

#include <string.h>

void
make_gguf_bytes(struct gguf_make *make, const void *data, size_t size)
{
	assert_true(size <= sizeof(make->bytes) - make->length);
	memcpy(make->bytes + make->length, data, size);
	make->length += size;
}

static void
store(unsigned char *out, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		out[i] = (unsigned char)(value >> 8 * i);
}

void
make_gguf_number(struct gguf_make *make, uint64_t value, size_t size)
{
	unsigned char bytes[8];

	store(bytes, value, size);
	make_gguf_bytes(make, bytes, size);
}

void
make_gguf(struct gguf_make *make)
{
	memset(make, 0, sizeof(*make));
	make_gguf_bytes(make, "GGUF\3\0\0\0", 8);
	make_gguf_number(make, 0, 8);
	make_gguf_number(make, 0, 8);
}

void
make_gguf_text(struct gguf_make *make, const char *text)
{
	make_gguf_number(make, strlen(text), 8);
	make_gguf_bytes(make, text, strlen(text));
}

void
make_gguf_pad(struct gguf_make *make, size_t alignment)
{
	while (make->length % alignment)
		make_gguf_number(make, 0, 1);
}

void
make_gguf_key(struct gguf_make *make, const char *key, enum gguf_type type)
{
	make_gguf_text(make, key);
	make_gguf_number(make, (uint64_t)type, 4);
	make->pairs++;
}

void
make_gguf_u32(struct gguf_make *make, const char *key, uint32_t value)
{
	make_gguf_key(make, key, GGUF_U32);
	make_gguf_number(make, value, 4);
}

void
make_gguf_f32(struct gguf_make *make, const char *key, float value)
{
	make_gguf_key(make, key, GGUF_F32);
	make_gguf_bytes(make, &value, sizeof(value));
}

void
make_gguf_bool(struct gguf_make *make, const char *key, bool value)
{
	make_gguf_key(make, key, GGUF_BOOL);
	make_gguf_number(make, value, 1);
}

void
make_gguf_string(struct gguf_make *make, const char *key, const char *value)
{
	make_gguf_key(make, key, GGUF_STRING);
	make_gguf_text(make, value);
}

void
make_gguf_array(struct gguf_make *make, const char *key, enum gguf_type type, uint64_t count)
{
	make_gguf_key(make, key, GGUF_ARRAY);
	make_gguf_number(make, (uint64_t)type, 4);
	make_gguf_number(make, count, 8);
}

void
make_gguf_strings(struct gguf_make *make, const char *key, const char *const *values, size_t count)
{
	make_gguf_array(make, key, GGUF_STRING, count);
	for (size_t i = 0; i < count; i++)
		make_gguf_text(make, values[i]);
}

void
make_gguf_tensor(struct gguf_make *make, const char *name, uint32_t type, uint64_t rows,
		 uint64_t columns, uint64_t offset)
{
	make_gguf_text(make, name);
	make_gguf_number(make, columns ? 2 : 1, 4);
	if (columns)
		make_gguf_number(make, columns, 8);
	make_gguf_number(make, rows, 8);
	make_gguf_number(make, type, 4);
	make_gguf_number(make, offset, 8);
	make->tensors++;
}

const char *
make_gguf_file(struct gguf_make *make, const char *name)
{
	store(make->bytes + 8, make->tensors, 8);
	store(make->bytes + 16, make->pairs, 8);
	return support_file(name, make->bytes, make->length);
}
