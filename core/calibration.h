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

/* Which windows of a text calibrate. */
struct draw_request {
	const int32_t *ids; /* (id_count) the text */
	size_t id_count;
	size_t count, length; /* windows wanted, tokens of each */
	int32_t bos;          /* overwrites each window's first token; -1: none does */
	uint64_t seed;
};

struct draw {
	struct sequence *sequences; /* (count) in drawn order */
	size_t count;
	int32_t *ids; /* (count, length) what the sequences point to */
};

/* Windows that do not overlap, by a seeded shuffle (docs/calibration.md has the generator). Fewer
 * than wanted when the text is short; none is ERR_RANGE. The caller owns what is drawn. */
enum err calibration_draw(struct draw *out, const struct draw_request *request);
void draw_clear(struct draw *draw);

#endif
