/* One result as bytes for the cache on disk: every array of the method and the measurement. */
#include "core/buf.h"
#include "sessions/engine_private.h"
#include "sessions/pack.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { RESULT_MAGIC = 0x71727333, NAME_MAX_ = 32, NAMES = 64 };

static const size_t element_size[] = { [QUANT_U8] = 1, [QUANT_U32] = 4, [QUANT_F32] = 4 };

/* A quant_array's name is a literal of its method; one that comes from disk is kept here. */
static const char *
intern(const char *name)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static char names[NAMES][NAME_MAX_];
	const char *found = NULL;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < NAMES && !found; i++) {
		if (!names[i][0])
			snprintf(names[i], NAME_MAX_, "%s", name);
		if (!strcmp(names[i], name))
			found = names[i];
	}
	pthread_mutex_unlock(&lock);
	return found;
}

static void
write_extras(struct pack *pack, const struct quantized *q)
{
	for (size_t i = 0; i < QUANT_EXTRAS; i++) {
		const struct quant_array *extra = &q->extras[i];
		char name[NAME_MAX_] = "";

		pack_count(pack, extra->name != NULL);
		if (!extra->name)
			continue;
		snprintf(name, sizeof(name), "%s", extra->name);
		pack_bytes(pack, name, sizeof(name));
		pack_count(pack, (uint64_t)extra->type);
		pack_count(pack, extra->count);
		pack_array(pack, extra->data, extra->count, element_size[extra->type]);
	}
}

static void
write_quantized(struct pack *pack, const struct quantized *q)
{
	size_t weights = q->rows * q->columns;

	pack_count(pack, q->rows);
	pack_count(pack, q->columns);
	pack_count(pack, q->scale_count);
	pack_count(pack, q->group_count);
	pack_count(pack, q->scale_folded);
	pack_count(pack, q->clipped);
	pack_bytes(pack, q->part_bits, sizeof(q->part_bits));
	pack_bytes(pack, q->note, sizeof(q->note));
	pack_array(pack, q->codes, weights, 1);
	pack_array(pack, q->scales, q->scale_count, sizeof(float));
	pack_array(pack, q->zero_points, q->scale_count, sizeof(float));
	pack_array(pack, q->group_of, q->columns, sizeof(uint32_t));
	pack_array(pack, q->column_scale, q->columns, sizeof(float));
	pack_array(pack, q->dequantized, weights, sizeof(float));
	pack_array(pack, q->method_scale, q->columns, sizeof(float));
	write_extras(pack, q);
}

static void
write_measurement(struct pack *pack, const struct measurement *m)
{
	struct measurement copy = *m;

	copy.channels = NULL; /* a pointer means nothing in a file */
	pack_bytes(pack, &copy, sizeof(copy));
	pack_array(pack, m->channels, m->columns * CHANNEL_COUNT, sizeof(float));
}

static void
write_result(struct pack *pack, const void *what)
{
	const struct layer_result *result = what;

	pack_count(pack, RESULT_MAGIC);
	pack_count(pack, sizeof(struct measurement));
	pack_bytes(pack, &result->seconds, sizeof(result->seconds));
	write_quantized(pack, &result->quantized);
	write_measurement(pack, result->measurement);
}

enum err
result_store(struct cache *cache, const struct layer_result *result, const struct work *work)
{
	return pack_store(cache, result->key, &(struct packing){ write_result, result, work });
}

static void
read_extra(struct unpack *unpack, struct quant_array *extra)
{
	char name[NAME_MAX_];
	uint64_t type;

	unpack_bytes(unpack, name, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	type = unpack_count(unpack);
	extra->count = unpack_count(unpack);
	if (type > QUANT_F32)
		unpack->failed = true;
	if (unpack->failed)
		return;
	extra->type = (enum quant_array_type)type;
	extra->data = unpack_array(unpack, extra->count, element_size[type]);
	extra->name = intern(name);
	if (!extra->name)
		unpack->failed = true;
}

static void
read_quantized(struct unpack *unpack, struct quantized *q)
{
	size_t weights;

	q->rows = unpack_count(unpack);
	q->columns = unpack_count(unpack);
	q->scale_count = unpack_count(unpack);
	q->group_count = unpack_count(unpack);
	q->scale_folded = unpack_count(unpack) != 0;
	q->clipped = unpack_count(unpack);
	if (__builtin_mul_overflow(q->rows, q->columns, &weights))
		unpack->failed = true;
	unpack_bytes(unpack, q->part_bits, sizeof(q->part_bits));
	unpack_bytes(unpack, q->note, sizeof(q->note));
	q->note[sizeof(q->note) - 1] = '\0';
	if (unpack->failed)
		return;
	q->codes = unpack_array(unpack, weights, 1);
	q->scales = unpack_array(unpack, q->scale_count, sizeof(float));
	q->zero_points = unpack_array(unpack, q->scale_count, sizeof(float));
	q->group_of = unpack_array(unpack, q->columns, sizeof(uint32_t));
	q->column_scale = unpack_array(unpack, q->columns, sizeof(float));
	q->dequantized = unpack_array(unpack, weights, sizeof(float));
	q->method_scale = unpack_array(unpack, q->columns, sizeof(float));
	for (size_t i = 0; i < QUANT_EXTRAS; i++)
		if (unpack_count(unpack))
			read_extra(unpack, &q->extras[i]);
}

static void
read_measurement(struct unpack *unpack, struct measurement **out)
{
	struct measurement *m = buf_alloc(1, sizeof(*m));

	*out = m;
	if (!m) {
		unpack->failed = true;
		return;
	}
	unpack_bytes(unpack, m, sizeof(*m));
	m->channels = NULL;
	if (!unpack->failed && m->columns < SIZE_MAX / CHANNEL_COUNT)
		m->channels = unpack_array(unpack, m->columns * CHANNEL_COUNT, sizeof(float));
	if (!m->channels || m->salient_k > m->columns)
		unpack->failed = true;
}

enum err
result_load(bool *found, struct layer_result *out, struct cache *cache, const struct work *work)
{
	struct unpack unpack;
	enum err code = unpack_open(&unpack, cache, out->key, work);

	*found = false;
	if (code || !unpack.reader)
		return code;
	/* A result of another layout is made anew. */
	if (unpack_count(&unpack) != RESULT_MAGIC ||
	    unpack_count(&unpack) != sizeof(struct measurement))
		unpack.failed = true;
	unpack_bytes(&unpack, &out->seconds, sizeof(out->seconds));
	if (!unpack.failed)
		read_quantized(&unpack, &out->quantized);
	if (!unpack.failed)
		read_measurement(&unpack, &out->measurement);
	*found = unpack_close(&unpack) && out->quantized.dequantized;
	return OK;
}

size_t
result_bytes(const struct layer_result *result)
{
	const struct quantized *q = &result->quantized;

	if (!q->dequantized)
		return sizeof(*result) + sizeof(*result->measurement) +
		       4 * CHANNEL_COUNT * q->columns;
	return sizeof(*result) + sizeof(*result->measurement) + 5 * q->rows * q->columns +
	       8 * q->scale_count + 4 * (3 + CHANNEL_COUNT) * q->columns;
}
