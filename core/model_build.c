/* From an architecture's table and a checkpoint's tensors to the layers, inputs and blocks of a
 * model. Reads no weights, but where config and file disagree on a tied head. */
#include "core/model_builder.h"

#include "core/buf.h"
#include "core/file.h"

#include <stdio.h>
#include <string.h>

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

char
builder_kind(enum slot slot)
{
	return kinds[slot];
}

static bool
flag_at(const struct model_shape *shape, size_t offset)
{
	bool flag;

	memcpy(&flag, (const char *)shape + offset, sizeof(flag));
	return flag;
}

bool
builder_wants(const struct builder *b, size_t when, size_t unless)
{
	const struct model_shape *shape = &b->model->shape;

	return (!when || flag_at(shape, when)) && (!unless || !flag_at(shape, unless));
}

/* Where the model's shape comes from. */
static const char *
source_of(const struct builder *b)
{
	return b->checkpoint->config ? "config.json" : "the file's header";
}

static enum err
missing(const struct builder *b, const char *name)
{
	return b->checkpoint->config
		       ? err_at(ERR_FORMAT, b->model->path, name,
				"is missing; the download is incomplete or config.json belongs to "
				"another model")
		       : err_at(ERR_FORMAT, b->model->path, name,
				"is missing, which a %s of this shape has; the file is not whole "
				"or "
				"its header belongs to another model",
				b->architecture->name);
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

/* Extents of 1 in front do not count: a matrix of one row may be stored as a vector. */
static bool
same_shape(const struct tensor *tensor, int rank, const uint64_t *wanted)
{
	const uint64_t *shape = tensor->shape;
	int has = tensor->rank;

	for (; has > 1 && *shape == 1; has--)
		shape++;
	for (; rank > 1 && *wanted == 1; rank--)
		wanted++;
	return has == rank && !memcmp(shape, wanted, (size_t)rank * sizeof(*wanted));
}

static enum err
check_tensor(const struct builder *b, const struct tensor *tensor, int rank, const uint64_t *wanted)
{
	char has[64], wants[64];

	if (!same_shape(tensor, rank, wanted)) {
		shape_text(has, tensor->rank, tensor->shape);
		shape_text(wants, rank, wanted);
		return err_at(
			ERR_FORMAT, file_map_path(tensor->map), tensor->name,
			"is %s, but the model's shape asks for %s; %s and weights do not belong "
			"together",
			has[0] ? has : "a single number", wants, source_of(b));
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
	enum err code = check_tensor(b, layer->tensor, 2, wanted);

	if (!code && b->model->layer_count == b->room)
		code = err_at(ERR_FORMAT, b->model->path, layer->tensor->name,
			      "stands for two matrices; the family's table is wrong");
	if (code)
		return code;
	*added = *layer;
	added->tensor_name = layer->tensor->name;
	if (!added->kind)
		added->kind = added->module;
	added->input = -1;
	added->name = layer->block < 0
			      ? layer->module
			      : arena_printf(b->arena, "layers.%d.%s", layer->block, layer->module);
	if (!added->name)
		return ERR_NOMEM;
	b->model->layer_count++;
	return OK;
}

/* Has this model, in this block, the tensor of this entry? */
static bool
applies(const struct builder *b, int block, const struct architecture_tensor *entry)
{
	bool sparse = block >= 0 && b->model->pattern.block[block] & BLOCK_SPARSE;

	if (!builder_wants(b, entry->when, entry->unless))
		return false;
	return entry->block == ANY_BLOCK || sparse == (entry->block == SPARSE_BLOCK);
}

static struct place
place_of(const struct builder *b, int block, enum slot slot, int number)
{
	return (struct place){ slot == SLOT_HEAD_BIAS ? b->head_prefix : b->prefix, block, number };
}

/* A table of two dimensions, or a vector. */
static enum err
add_stored(struct builder *b, struct model_block *to, int block,
	   const struct architecture_tensor *entry)
{
	const struct model_shape *shape = &b->model->shape;
	const uint64_t wanted[] = { dimension_of(entry->rows, shape),
				    dimension_of(entry->columns, shape) };
	size_t parts = entry->each ? dimension_of(entry->each, shape) : 1;
	enum err code = OK;

	if (!(to->parts[entry->slot] = arena_alloc(b->arena, parts, sizeof(struct tensor *))))
		return ERR_NOMEM;
	for (size_t i = 0; i < parts && !code; i++) {
		struct place place = place_of(b, block, entry->slot, (int)i);
		char name[BUILDER_NAME];
		const struct tensor *tensor = builder_take_spelled(name, b, entry->name, &place);

		if (!tensor)
			return entry->optional ? OK : missing(b, name);
		to->parts[entry->slot][i] = tensor;
		code = check_tensor(b, tensor, entry->columns == DIMENSION_NONE ? 1 : 2, wanted);
	}
	to->vector[entry->slot] = to->parts[entry->slot][0];
	to->part_count[entry->slot] = parts;
	return code;
}

/* One expert's matrix of a tensor that holds those of all, (experts, rows, columns). */
static enum err
cut_expert(const struct tensor **tensor, struct builder *b, uint64_t expert)
{
	const struct tensor *all = *tensor;
	uint64_t experts = b->model->shape.experts;
	struct tensor *part;

	if (all->shape[0] != experts)
		return err_at(ERR_FORMAT, file_map_path(all->map), all->name,
			      "has %llu matrices, one for each expert, but the model has %llu "
			      "experts",
			      (unsigned long long)all->shape[0], (unsigned long long)experts);
	if (!(part = arena_alloc(b->arena, 1, sizeof(*part))))
		return ERR_NOMEM;
	*part = *all;
	part->rank = 2;
	part->shape[0] = all->shape[1];
	part->shape[1] = all->shape[2];
	part->elements = all->elements / experts;
	part->bytes = all->bytes / experts;
	part->offset = all->offset + expert * part->bytes;
	part->name = arena_printf(b->arena, "%s[%llu]", all->name, (unsigned long long)expert);
	*tensor = part;
	return part->name ? OK : ERR_NOMEM;
}

/* One matrix; expert -1: of the block itself. *index is its number, or stays. */
static enum err
add_matrix(struct builder *b, int *index, int block, const struct architecture_tensor *entry,
	   int expert)
{
	const struct model_shape *shape = &b->model->shape;
	struct place place = place_of(b, block, entry->slot, expert);
	struct layer layer = { .module = modules[entry->slot],
			       .block = block,
			       .expert = expert,
			       .rows = dimension_of(entry->rows, shape),
			       .columns = dimension_of(entry->columns, shape),
			       .transposed = entry->transposed };
	char name[BUILDER_NAME];
	enum err code;

	if (!(layer.tensor = builder_take_spelled(name, b, entry->name, &place)))
		return entry->optional ? OK : missing(b, name);
	layer.stored = layer.tensor;
	if (expert >= 0 && layer.tensor->rank == 3 &&
	    (code = cut_expert(&layer.tensor, b, (uint64_t)expert)))
		return code;
	if (expert >= 0) {
		layer.kind = arena_printf(b->arena, "mlp.experts.%s", modules[entry->slot]);
		layer.module =
			arena_printf(b->arena, "mlp.experts.%d.%s", expert, modules[entry->slot]);
		if (!layer.kind || !layer.module)
			return ERR_NOMEM;
	}
	*index = (int)b->model->layer_count;
	return add_layer(b, &layer);
}

static enum err
add_expert_slot(struct builder *b, struct model_block *to, enum slot slot)
{
	size_t experts = b->model->shape.experts;

	if (!(to->expert[slot] = arena_alloc(b->arena, experts, sizeof(int))))
		return ERR_NOMEM;
	for (size_t e = 0; e < experts; e++)
		to->expert[slot][e] = -1;
	return OK;
}

static enum err
add_expert(struct builder *b, int block, int expert)
{
	struct model_block *to = &b->model->blocks[block];
	enum err code = OK;

	for (const struct architecture_tensor *t = b->architecture->tensors; t->name && !code;
	     t++) {
		const int *fused = to->expert[SLOT_EXPERT_GATE_UP];

		if (builder_kind(t->slot) != 'e' || !applies(b, block, t))
			continue;
		if (!to->expert[t->slot] && (code = add_expert_slot(b, to, t->slot)))
			return code;
		if (fused && fused[expert] >= 0 &&
		    (t->slot == SLOT_EXPERT_GATE || t->slot == SLOT_EXPERT_UP))
			continue;
		code = add_matrix(b, &to->expert[t->slot][expert], block, t, expert);
	}
	return code;
}

static enum err
add_experts(struct builder *b, int block)
{
	enum err code = OK;

	if (!(b->model->pattern.block[block] & BLOCK_SPARSE))
		return OK;
	for (size_t e = 0; e < b->model->shape.experts && !code; e++)
		code = add_expert(b, block, (int)e);
	return code;
}

/* Everything of one list but experts, in the order of the slots, whatever the order of the list. */
static enum err
add_tensors(struct builder *b, struct model_block *to, int block,
	    const struct architecture_tensor *list)
{
	enum err code = OK;

	for (int slot = 0; slot < SLOT_COUNT; slot++) {
		to->layer[slot] = -1;
		for (const struct architecture_tensor *t = list; t->name && !code; t++) {
			if ((int)t->slot != slot || builder_kind((enum slot)slot) == 'e' ||
			    !applies(b, block, t))
				continue;
			code = builder_kind((enum slot)slot) == 'm'
				       ? add_matrix(b, &to->layer[slot], block, t, -1)
				       : add_stored(b, to, block, t);
		}
	}
	return code;
}

static enum err
add_block(struct builder *b, int block)
{
	struct model_block *to = &b->model->blocks[block];
	enum err code;

	to->first_layer = (int)b->model->layer_count;
	code = add_tensors(b, to, block, b->architecture->tensors);
	if (!code)
		code = add_experts(b, block);
	to->layer_count = (int)b->model->layer_count - to->first_layer;
	return code ? code : builder_add_inputs(b, block);
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
	struct model *model = b->model;
	const struct tensor *embed = builder_take(b, model->embed_name);
	const struct tensor *head = builder_take(b, model->head_name);
	struct layer layer = { .module = "embed",
			       .block = -1,
			       .expert = -1,
			       .rows = model->shape.vocab,
			       .columns = model->shape.embed_columns };
	enum err code;

	/* Only a tied head may stand for a missing embedding. */
	if (!embed && (!head || !model->shape.tied_head))
		return missing(b, model->embed_name);
	if (!head && !model->shape.tied_head)
		return missing(b, model->head_name);
	if ((code = settle_head(b, embed, head)))
		return code;
	layer.tensor = layer.stored = embed ? embed : head;
	model->embed = (int)model->layer_count;
	return add_layer(b, &layer);
}

/* The head's layer (embed's own when tied) and the input it reads. */
static enum err
add_head(struct builder *b)
{
	struct model *model = b->model;
	struct model_input *input = &model->inputs[model->input_count];
	struct layer layer = { .module = "head",
			       .tensor = checkpoint_find(b->checkpoint, model->head_name),
			       .stored = checkpoint_find(b->checkpoint, model->head_name),
			       .block = -1,
			       .expert = -1,
			       .rows = model->shape.vocab,
			       .columns = model->shape.embed_columns };
	enum err code;

	model->head = model->shape.tied_head ? model->embed : (int)model->layer_count;
	if (!model->shape.tied_head && (code = add_layer(b, &layer)))
		return code;
	*input = (struct model_input){ .name = "head.in",
				       .block = (int)model->shape.blocks,
				       .columns = model->shape.embed_columns,
				       .layers = { model->head },
				       .layer_count = 1,
				       .fold_norm = -1,
				       .fold_layer = -1 };
	model->layers[model->head].input = (int)model->input_count++;
	return OK;
}

/* A layer is a tensor, or the part of one that an expert has: a config that asks for more is not
 * given room for it. */
static enum err
make_room(struct builder *b)
{
	struct model *model = b->model;
	const struct checkpoint *checkpoint = b->checkpoint;

	b->room = 2;
	for (size_t i = 0; i < checkpoint->count; i++) {
		const struct tensor *t = &checkpoint->tensors[i];

		b->room += t->rank == 3 && t->elements ? t->shape[0] : 1;
	}
	if (b->room > INT32_MAX)
		return err_at(ERR_FORMAT, model->path, NULL,
			      "holds more matrices than any model; it is damaged");
	model->layers = arena_alloc(b->arena, b->room, sizeof(*model->layers));
	model->inputs = arena_alloc(b->arena, b->room + 1, sizeof(*model->inputs));
	model->blocks = arena_alloc(b->arena, model->shape.blocks, sizeof(*model->blocks));
	b->used = arena_alloc(b->arena, checkpoint->count + 1, sizeof(*b->used));
	return model->layers && model->inputs && model->blocks && b->used ? OK : ERR_NOMEM;
}

enum err
model_build(struct model *model, struct arena *arena, bool wrapped)
{
	struct builder b = { .model = model,
			     .architecture = model->architecture,
			     .checkpoint = model->checkpoint,
			     .arena = arena,
			     .wrapped = wrapped };
	enum err code;

	if ((code = builder_find_names(&b)) || (code = make_room(&b)) || (code = add_embed(&b)))
		return code;
	for (size_t block = 0; block < model->shape.blocks && !code; block++)
		code = add_block(&b, (int)block);
	if (code || (code = add_tensors(&b, &model->outside, -1, b.architecture->outside)) ||
	    (code = add_head(&b)))
		return code;
	return builder_warn_of_extras(&b);
}
