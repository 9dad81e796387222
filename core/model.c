/* Opening a model: a checkpoint's tensors are given their places by the architecture's table. */
#include "core/model.h"

#include "core/architecture.h"
#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/file.h"
#include "core/json.h"
#include "core/model_private.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

static const char *const slot_names[SLOT_COUNT] = {
#define SLOT(id, name, kind) [SLOT_##id] = name,
#include "core/slots.def"
#undef SLOT
};

static const char slot_kinds[SLOT_COUNT] = {
#define SLOT(id, name, kind) [SLOT_##id] = kind,
#include "core/slots.def"
#undef SLOT
};

/* What is being opened: the model and the room for what its tables hold. */
struct builder {
	struct model *model;
	struct arena *arena;
	size_t layer_room, warning_room;
	bool *used; /* (checkpoint->count) tensors that have found a place */
};

static const char *
file_of(const struct model *model)
{
	return model->checkpoint->map_count ? file_map_path(model->checkpoint->maps[0])
					    : model->path;
}

static const struct tensor *
take(struct builder *b, const char *name)
{
	const struct checkpoint *c = b->model->checkpoint;
	const struct tensor *t = checkpoint_find(c, name);

	if (t)
		b->used[t - c->tensors] = true;
	return t;
}

static enum err
check_shape(const struct builder *b, const struct tensor *t, size_t rows, size_t columns)
{
	int rank = rows ? 2 : 1;

	if (t->rank == rank && t->shape[rank - 1] == columns && (rank == 1 || t->shape[0] == rows))
		return OK;
	if (rank == 1)
		return err_at(ERR_FORMAT, file_of(b->model), t->name,
			      "has another shape than (%zu), which the config asks for", columns);
	return err_at(ERR_FORMAT, file_of(b->model), t->name,
		      "has shape (%llu, %llu), the config asks for (%zu, %zu)",
		      (unsigned long long)t->shape[0],
		      (unsigned long long)(t->rank > 1 ? t->shape[1] : 0), rows, columns);
}

static enum err
check_dtype(const struct builder *b, const struct tensor *t)
{
	if (t->dtype == DTYPE_F32 || t->dtype == DTYPE_F16 || t->dtype == DTYPE_BF16)
		return OK;
	return err_at(ERR_UNSUPPORTED, file_of(b->model), t->name,
		      "has elements of type %s; F32, F16 and BF16 are read", dtype_name(t->dtype));
}

/* Find a tensor and check it; *out stays NULL when it is absent and may be. rows 0: a vector. */
static enum err
find(const struct tensor **out, struct builder *b, const char *name, size_t rows, size_t columns,
     bool optional)
{
	enum err code;

	*out = take(b, name);
	if (!*out)
		return optional ? OK
				: err_at(ERR_FORMAT, file_of(b->model), name,
					 "is missing; the model is incomplete, fetch it again");
	code = check_shape(b, *out, rows, columns);
	return code ? code : check_dtype(b, *out);
}

static enum err
add_layer(int *out, struct builder *b, const struct tensor *t, int block, const char *module)
{
	struct layer *layer;

	if (buf_grow(&b->model->layers, &b->layer_room, b->model->layer_count + 1, sizeof(*layer)))
		return ERR_NOMEM;
	layer = &b->model->layers[b->model->layer_count];
	*layer = (struct layer){ .module = module,
				 .tensor_name = t->name,
				 .tensor = t,
				 .block = block,
				 .rows = t->shape[0],
				 .columns = t->shape[1],
				 .input = -1 };
	layer->name = block < 0 ? module : arena_printf(b->arena, "layers.%d.%s", block, module);
	if (!layer->name)
		return ERR_NOMEM;
	*out = (int)b->model->layer_count++;
	return OK;
}

