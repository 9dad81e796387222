/* Statistics as bytes for the cache on disk. */
#include "core/buf.h"
#include "sessions/engine_private.h"
#include "sessions/pack.h"

enum { STATISTICS_MAGIC = 0x71737432 };

/* Of the symmetric Gram matrix each row from the diagonal on. */
static void
write_statistics(struct pack *pack, const void *what)
{
	const struct statistics *statistics = what;
	size_t n = statistics->columns;

	pack_count(pack, STATISTICS_MAGIC);
	pack_count(pack, n);
	pack_count(pack, statistics->tokens);
	pack_array(pack, statistics->mean_abs, n, sizeof(float));
	pack_array(pack, statistics->mean_sq, n, sizeof(float));
	pack_array(pack, statistics->max_abs, n, sizeof(float));
	for (size_t i = 0; i < n && statistics->gram; i++)
		pack_bytes(pack, statistics->gram + i * n + i, (n - i) * sizeof(float));
}

static float *
read_gram(struct unpack *unpack, size_t n)
{
	float *gram;

	if (n * (n + 1) / 2 * sizeof(float) != unpack->left)
		return NULL;
	if (!(gram = buf_alloc_dirty(n * n, sizeof(*gram))))
		return NULL;
	for (size_t i = 0; i < n; i++)
		unpack_bytes(unpack, gram + i * n + i, (n - i) * sizeof(float));
	if (statistics_mirror(gram, n, unpack->work))
		unpack->failed = true;
	return gram;
}

static void
read_statistics(struct statistics *out, struct unpack *unpack, bool gram)
{
	size_t n = out->columns;

	if (unpack_count(unpack) != STATISTICS_MAGIC || unpack_count(unpack) != n)
		unpack->failed = true;
	out->tokens = unpack_count(unpack);
	out->mean_abs = unpack_array(unpack, n, sizeof(float));
	out->mean_sq = unpack_array(unpack, n, sizeof(float));
	out->max_abs = unpack_array(unpack, n, sizeof(float));
	if (!unpack->failed && gram)
		out->gram = read_gram(unpack, n);
	if (!out->mean_abs || !out->mean_sq || !out->max_abs || (gram && !out->gram))
		unpack->failed = true;
}

enum err
statistics_store(struct cache *cache, struct key key, const struct statistics *statistics,
		 const struct work *work)
{
	return pack_store(cache, key, &(struct packing){ write_statistics, statistics, work });
}

struct statistics *
statistics_load(struct cache *cache, struct key key, size_t columns, bool gram,
		const struct work *work)
{
	struct statistics *out = buf_alloc(1, sizeof(*out));
	struct unpack unpack;

	if (!out || unpack_open(&unpack, cache, key, work) || !unpack.reader) {
		buf_free(out);
		return NULL;
	}
	out->columns = columns;
	read_statistics(out, &unpack, gram);
	if (unpack_close(&unpack))
		return out;
	statistics_free(out);
	return NULL;
}
