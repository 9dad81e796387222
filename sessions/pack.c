#include "sessions/pack.h"

#include "core/buf.h"

#include <string.h>

void
pack_bytes(struct pack *pack, const void *data, size_t size)
{
	if (pack->failed || !size)
		return;
	if (buf_grow(&pack->data, &pack->capacity, pack->size + size, 1)) {
		pack->failed = true;
		return;
	}
	memcpy(pack->data + pack->size, data, size);
	pack->size += size;
}

void
pack_count(struct pack *pack, uint64_t value)
{
	pack_bytes(pack, &value, sizeof(value));
}

void
pack_number(struct pack *pack, double value)
{
	pack_bytes(pack, &value, sizeof(value));
}

void
pack_array(struct pack *pack, const void *data, size_t count, size_t size)
{
	pack_count(pack, data != NULL);
	if (!data)
		return;
	pack_count(pack, count);
	pack_bytes(pack, data, count * size);
}

void
unpack_bytes(struct unpack *unpack, void *out, size_t size)
{
	memset(out, 0, size);
	if (unpack->failed || size > unpack->size - unpack->at) {
		unpack->failed = true;
		return;
	}
	memcpy(out, unpack->data + unpack->at, size);
	unpack->at += size;
}

uint64_t
unpack_count(struct unpack *unpack)
{
	uint64_t value;

	unpack_bytes(unpack, &value, sizeof(value));
	return value;
}

double
unpack_number(struct unpack *unpack)
{
	double value;

	unpack_bytes(unpack, &value, sizeof(value));
	return value;
}

void *
unpack_array(struct unpack *unpack, size_t count, size_t size)
{
	void *data;

	if (!unpack_count(unpack))
		return NULL;
	if (unpack_count(unpack) != count || count > (unpack->size - unpack->at) / size)
		unpack->failed = true;
	data = unpack->failed ? NULL : buf_alloc(count ? count : 1, size);
	if (!data)
		unpack->failed = true;
	else
		unpack_bytes(unpack, data, count * size);
	return data;
}
