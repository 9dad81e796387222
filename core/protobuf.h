#ifndef CORE_PROTOBUF_H
#define CORE_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Protocol buffers from outside, field by field and without a schema: SentencePiece's models.
 * Nothing is copied, a message inside is a field's bytes, read in turn. Groups, which nobody
 * writes any more, are refused like any other damage.
 *
 *     struct protobuf message = { data, data + size, false };
 *     struct protobuf_field field;
 *     while (protobuf_next(&field, &message))
 *             if (protobuf_is(&field, 2, PROTOBUF_BYTES)) ...
 *     if (message.broken) ...
 */
enum protobuf_type { PROTOBUF_VARINT, PROTOBUF_64, PROTOBUF_BYTES, PROTOBUF_32 = 5 };

struct protobuf {
	const char *at, *end;
	bool broken; /* it ended before its end */
};

struct protobuf_field {
	uint32_t number;
	enum protobuf_type type;
	uint64_t value;   /* the bits, but of bytes */
	const char *data; /* bytes: borrowed from the message */
	size_t size;
};

bool protobuf_next(struct protobuf_field *out, struct protobuf *message); /* false at the end */

static inline bool
protobuf_is(const struct protobuf_field *field, uint32_t number, enum protobuf_type type)
{
	return field->number == number && field->type == type;
}

#endif
