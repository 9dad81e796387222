/* From an architecture's table and a checkpoint's tensors to the layers, inputs and blocks of a
 * model. Reads no weights, but where config and file disagree on a tied head. */
#include "core/model_private.h"

#include "core/architecture.h"
#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/file.h"

#include <stdio.h>
#include <string.h>

struct builder {
	struct model *model;
	const struct architecture *architecture;
	const struct checkpoint *checkpoint;
	struct arena *arena;
	bool *used; /* (checkpoint->count) */
};

/* slots.def's module names: "attn.q". */
static const char *const modules[SLOT_COUNT] = {
#define SLOT(id, name, kind) [SLOT_##id] = name,
#include "core/slots.def"
#undef SLOT
};

static const char kinds[SLOT_COUNT] = {
#define SLOT(id, name, kind) [SLOT_##id] = kind,
#include "core/slots.def"
#undef SLOT
};

/* NULL when there is none of that name. */
static const struct tensor *
take(struct builder *b, const char *name)
{
	const struct tensor *tensor = checkpoint_find(b->checkpoint, name);

	if (tensor)
		b->used[tensor - b->checkpoint->tensors] = true;
	return tensor;
}

static enum err
missing(const struct builder *b, const char *name)
{
	return err_at(ERR_FORMAT, b->model->path, name,
		      "is missing; the download is incomplete or config.json belongs to another "
		      "model");
}

static void
shape_text(char out[64], int rank, const uint64_t *shape)
{
	size_t n = 0;

	out[0] = '\0';
	for (int i = 0; i < rank && n < 48; i++)
		n += (size_t)snprintf(out + n, 64 - n, "%s%llu", i ? " x " : "",
				      (unsigned long long)shape[i]);
}

static enum err
check_tensor(const struct tensor *tensor, int rank, const uint64_t *wanted)
{
	char has[64], wants[64];

	if (tensor->rank != rank || memcmp(tensor->shape, wanted, (size_t)rank * sizeof(*wanted))) {
		shape_text(has, tensor->rank, tensor->shape);
		shape_text(wants, rank, wanted);
		return err_at(
			ERR_FORMAT, file_map_path(tensor->map), tensor->name,
			"is %s, but the model's shape asks for %s; config.json and weights do "
			"not belong together",
			has[0] ? has : "a single number", wants);
	}
	if (!dtype_is_float(tensor->dtype))
		return err_at(ERR_UNSUPPORTED, file_map_path(tensor->map), tensor->name,
			      "has dtype %s; qscope reads F32, F16 and BF16 weights",
			      dtype_name(tensor->dtype));
	return OK;
}

/* Appends a layer; its name is "layers.N.MODULE" or, outside the blocks, the module itself. */
static enum err
add_layer(struct builder *b, const struct layer *layer)
{
	struct layer *added = &b->model->layers[b->model->layer_count];
	const uint64_t wanted[] = { layer->transposed ? layer->columns : layer->rows,
				    layer->transposed ? layer->rows : layer->columns };
	enum err code = check_tensor(layer->tensor, 2, wanted);

	if (code)
		return code;
	*added = *layer;
	added->tensor_name = layer->tensor->name;
	added->input = -1;
	added->name = layer->block < 0
			      ? layer->module
			      : arena_printf(b->arena, "layers.%d.%s", layer->block, layer->module);
	if (!added->name)
		return ERR_NOMEM;
	b->model->layer_count++;
	return OK;
}

static enum err
add_vector(struct builder *b, const struct tensor **out, const struct tensor *tensor, size_t size)
{
	const uint64_t wanted[] = { size };

	(void)b;
	*out = tensor;
	return check_tensor(tensor, 1, wanted);
}

