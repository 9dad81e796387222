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
check_request(const struct draw_request *r)
{
	if (!r->count || !r->length)
		return err_set(ERR_RANGE, "calibration needs at least one sequence of at least one "
					  "token");
	if (r->id_count < r->length)
		return err_set(ERR_RANGE,
			       "the text has %zu tokens, too few for one window of %zu; take a "
			       "longer text or a smaller length",
			       r->id_count, r->length);
	return OK;
}

static void
copy_window(struct draw *out, size_t index, const struct draw_request *r, size_t window)
{
	int32_t *ids = out->ids + index * r->length;

	memcpy(ids, r->ids + window * r->length, r->length * sizeof(*ids));
	if (r->bos >= 0)
		ids[0] = r->bos;
	out->sequences[index] = (struct sequence){ ids, r->length };
}

enum err
calibration_draw(struct draw *out, const struct draw_request *request)
{
	size_t windows, *order = NULL;
	enum err code = check_request(request);

	*out = (struct draw){ 0 };
	if (code)
		return code;
	windows = request->id_count / request->length;
	out->count = request->count < windows ? request->count : windows;
	if (!(out->sequences = buf_alloc(out->count, sizeof(*out->sequences))) ||
	    !(out->ids = buf_alloc(out->count, request->length * sizeof(*out->ids))))
		code = ERR_NOMEM;
	if (!code)
		code = shuffled_windows(&order, windows, request->seed);
	for (size_t i = 0; i < out->count && !code; i++)
		copy_window(out, i, request, order[i]);
	buf_free(order);
	if (code)
		draw_clear(out);
	return code;
}

void
draw_clear(struct draw *draw)
{
	buf_free(draw->sequences);
	buf_free(draw->ids);
	*draw = (struct draw){ 0 };
}
