#include "core/protobuf.h"

/* Ten bytes at most; what lies above 64 bits is dropped, as by every reader. */
static bool
read_varint(uint64_t *out, struct protobuf *message)
{
	*out = 0;
	for (int shift = 0; shift < 70 && message->at < message->end; shift += 7) {
		unsigned char byte = (unsigned char)*message->at++;

		if (shift < 64)
			*out |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

static bool
read_fixed(uint64_t *out, struct protobuf *message, size_t size)
{
	*out = 0;
	if ((size_t)(message->end - message->at) < size)
		return false;
	for (size_t i = size; i--;)
		*out = *out << 8 | (unsigned char)message->at[i];
	message->at += size;
	return true;
}

static bool
read_bytes(struct protobuf_field *out, struct protobuf *message)
{
	uint64_t size;

	if (!read_varint(&size, message) || size > (uint64_t)(message->end - message->at))
		return false;
	out->data = message->at;
	out->size = (size_t)size;
	message->at += size;
	return true;
}

static bool
read_field(struct protobuf_field *out, struct protobuf *message)
{
	uint64_t tag;

	*out = (struct protobuf_field){ 0 };
	if (!read_varint(&tag, message) || tag > UINT32_MAX || !(tag >> 3))
		return false;
	out->number = (uint32_t)(tag >> 3);
	out->type = (enum protobuf_type)(tag & 7);
	switch (out->type) {
	case PROTOBUF_VARINT:
		return read_varint(&out->value, message);
	case PROTOBUF_64:
		return read_fixed(&out->value, message, 8);
	case PROTOBUF_32:
		return read_fixed(&out->value, message, 4);
	case PROTOBUF_BYTES:
		return read_bytes(out, message);
	}
	return false;
}

bool
protobuf_next(struct protobuf_field *out, struct protobuf *message)
{
	if (message->broken || message->at == message->end)
		return false;
	message->broken = !read_field(out, message);
	return !message->broken;
}