static enum err
add_block_tensor(struct builder *b, int block, const struct architecture_tensor *entry)
{
	const struct model_shape *shape = &b->model->shape;
	struct model_block *to = &b->model->blocks[block];
	size_t rows = dimension_of(entry->rows, shape);
	const struct tensor *tensor;
	char name[256];
	struct layer layer;

	snprintf(name, sizeof(name), "%s%d.%s", b->architecture->block_prefix, block, entry->name);
	tensor = take(b, name);
	if (!tensor)
		return entry->optional ? OK : missing(b, name);
	if (kinds[entry->slot] == 'v')
		return add_vector(b, &to->vector[entry->slot], tensor, rows);
	layer = (struct layer){ .module = modules[entry->slot],
				.tensor = tensor,
				.block = block,
				.rows = rows,
				.columns = dimension_of(entry->columns, shape),
				.transposed = entry->transposed };
	to->layer[entry->slot] = (int)b->model->layer_count;
	return add_layer(b, &layer);
}

static enum err
add_input(struct builder *b, int block, const struct architecture_input *entry)
{
	const struct model_block *from = &b->model->blocks[block];
	struct model_input *input = &b->model->inputs[b->model->input_count];
	int fold = entry->fold_layer == SLOT_COUNT ? -1 : from->layer[entry->fold_layer];

	for (const enum slot *slot = entry->slots; *slot != SLOT_COUNT; slot++) {
		int layer = from->layer[*slot];

		if (layer < 0)
			continue;
		input->layers[input->layer_count++] = layer;
		input->columns = b->model->layers[layer].columns;
		b->model->layers[layer].input = (int)b->model->input_count;
	}
	if (!input->layer_count)
		return OK;
	input->block = block;
	input->fold_norm = entry->fold_norm == SLOT_COUNT || !from->vector[entry->fold_norm]
				   ? -1
				   : (int)entry->fold_norm;
	input->fold_layer = fold >= 0 && b->model->layers[fold].rows == input->columns ? fold : -1;
	if (!(input->name = arena_printf(b->arena, "layers.%d.%s", block, entry->name)))
		return ERR_NOMEM;
	b->model->input_count++;
	return OK;
}

static enum err
add_block(struct builder *b, int block)
{
	enum err code = OK;

	for (int slot = 0; slot < SLOT_COUNT; slot++)
		b->model->blocks[block].layer[slot] = -1;
	/* In the order of the slots, whatever the order of the table. */
	for (int slot = 0; slot < SLOT_COUNT; slot++)
		for (const struct architecture_tensor *t = b->architecture->tensors;
		     t->name && !code; t++)
			if ((int)t->slot == slot)
				code = add_block_tensor(b, block, t);
	for (const struct architecture_input *i = b->architecture->inputs; i->name && !code; i++)
		code = add_input(b, block, i);
	return code;
}

static enum err
same_bytes(bool *out, const struct tensor *a, const struct tensor *b)
{
	enum { CHUNK = 1 << 20 };
	char *x = buf_alloc(2, CHUNK), *y = x + CHUNK;
	enum err code = x ? OK : ERR_NOMEM;

	*out = a->dtype == b->dtype && a->bytes == b->bytes;
	for (uint64_t at = 0; *out && !code && at < a->bytes; at += CHUNK) {
		uint64_t n = a->bytes - at < CHUNK ? a->bytes - at : CHUNK;

		if (!(code = tensor_read_bytes(x, a, at, n)) &&
		    !(code = tensor_read_bytes(y, b, at, n)))
			*out = !memcmp(x, y, n);
	}
	buf_free(x);
	return code;
}

/* Either name may stand for both when the head is tied. Where the config ties but both are stored,
 * equal bytes are tied and different ones are not: as transformers 5 does. */
static enum err
settle_head(struct builder *b, const struct tensor *embed, const struct tensor *head)
{
	struct model *model = b->model;
	bool same = true;
	enum err code;

	if (!embed || !head) {
		model->shape.tied_head = true;
		return OK;
	}
	if (!model->shape.tied_head)
		return OK;
	if ((code = same_bytes(&same, embed, head)))
		return code;
	model->shape.tied_head = same;
	if (same) {
		model->tied_twin = head;
		return OK;
	}
	return model_warn(model,
			  "%s: the config ties it to %s, but both are stored and differ; each is "
			  "used for itself",
			  head->name, embed->name);
}

