/* Are two models of one shape, tensor by tensor? */
#include "core/checkpoint.h"
#include "core/model.h"

#include <string.h>

static enum err
differs(const struct model *other, const struct tensor *tensor, const struct model *model)
{
	return err_at(ERR_FORMAT, other->path, tensor->name,
		      "this tensor is not as in %s; compare checkpoints of one model", model->path);
}

static enum err
match_layer(const struct model *other, const struct model *model, size_t i)
{
	const struct layer *layer = &model->layers[i], *its = NULL;

	if (i < other->layer_count)
		its = &other->layers[i];
	if (!its || strcmp(its->name, layer->name))
		return err_at(ERR_FORMAT, other->path, layer->tensor_name,
			      "this tensor of %s is missing; compare checkpoints of one model",
			      model->path);
	if (its->rows == layer->rows && its->columns == layer->columns)
		return OK;
	return err_at(ERR_FORMAT, other->path, its->tensor_name,
		      "is (%zu, %zu) and in %s (%zu, %zu); compare checkpoints of one model",
		      its->rows, its->columns, model->path, layer->rows, layer->columns);
}

static enum err
match_vectors(const struct model *other, const struct model_block *b, const struct model *model,
	      const struct model_block *a)
{
	for (size_t slot = 0; slot < SLOT_COUNT; slot++) {
		const struct tensor *x = a->vector[slot], *y = b->vector[slot];

		if (x && !y)
			return err_at(ERR_FORMAT, other->path, x->name,
				      "this tensor of %s is missing; compare checkpoints of one "
				      "model",
				      model->path);
		if (y && (!x || x->elements != y->elements))
			return differs(other, y, model);
	}
	return OK;
}

enum err
model_match(const struct model *other, const struct model *model)
{
	enum err code = OK;

	for (size_t i = 0; i < model->layer_count && !code; i++)
		code = match_layer(other, model, i);
	if (!code && other->layer_count > model->layer_count)
		code = differs(other, other->layers[model->layer_count].tensor, model);
	if (!code && other->shape.blocks != model->shape.blocks)
		code = err_at(ERR_FORMAT, other->path, NULL,
			      "has %zu blocks and %s %zu; compare checkpoints of one model",
			      other->shape.blocks, model->path, model->shape.blocks);
	for (size_t b = 0; b < model->shape.blocks && !code; b++)
		code = match_vectors(other, &other->blocks[b], model, &model->blocks[b]);
	return code ? code : match_vectors(other, &other->outside, model, &model->outside);
}
