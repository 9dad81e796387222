/* Which layers read the same activations, and what before them can take up a scale. */
#include "core/model_builder.h"

#include <string.h>

static int
expert_layer(const struct model_block *block, enum slot slot, int expert)
{
	return block->expert[slot] ? block->expert[slot][expert] : -1;
}

/* The layers of one input: those of a block, or of one expert of it. */
static void
fill_input(struct builder *b, struct model_input *input, int block, int expert,
	   const struct architecture_input *entry)
{
	const struct model_block *from = &b->model->blocks[block];

	for (const enum slot *slot = entry->slots; *slot != SLOT_COUNT; slot++) {
		int layer = expert >= 0 ? expert_layer(from, *slot, expert) : from->layer[*slot];

		if (layer < 0)
			continue;
		input->layers[input->layer_count++] = layer;
		input->columns = b->model->layers[layer].columns;
		b->model->layers[layer].input = (int)b->model->input_count;
	}
}

/* What comes before may take up a scale when nobody else reads it. */
static void
set_folds(struct builder *b, struct model_input *input, int block, int expert,
	  const struct architecture_input *entry)
{
	const struct model_shape *shape = &b->model->shape;
	const struct model_block *from = &b->model->blocks[block];
	int layer = -1;

	if (entry->fold_layer != SLOT_COUNT)
		layer = expert >= 0 ? expert_layer(from, entry->fold_layer, expert)
				    : from->layer[entry->fold_layer];
	/* Without a gate a bend lies between; behind values that are clipped, the clip. */
	if ((entry->fold_layer == SLOT_UP && from->layer[SLOT_GATE] < 0) ||
	    (entry->fold_layer == SLOT_V && shape->qkv_clip > 0))
		layer = -1;
	input->fold_layer =
		layer >= 0 && b->model->layers[layer].rows == input->columns ? layer : -1;
	input->fold_norm = -1;
	if (entry->fold_norm != SLOT_COUNT && from->vector[entry->fold_norm] &&
	    !shape->norm_after && !shape->residual_normed)
		input->fold_norm = (int)entry->fold_norm;
}

static enum err
add_input(struct builder *b, int block, int expert, const struct architecture_input *entry)
{
	struct model_input *input = &b->model->inputs[b->model->input_count];
	const char *mark = strchr(entry->name, '#');

	*input = (struct model_input){ .block = block };
	fill_input(b, input, block, expert, entry);
	if (!input->layer_count)
		return OK;
	set_folds(b, input, block, expert, entry);
	input->name = mark ? arena_printf(b->arena, "layers.%d.%.*s%d%s", block,
					  (int)(mark - entry->name), entry->name, expert, mark + 1)
			   : arena_printf(b->arena, "layers.%d.%s", block, entry->name);
	if (!input->name)
		return ERR_NOMEM;
	b->model->input_count++;
	return OK;
}

enum err
builder_add_inputs(struct builder *b, int block)
{
	enum err code = OK;

	for (const struct architecture_input *i = b->architecture->inputs; i->name && !code; i++) {
		bool sparse = b->model->pattern.block[block] & BLOCK_SPARSE;
		bool each = builder_kind(i->slots[0]) == 'e';

		if (!builder_wants(b, i->when, i->unless))
			continue;
		if (!each)
			code = add_input(b, block, -1, i);
		for (size_t e = 0; each && sparse && e < b->model->shape.experts && !code; e++)
			code = add_input(b, block, (int)e, i);
	}
	return code;
}