static enum err
place_slot(struct builder *b, struct model_block *block, int index,
	   const struct architecture_slot *slot)
{
	const struct model_shape *shape = &b->model->shape;
	size_t rows = slot->rows ? architecture_size(shape, slot->rows) : 0;
	const struct tensor *t;
	char name[128];
	enum err code;

	/* The only conversion in a template is its one %d. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(name, sizeof(name), slot->tensor, index);
#pragma GCC diagnostic pop
	code = find(&t, b, name, rows, architecture_size(shape, slot->columns), slot->optional);
	if (code || !t)
		return code;
	if (slot_kinds[slot->slot] == 'v') {
		block->vector[slot->slot] = t;
		return OK;
	}
	return add_layer(&block->layer[slot->slot], b, t, index, slot_names[slot->slot]);
}

static enum err
place_input(struct builder *b, const struct model_block *block, int index,
	    const struct architecture_input *from)
{
	struct model *model = b->model;
	struct model_input *input = &model->inputs[model->input_count];
	bool heads_differ = model->shape.heads != model->shape.kv_heads;

	input->name = arena_printf(b->arena, "layers.%d.%s", index, from->name);
	input->block = index;
	input->columns = architecture_size(&model->shape, from->columns);
	input->fold_norm = from->fold_norm;
	input->fold_layer = from->fold_layer < 0 || (from->fold_needs_equal_heads && heads_differ)
				    ? -1
				    : block->layer[from->fold_layer];
	for (int i = 0; i < from->layer_count; i++) {
		int layer = block->layer[from->layers[i]];

		if (layer < 0)
			continue;
		input->layers[input->layer_count++] = layer;
		model->layers[layer].input = (int)model->input_count;
	}
	model->input_count++;
	return input->name ? OK : ERR_NOMEM;
}

static enum err
place_block(struct builder *b, int index)
{
	const struct architecture *a = b->model->architecture;
	struct model_block *block = &b->model->blocks[index];
	enum err code = OK;

	for (int i = 0; i < SLOT_COUNT; i++)
		block->layer[i] = -1;
	for (const struct architecture_slot *slot = a->slots; slot->tensor && !code; slot++)
		code = place_slot(b, block, index, slot);
	for (const struct architecture_input *in = a->inputs; in->name && !code; in++)
		code = place_input(b, block, index, in);
	return code;
}

/* The head may be left out when it is the embedding, or the embedding when it is the head. */
static enum err
find_ends(const struct tensor **embed, const struct tensor **head, struct builder *b)
{
	const struct architecture *a = b->model->architecture;
	struct model_shape *shape = &b->model->shape;
	bool alias = b->model->checkpoint->alias_from != NULL;
	enum err code;

	if ((code = find(embed, b, a->embed, shape->vocab, shape->hidden,
			 shape->tied_head || alias)) ||
	    (code = find(head, b, a->head, shape->vocab, shape->hidden, shape->tied_head || alias)))
		return code;
	if (shape->tied_head && *embed)
		*head = *embed; /* the class ignores a head of its own */
	if (!*embed && !*head)
		return find(embed, b, a->embed, shape->vocab, shape->hidden, false);
	shape->tied_head = shape->tied_head || !*embed || !*head;
	*embed = *embed ? *embed : *head;
	*head = *head ? *head : *embed;
	return OK;
}

static enum err
place_ends(struct builder *b)
{
	struct model *model = b->model;
	const struct tensor *embed, *head;
	struct model_input *input;
	enum err code = find_ends(&embed, &head, b);

	if (code || (code = add_layer(&model->embed, b, embed, -1, "embed")))
		return code;
	model->head = model->embed;
	if (!model->shape.tied_head && (code = add_layer(&model->head, b, head, -1, "head")))
		return code;
	input = &model->inputs[model->input_count];
	*input = (struct model_input){ .name = "head.in",
				       .block = (int)model->shape.blocks,
				       .columns = model->shape.hidden,
				       .layers = { model->head },
				       .layer_count = 1,
				       .fold_norm = -1,
				       .fold_layer = -1 };
	model->layers[model->head].input = (int)model->input_count++;
	return find(&model->final_norm, b, model->architecture->final_norm, 0, model->shape.hidden,
		    false);
}

static bool
is_ignored(const struct architecture *a, const char *name)
{
	for (const char *const *pattern = a->ignored; *pattern; pattern++)
		if (text_match(*pattern, name))
			return true;
	return false;
}

enum { WARNINGS_MAX = 20 };

static enum err
warn_leftovers(struct builder *b)
{
	struct model *model = b->model;
	const struct checkpoint *c = model->checkpoint;

	for (size_t i = 0; i < c->count && model->warning_count < WARNINGS_MAX; i++) {
		char visible[256], *line;

		if (b->used[i] || is_ignored(model->architecture, c->tensors[i].name))
			continue;
		text_visible(visible, sizeof(visible), c->tensors[i].name,
			     strlen(c->tensors[i].name));
		if (buf_grow(&model->warnings, &b->warning_room, model->warning_count + 1,
			     sizeof(char *)))
			return ERR_NOMEM;
		line = arena_printf(b->arena,
				    "%s: this tensor has no place in a %s model and is left out",
				    visible, model->architecture->name);
		if (!line)
			return ERR_NOMEM;
		model->warnings[model->warning_count++] = line;
	}
	return OK;
}

static enum err
place_all(struct builder *b)
{
	struct model *model = b->model;
	const struct architecture *a = model->architecture;
	size_t per_block = 0;
	enum err code;

	for (const struct architecture_input *in = a->inputs; in->name; in++)
		per_block++;
	model->blocks = buf_alloc(model->shape.blocks, sizeof(*model->blocks));
	model->inputs = buf_alloc(model->shape.blocks * per_block + 1, sizeof(*model->inputs));
	b->used = buf_alloc(model->checkpoint->count, sizeof(*b->used));
	if (!model->blocks || !model->inputs || !b->used)
		return ERR_NOMEM;
	for (size_t i = 0; i < model->shape.blocks; i++)
		if ((code = place_block(b, (int)i)))
			return code;
	if ((code = place_ends(b)))
		return code;
	return warn_leftovers(b);
}

/* The shape: from config.json, or from the format itself. */
static enum err
read_shape(struct model *model)
{
	struct checkpoint *c = model->checkpoint;

	if (c->config)
		return config_read(&model->shape, &model->architecture, c->config);
	model->architecture = architecture_find(c->model_type);
	model->shape = *c->shape;
	return OK;
}

static enum err
open_model(struct model *model, const char *path)
{
	struct model_private *private = model->arena;
	struct builder b = { .model = model, .arena = &private->arena };
	char visible[1024];
	enum err code;

	text_visible(visible, sizeof(visible), path, strlen(path));
	if (!(model->path = arena_strndup(b.arena, visible, strlen(visible))))
		return ERR_NOMEM;
	if ((code = checkpoint_open(&model->checkpoint, path)) || (code = read_shape(model)))
		return code;
	model->format = model->checkpoint->format->name;
	memcpy(model->identity, model->checkpoint->identity, sizeof(model->identity));
	code = place_all(&b);
	buf_free(b.used);
	if (!code && !(private->hashes = buf_alloc(model->layer_count, sizeof(*private->hashes))))
		code = ERR_NOMEM;
	return code;
}

enum err
model_open(struct model **out, const char *path)
{
	struct model *model = buf_alloc(1, sizeof(*model));
	struct model_private *private = buf_alloc(1, sizeof(*private));
	enum err code;

	*out = NULL;
	if (!model || !private) {
		buf_free(model);
		buf_free(private);
		return ERR_NOMEM;
	}
	pthread_mutex_init(&private->lock, NULL);
	model->arena = private;
	code = open_model(model, path);
	if (code)
		model_free(model);
	else
		*out = model;
	return code;
}

void
model_free(struct model *model)
{
	struct model_private *private;

	if (!model)
		return;
	private = model->arena;
	pthread_mutex_destroy(&private->lock);
	buf_free(private->hashes);
	arena_clear(&private->arena);
	buf_free(private);
	checkpoint_free(model->checkpoint);
	buf_free(model->layers);
	buf_free(model->inputs);
	buf_free(model->blocks);
	buf_free(model->warnings);
	buf_free(model);
}

int
model_find_layer(const struct model *model, const char *name)
{
	for (size_t i = 0; i < model->layer_count; i++)
		if (!strcmp(model->layers[i].name, name) ||
		    !strcmp(model->layers[i].tensor_name, name))
			return (int)i;
	return model->shape.tied_head && !strcmp(name, "head") ? model->head : -1;
}
