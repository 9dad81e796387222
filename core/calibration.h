#ifndef CORE_CALIBRATION_H
#define CORE_CALIBRATION_H

#include "core/forward.h"
#include "core/statistics.h"

/* One pass over token sequences that captures statistics of layer inputs. Sums run in the order of
 * the sequences, whatever the threads; memory does not grow with the text. */
struct calibration_request {
	const struct model *model;
	const struct overlay
		*overlay; /* what lies upstream is taken quantized; NULL: the original */
	const struct sequence *sequences;
	size_t sequence_count;
	const bool *inputs; /* (model.input_count) which to capture; NULL: all */
	bool gram;          /* Gram matrices too */
	size_t memory;      /* bytes of activations held at once, about; 0: a default */
};

/* out[i] is set for every input asked for, NULL for the others; the caller frees each. Stops after
 * the last block that is needed. */
enum err calibration_run(struct statistics **out /* (model.input_count) */,
			 const struct calibration_request *request, const struct work *work);

/* Draw `count` non-overlapping windows of `length` tokens from `ids` by a seeded shuffle
 * (docs/calibration.md has the generator), in drawn order; each begins with `bos` (overwriting its
 * first token) unless bos < 0. Fewer when the text is short; none is ERR_RANGE. `out` holds `count`
 * sequences; *drawn says how many; *ids_out owns their ids. */
enum err calibration_draw(struct sequence *out, int32_t **ids_out, size_t *drawn,
			  const int32_t *ids, size_t id_count, size_t count, size_t length,
			  int32_t bos, uint64_t seed);

#endif
