/* Which windows of a text calibrate: docs/calibration.md writes the draw down. */
#include "core/buf.h"
#include "core/calibration.h"
#include "core/rng.h"

#include <string.h>

static enum err
shuffled_windows(size_t **out, size_t windows, uint64_t seed)
{
	struct rng rng;
	size_t *order = buf_alloc(windows, sizeof(*order));

	*out = order;
	if (!order)
		return ERR_NOMEM;
	for (size_t i = 0; i < windows; i++)
		order[i] = i;
	rng_seed(&rng, seed);
	rng_shuffle(&rng, order, windows);
	return OK;
}

static enum err
check_request(size_t id_count, size_t count, size_t length)
{
	if (!count || !length)
		return err_set(ERR_RANGE, "calibration needs at least one sequence of at least one "
					  "token");
	if (id_count < length)
		return err_set(ERR_RANGE,
			       "the text has %zu tokens, too few for one window of %zu; take a "
			       "longer text or a smaller length",
			       id_count, length);
	return OK;
}

enum err
calibration_draw(struct sequence *out, int32_t **ids_out, size_t *drawn, const int32_t *ids,
		 size_t id_count, size_t count, size_t length, int32_t bos, uint64_t seed)
{
	size_t windows, *order = NULL;
	int32_t *copy = NULL;
	enum err code = check_request(id_count, count, length);

	*ids_out = NULL;
	*drawn = 0;
	if (code)
		return code;
	windows = id_count / length;
	count = count < windows ? count : windows;
	code = shuffled_windows(&order, windows, seed);
	if (!code && !(copy = buf_alloc(count, length * sizeof(*copy))))
		code = ERR_NOMEM;
	for (size_t i = 0; i < count && !code; i++) {
		int32_t *window = copy + i * length;

		memcpy(window, ids + order[i] * length, length * sizeof(*window));
		if (bos >= 0)
			window[0] = bos;
		out[i] = (struct sequence){ window, length };
	}
	buf_free(order);
	if (code)
		return code;
	*ids_out = copy;
	*drawn = count;
	return OK;
}
