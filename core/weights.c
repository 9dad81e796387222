#include "core/weights.h"

#include "core/buf.h"

#include <stdbool.h>

enum { CHUNK = 1 << 17 }; /* elements that one worker converts at a time */

struct reading {
	const struct layer *layer;
	float *out;
};

const struct replacement *
overlay_find(const struct overlay *overlay, int layer)
{
	const struct replacement *found;

	if (!overlay || !overlay->layers || layer < 0)
		return NULL;
	found = &overlay->layers[layer];
	return found->weight || found->effect ? found : NULL;
}

static enum err
read_chunk(void *arg, size_t index, int worker)
{
	const struct reading *reading = arg;
	uint64_t elements = reading->layer->tensor->elements, first = (uint64_t)index * CHUNK;

	(void)worker;
	return tensor_read(reading->out + first, reading->layer->tensor, first,
			   elements - first < CHUNK ? elements - first : CHUNK);
}

enum err
layer_weight_open(const float **out, float **owned, const struct model *model, int layer,
		  const struct overlay *overlay, const struct work *work)
{
	const struct replacement *replaced = overlay_find(overlay, layer);
	const struct layer *from = &model->layers[layer];
	struct reading reading = { .layer = from };
	enum err code;

	*owned = NULL;
	*out = replaced ? replaced->weight : NULL;
	if (*out)
		return OK;
	if (!(reading.out = buf_alloc(from->rows * from->columns, sizeof(float))))
		return ERR_NOMEM;
	if (from->transposed)
		code = model_read_layer(reading.out, model, layer);
	else
		code = work_each(work, (from->tensor->elements + CHUNK - 1) / CHUNK, read_chunk,
				 &reading);
	if (code) {
		buf_free(reading.out);
		return code;
	}
	*out = *owned = reading.out;
	return OK;
}

static enum err
vector_open(const float **out, float **owned, const struct tensor *tensor)
{
	if (!(*owned = buf_alloc(tensor->elements, sizeof(**owned))))
		return ERR_NOMEM;
	*out = *owned;
	return tensor_read(*owned, tensor, 0, tensor->elements);
}

enum err
block_weights_open(struct block_weights *out, const struct model *model, int block,
		   const struct overlay *overlay, const struct work *work)
{
	const struct model_block *from = &model->blocks[block];
	enum err code = OK;

	*out = (struct block_weights){ 0 };
	for (int slot = 0; slot < SLOT_COUNT && !code; slot++) {
		if (from->layer[slot] >= 0)
			code = layer_weight_open(&out->matrix[slot], &out->owned[slot], model,
						 from->layer[slot], overlay, work);
		if (!code && from->vector[slot])
			code = vector_open(&out->vector[slot], &out->owned[SLOT_COUNT + slot],
					   from->vector[slot]);
	}
	if (code)
		block_weights_close(out);
	return code;
}

void
block_weights_close(struct block_weights *weights)
{
	for (int i = 0; i < 2 * SLOT_COUNT; i++)
		buf_free(weights->owned[i]);
	*weights = (struct block_weights){ 0 };
}
