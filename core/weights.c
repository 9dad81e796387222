#include "core/weights.h"

#include "core/buf.h"

#include <stdbool.h>

enum { CHUNK = 1 << 17 }; /* elements that one worker converts at a time */

struct reading {
	const struct layer *layer;
	const struct replacement *replaced; /* to be read instead, or NULL */
	float *out;
};

const struct replacement *
overlay_find(const struct overlay *overlay, int layer)
{
	const struct replacement *found;

	if (!overlay || !overlay->layers || layer < 0)
		return NULL;
	found = &overlay->layers[layer];
	return found->weight || found->read || found->effect ? found : NULL;
}

static enum err
read_chunk(void *arg, size_t index, int worker)
{
	const struct reading *reading = arg;
	const struct replacement *replaced = reading->replaced;
	uint64_t elements = reading->layer->tensor->elements, first = (uint64_t)index * CHUNK;
	uint64_t count = elements - first < CHUNK ? elements - first : CHUNK;

	(void)worker;
	if (replaced)
		return replaced->read(reading->out + first, replaced->source, first, count);
	return tensor_read(reading->out + first, reading->layer->tensor, first, count);
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
	if (!(reading.out = buf_alloc_dirty(from->rows * from->columns, sizeof(float))))
		return ERR_NOMEM;
	reading.replaced = replaced && replaced->read ? replaced : NULL;
	if (from->transposed && !reading.replaced)
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

static const char kinds[SLOT_COUNT] = {
#define SLOT(id, name, kind) [SLOT_##id] = kind,
#include "core/slots.def"
#undef SLOT
};

/* Values of a vector with all its parts. */
static size_t
vector_size(const struct model_block *block, enum slot slot)
{
	return block->part_count[slot] * (size_t)block->vector[slot]->elements;
}

enum err
vector_read(float **out, const struct model *model, const struct model_block *block, enum slot slot)
{
	size_t size = vector_size(block, slot), each = (size_t)block->vector[slot]->elements;
	enum err code = OK;

	if (!(*out = buf_alloc(size, sizeof(**out))))
		return ERR_NOMEM;
	for (size_t i = 0; i < block->part_count[slot] && !code; i++)
		code = tensor_read(*out + i * each, block->parts[slot][i], 0, each);
	if (model->shape.norm_plus_one && kinds[slot] == 'n')
		for (size_t i = 0; i < size; i++)
			(*out)[i] += 1.0f;
	if (code) {
		buf_free(*out);
		*out = NULL;
	}
	return code;
}

static enum err
read_vectors(struct block_weights *out, const struct model *model, const struct model_block *from)
{
	enum err code = OK;

	for (int slot = 0; slot < SLOT_COUNT && !code; slot++) {
		if (!from->vector[slot])
			continue;
		code = vector_read(&out->owned[out->owned_count], model, from, (enum slot)slot);
		out->vector[slot] = out->owned[out->owned_count++];
		out->vector_size[slot] = vector_size(from, (enum slot)slot);
	}
	return code;
}

enum err
block_weights_open(struct block_weights *out, const struct model *model, int block,
		   const struct overlay *overlay, const struct work *work)
{
	const struct model_block *from = &model->blocks[block];
	size_t layers = (size_t)from->layer_count;
	enum err code = OK;

	*out = (struct block_weights){ .first_layer = from->first_layer };
	out->matrix = buf_alloc(layers, sizeof(*out->matrix));
	out->owned = buf_alloc(layers + SLOT_COUNT, sizeof(*out->owned));
	if (!out->matrix || !out->owned)
		code = ERR_NOMEM;
	for (size_t i = 0; i < layers && !code; i++)
		code = layer_weight_open(&out->matrix[i], &out->owned[out->owned_count++], model,
					 from->first_layer + (int)i, overlay, work);
	if (!code)
		code = read_vectors(out, model, from);
	if (code)
		block_weights_close(out);
	return code;
}

void
block_weights_close(struct block_weights *weights)
{
	for (size_t i = 0; i < weights->owned_count; i++)
		buf_free(weights->owned[i]);
	buf_free(weights->owned);
	buf_free(weights->matrix);
	*weights = (struct block_weights){ 0 };
}

const float *
block_matrix(const struct block_weights *weights, int layer)
{
	return weights->matrix[layer - weights->first_layer];
}
