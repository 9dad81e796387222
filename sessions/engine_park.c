/* Results of a whole model take five bytes for each weight, which is more than memory holds for
 * large models. Then what is kept of a layer is its measurement, and the dequantized weights lie in
 * a file without a name until an evaluation or the written model wants them. */
#include "core/buf.h"
#include "sessions/engine_private.h"

#include <string.h>

struct parked {
	struct spill *spill;
	uint64_t offset;
	size_t bytes;
};

void
parked_free(struct parked *parked)
{
	if (!parked)
		return;
	spill_drop(parked->spill, parked->offset, parked->bytes);
	spill_unref(parked->spill);
	buf_free(parked);
}

enum err
parked_read(float *out, const void *source, size_t first, size_t count)
{
	const struct parked *parked = source;

	return spill_get(parked->spill, parked->offset + first * sizeof(*out), out,
			 count * sizeof(*out));
}

static enum err
write_weights(struct parked **out, const struct quantized *q, struct spill *spill,
	      const struct work *work)
{
	struct parked *parked = buf_alloc(1, sizeof(*parked));
	enum err code;

	*out = NULL;
	if (!parked)
		return ERR_NOMEM;
	parked->bytes = q->rows * q->columns * sizeof(float);
	code = spill_put(&parked->offset, spill, q->dequantized, parked->bytes, work);
	if (code) {
		buf_free(parked);
		return code;
	}
	parked->spill = spill_ref(spill);
	*out = parked;
	return OK;
}

static struct measurement *
copy_measurement(const struct measurement *from)
{
	struct measurement *copy = buf_alloc(1, sizeof(*copy));
	size_t channels = from->columns * CHANNEL_COUNT;

	if (!copy)
		return NULL;
	*copy = *from;
	copy->channels = buf_alloc(channels, sizeof(*copy->channels));
	if (!copy->channels) {
		buf_free(copy);
		return NULL;
	}
	memcpy(copy->channels, from->channels, channels * sizeof(*copy->channels));
	return copy;
}

static struct layer_result *
without_arrays(const struct layer_result *from)
{
	struct layer_result *out = buf_alloc(1, sizeof(*out));
	struct quantized *q;

	if (!out)
		return NULL;
	*out = *from;
	atomic_store(&out->references, 1);
	q = &out->quantized;
	q->codes = NULL;
	q->scales = q->zero_points = q->column_scale = q->dequantized = q->method_scale = NULL;
	q->group_of = NULL;
	memset(q->extras, 0, sizeof(q->extras));
	out->measurement = copy_measurement(from->measurement);
	if (!out->measurement) {
		buf_free(out);
		return NULL;
	}
	return out;
}

enum err
engine_park(struct layer_result **result, struct engine *engine, const struct work *work)
{
	struct layer_result *light;
	enum err code;

	if (!engine->lean || !*result || (*result)->parked)
		return OK;
	if (!(light = without_arrays(*result)))
		return ERR_NOMEM;
	code = write_weights(&light->parked, &(*result)->quantized, engine->park, work);
	if (code) {
		layer_result_unref(light);
		return code;
	}
	layer_result_unref(*result);
	*result = light;
	return OK;
}