static enum err
add_embed(struct builder *b)
{
	const struct tensor *embed = take(b, b->architecture->embed);
	const struct tensor *head = take(b, b->architecture->head);
	struct layer layer = { .module = "embed",
			       .block = -1,
			       .rows = b->model->shape.vocab,
			       .columns = b->model->shape.hidden };
	enum err code;

	/* Only a tied head may stand for a missing embedding. */
	if (!embed && (!head || !b->model->shape.tied_head))
		return missing(b, b->architecture->embed);
	if ((code = settle_head(b, embed, head)))
		return code;
	layer.tensor = embed ? embed : head;
	b->model->embed = (int)b->model->layer_count;
	return add_layer(b, &layer);
}

/* The head's layer (embed's own when tied) and the input it reads. */
static enum err
add_head(struct builder *b)
{
	struct model *model = b->model;
	struct model_input *input = &model->inputs[model->input_count];
	struct layer layer = { .module = "head",
			       .tensor = checkpoint_find(b->checkpoint, b->architecture->head),
			       .block = -1,
			       .rows = model->shape.vocab,
			       .columns = model->shape.hidden };
	enum err code;

	model->head = model->shape.tied_head ? model->embed : (int)model->layer_count;
	if (!model->shape.tied_head && (code = add_layer(b, &layer)))
		return code;
	*input = (struct model_input){ .name = "head.in",
				       .block = (int)model->shape.blocks,
				       .columns = model->shape.hidden,
				       .layers = { model->head },
				       .layer_count = 1,
				       .fold_norm = -1,
				       .fold_layer = -1 };
	model->layers[model->head].input = (int)model->input_count++;
	return OK;
}

static enum err
add_final_norm(struct builder *b)
{
	const struct tensor *tensor = take(b, b->architecture->final_norm);

	if (!tensor)
		return missing(b, b->architecture->final_norm);
	return add_vector(b, &b->model->final_norm, tensor, b->model->shape.hidden);
}

static bool
is_leftover(const struct architecture *architecture, const char *name)
{
	size_t length = strlen(name);

	for (const char *const *ending = architecture->leftovers; *ending; ending++) {
		size_t n = strlen(*ending);

		if (length >= n && !strcmp(name + length - n, *ending))
			return true;
	}
	return false;
}

static enum err
warn_of_extras(struct builder *b)
{
	enum { NAMED = 8 };
	size_t extra = 0;
	enum err code = OK;

	for (size_t i = 0; i < b->checkpoint->count && !code; i++) {
		const char *name = b->checkpoint->tensors[i].name;

		if (b->used[i] || is_leftover(b->architecture, name))
			continue;
		if (extra++ < NAMED)
			code = model_warn(b->model,
					  "%s: this tensor is not part of a %s; it is not used",
					  name, b->architecture->name);
	}
	if (extra > NAMED && !code)
		code = model_warn(b->model, "%zu more tensors are not used", extra - NAMED);
	return code;
}

static enum err
make_room(struct builder *b)
{
	struct model *model = b->model;
	size_t tensors = 0, inputs = 0, blocks = model->shape.blocks;

	for (const struct architecture_tensor *t = b->architecture->tensors; t->name; t++)
		tensors++;
	for (const struct architecture_input *i = b->architecture->inputs; i->name; i++)
		inputs++;
	model->layers = arena_alloc(b->arena, blocks * tensors + 2, sizeof(*model->layers));
	model->inputs = arena_alloc(b->arena, blocks * inputs + 1, sizeof(*model->inputs));
	model->blocks = arena_alloc(b->arena, blocks, sizeof(*model->blocks));
	b->used = arena_alloc(b->arena, b->checkpoint->count + 1, sizeof(*b->used));
	return model->layers && model->inputs && model->blocks && b->used ? OK : ERR_NOMEM;
}

enum err
model_build(struct model *model, struct arena *arena)
{
	struct builder b = { .model = model,
			     .architecture = model->architecture,
			     .checkpoint = model->checkpoint,
			     .arena = arena };
	enum err code;

	if ((code = make_room(&b)) || (code = add_embed(&b)))
		return code;
	for (size_t block = 0; block < model->shape.blocks && !code; block++)
		code = add_block(&b, (int)block);
	if (code || (code = add_final_norm(&b)) || (code = add_head(&b)))
		return code;
	return warn_of_extras(&b);
}
