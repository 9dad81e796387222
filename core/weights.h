#ifndef CORE_WEIGHTS_H
#define CORE_WEIGHTS_H

#include "core/model.h"
#include "core/overlay.h"
#include "core/work.h"

/* Weights of one block in float32: the overlay's where it has some, else read from the checkpoint,
 * in parallel. */
struct block_weights {
	const float *matrix[SLOT_COUNT]; /* (rows, columns); NULL: the block has none */
	const float *vector[SLOT_COUNT];
	float *owned[2 * SLOT_COUNT]; /* private */
};

enum err block_weights_open(struct block_weights *out, const struct model *model, int block,
			    const struct overlay *overlay, const struct work *work);
void block_weights_close(struct block_weights *weights);

/* One layer: *out is borrowed from the overlay with *owned NULL, or it is *owned, the caller's. */
enum err layer_weight_open(const float **out, float **owned, const struct model *model, int layer,
			   const struct overlay *overlay, const struct work *work);

/* What the overlay does to one layer; NULL: nothing. */
const struct replacement *overlay_find(const struct overlay *overlay, int layer);

#endif
