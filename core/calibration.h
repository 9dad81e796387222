#ifndef CORE_CALIBRATION_H
#define CORE_CALIBRATION_H

#include "core/forward.h"
#include "core/states.h"
#include "core/statistics.h"

/* Statistics of layer inputs over token sequences. Block after block: the sequences pass through it
 * in batches, what its layers read is copied aside and added to the sums, and only then comes the
 * next block. So the sums of one block are in memory at a time, and the hidden states between
 * blocks are kept in a store that may spill (core/states). Sums run in the order of the sequences,
 * whatever the threads, batches and limits. */
struct calibration_request {
	const struct model *model;
	const struct overlay
		*overlay; /* what lies upstream is taken quantized; NULL: the original */
	const struct sequence *sequences;
	size_t sequence_count;
	const bool *inputs;    /* (model.input_count) which to capture; NULL: all */
	bool gram;             /* Gram matrices too */
	size_t memory;         /* bytes of activations held at once, about; 0: a default */
	size_t sums;           /* bytes of sums held at once; inputs of a block that need more take
				  turns, for each of which the block runs anew; 0: no limit */
	struct states *states; /* hidden states that calls share; NULL: this one has its own */
};

/* Called with each input's statistics as soon as they are there; owns them, also on failure. */
struct calibration_outlet {
	enum err (*take)(void *ctx, int input, struct statistics *statistics);
	void *ctx;
};
enum err calibration_each(const struct calibration_request *request,
			  const struct calibration_outlet *outlet, const struct work *work);

/* All of them at once: out[i] is set for every input asked for, NULL for the others; the caller
 * frees each. */
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
