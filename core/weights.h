#ifndef CORE_WEIGHTS_H
#define CORE_WEIGHTS_H

#include "core/model.h"
#include "core/overlay.h"
#include "core/work.h"

/* Weights of one block in float32: the overlay's where it has some, else read from the checkpoint,
 * in parallel. */
struct block_weights {
	const float *
		*matrix; /* (block's layer_count) (rows, columns) each: block_matrix finds one */
	int first_layer;
	/* Norm weights as they multiply, biases, or NULL. */
	const float *vector[SLOT_COUNT];
	size_t vector_size[SLOT_COUNT];
	float **owned; /* private */
	size_t owned_count;
};

enum err block_weights_open(struct block_weights *out, const struct model *model, int block,
			    const struct overlay *overlay, const struct work *work);
void block_weights_close(struct block_weights *weights);

/* By index into model.layers; it must be one of the block's. */
const float *block_matrix(const struct block_weights *weights, int layer);

/* A vector that is there, with all its parts; norm weights as they multiply. *out is the caller's.
 */
enum err vector_read(float **out, const struct model *model, const struct model_block *block,
		     enum slot slot);

/* One layer: *out is borrowed from the overlay with *owned NULL, or it is *owned, the caller's. */
enum err layer_weight_open(const float **out, float **owned, const struct model *model, int layer,
			   const struct overlay *overlay, const struct work *work);

/* What the overlay does to one layer; NULL: nothing. */
const struct replacement *overlay_find(const struct overlay *overlay, int layer);

#endif
