#include "sessions/pack.h"

#include "core/buf.h"

#include <string.h>

enum { PIECE = 4 << 20 }; /* bytes between two looks at the cancel */

void
pack_bytes(struct pack *pack, const void *data, size_t size)
{
	const char *from = data;

	pack->size += size;
	for (size_t n; pack->writer && !pack->code && size; from += n, size -= n) {
		n = size < PIECE ? size : PIECE;
		if (!(pack->code = work_check(pack->work)))
			pack->code = cache_writer_add(pack->writer, from, n);
	}
}

void
pack_count(struct pack *pack, uint64_t value)
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

enum err
pack_store(struct cache *cache, struct key key, const struct packing *packing)
{
	struct pack counted = { 0 }, pack = { .work = packing->work };

	if (!cache_folder(cache))
		return OK;
	packing->write(&counted, packing->what);
	pack.code = cache_writer_open(&pack.writer, cache, key, counted.size);
	if (pack.code)
		return pack.code;
	packing->write(&pack, packing->what);
	if (!pack.code)
		return cache_writer_commit(pack.writer);
	cache_writer_drop(pack.writer);
	return pack.code;
}

enum err
unpack_open(struct unpack *unpack, struct cache *cache, struct key key, const struct work *work)
{
	*unpack = (struct unpack){ .work = work };
	return cache_reader_open(&unpack->reader, &unpack->left, cache, key);
}

bool
unpack_close(struct unpack *unpack)
{
	return cache_reader_close(unpack->reader) && !unpack->failed;
}

void
unpack_bytes(struct unpack *unpack, void *out, size_t size)
{
	char *to = out;

	if (unpack->failed || size > unpack->left) {
		unpack->failed = true;
		memset(out, 0, size);
		return;
	}
	unpack->left -= size;
	for (size_t n; size; to += n, size -= n) {
		n = size < PIECE ? size : PIECE;
		unpack->failed |= work_cancelled(unpack->work);
		if (unpack->failed)
			memset(to, 0, n);
		else
			cache_reader_get(unpack->reader, to, n);
	}
}

uint64_t
unpack_count(struct unpack *unpack)
{
	uint64_t value;

	unpack_bytes(unpack, &value, sizeof(value));
	return value;
}

void *
unpack_array(struct unpack *unpack, size_t count, size_t size)
{
	void *data;

	if (!unpack_count(unpack))
		return NULL;
	if (unpack_count(unpack) != count || count > unpack->left / size)
		unpack->failed = true;
	data = unpack->failed ? NULL : buf_alloc_dirty(count ? count : 1, size);
	if (!data)
		unpack->failed = true;
	else
		unpack_bytes(unpack, data, count * size);
	return data;
}
