#include "core/model.h"

#include "core/architecture.h"
#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/file.h"
#include "core/model_private.h"
#include "core/rope_kind.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

static struct model_own *
own(const struct model *model)
{
	return model->arena;
}

enum err
model_warn(struct model *model, const char *fmt, ...)
{
	enum { WARNINGS_MAX = 64 };
	struct arena *arena = &own(model)->arena;
	char text[512], *visible;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!model->warnings &&
	    !(model->warnings = arena_alloc(arena, WARNINGS_MAX, sizeof(*model->warnings))))
		return ERR_NOMEM;
	if (model->warning_count == WARNINGS_MAX)
		return OK;
	if (!(visible = arena_alloc(arena, 2048, 1)))
		return ERR_NOMEM;
	text_visible(visible, 2048, text, strlen(text));
	model->warnings[model->warning_count++] = visible;
	return OK;
}

/* The file's identity, and what the description adds to it (a config, say). */
static void
identify(struct model *model)
{
	const struct model_shape *shape = &model->shape;
	struct key key = key_of(model->checkpoint->identity, sizeof(model->checkpoint->identity));

	key = key_add_text(key, model->architecture->name);
#define SHAPE_SIZE(name) key = key_add(key, &shape->name, sizeof(shape->name));
#define SHAPE_NUMBER     SHAPE_SIZE
#define SHAPE_FLAG       SHAPE_SIZE
#include "core/shape.def"
#undef SHAPE_SIZE
#undef SHAPE_NUMBER
#undef SHAPE_FLAG
	key = key_add(key, model->pattern.block, shape->blocks);
	for (int i = 0; i < 2; i++) {
		const struct rope_setting *rope = &model->pattern.rope[i];

		key = key_add_text(key, rope->kind ? rope->kind->names : "");
		key = key_add(key, &rope->numbers, sizeof(rope->numbers));
	}
	key_hex(model->identity, key);
}

/* What the files' own config says, or another model's where they are tensors alone. */
static enum err
describe(struct model_description *out, struct model *model, const char *path,
	 const struct model *like)
{
	enum err code = like ? checkpoint_open_tensors(&model->checkpoint, path)
			     : checkpoint_open(&model->checkpoint, path);

	if (code)
		return code;
	model->format = model->checkpoint->format->name;
	if (!like)
		return model->checkpoint->format->describe(out, model->checkpoint);
	out->architecture = like->architecture;
	out->shape = like->shape;
	out->pattern = like->pattern;
	return OK;
}

static enum err
open_files(struct model *model, const char *path, const struct model *like)
{
	struct model_own *o = own(model);
	size_t room = 4 * strlen(path) + 16;
	char *visible = arena_alloc(&o->arena, room, 1);
	struct model_description *description = arena_alloc(&o->arena, 1, sizeof(*description));
	enum err code;

	if (!visible || !description)
		return ERR_NOMEM;
	text_visible(visible, room, path, strlen(path));
	model->path = visible;
	if ((code = describe(description, model, path, like)))
		return code;
	model->architecture = description->architecture;
	model->shape = description->shape;
	model->pattern = description->pattern;
	if ((code = model_build(model, &o->arena, description->wrapped)))
		return code;
	o->keys = arena_alloc(&o->arena, model->layer_count, sizeof(*o->keys));
	if (!o->keys)
		return ERR_NOMEM;
	identify(model);
	return OK;
}

enum err
model_open(struct model **out, const char *path)
{
	return model_open_like(out, path, NULL);
}

enum err
model_open_like(struct model **out, const char *path, const struct model *like)
{
	struct model *model = buf_alloc(1, sizeof(*model));
	struct model_own *o = buf_alloc(1, sizeof(*o));
	enum err code;

	*out = NULL;
	if (!model || !o) {
		buf_free(model);
		buf_free(o);
		return ERR_NOMEM;
	}
	pthread_mutex_init(&o->lock, NULL);
	pthread_mutex_init(&o->hashing, NULL);
	model->arena = o;
	code = open_files(model, path, like);
	if (code)
		model_free(model);
	else
		*out = model;
	return code;
}

void
model_free(struct model *model)
{
	if (!model)
		return;
	checkpoint_free(model->checkpoint);
	sha256_drop(own(model)->sha);
	pthread_mutex_destroy(&own(model)->lock);
	pthread_mutex_destroy(&own(model)->hashing);
	arena_clear(&own(model)->arena);
	buf_free(model->arena);
	buf_free(model);
}

static void
add_tensor(struct model_totals *totals, const struct tensor *tensor)
{
	if (!tensor)
		return;
	totals->elements += tensor->elements;
	totals->bytes += tensor->bytes;
	totals->dtypes[tensor->dtype]++;
}

static void
add_vectors(struct model_totals *totals, const struct model_block *block)
{
	for (size_t slot = 0; slot < SLOT_COUNT; slot++) {
		add_tensor(totals, block->vector[slot]);
		for (size_t i = 1; i < block->part_count[slot]; i++)
			add_tensor(totals, block->parts[slot][i]);
	}
}

struct model_totals
model_count_vectors(const struct model *model)
{
	struct model_totals totals = { 0 };

	for (size_t b = 0; b < model->shape.blocks; b++)
		add_vectors(&totals, &model->blocks[b]);
	add_vectors(&totals, &model->outside);
	return totals;
}

struct model_totals
model_count(const struct model *model)
{
	struct model_totals totals = model_count_vectors(model);

	for (size_t i = 0; i < model->layer_count; i++)
		add_tensor(&totals, model->layers[i].tensor);
	return totals;
}

size_t
model_longest(const struct model *model)
{
	const struct rope_setting *rope = &model->pattern.rope[0];
	bool grows = model->shape.alibi || (model->shape.rope && rope->kind->grows);

	return grows ? CONFIG_CONTEXT_MAX : model->shape.context;
}

int
model_find_layer(const struct model *model, const char *name)
{
	for (size_t i = 0; i < model->layer_count; i++)
		if (!strcmp(model->layers[i].name, name) ||
		    !strcmp(model->layers[i].tensor_name, name))
			return (int)i;
	/* A tied head is one layer with two names. */
	if (!strcmp(name, "head") || !strcmp(name, model->head_name))
		return model->head;
	return strcmp(name, model->embed_name) ? -1 : model->embed;
}
