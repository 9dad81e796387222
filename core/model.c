#include "core/model.h"

#include "core/architecture.h"
#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/file.h"
#include "core/model_private.h"
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

/* The file's identity, and what the shape adds to it (a config, say). */
static void
identify(struct model *model)
{
	const struct model_shape *s = &model->shape;
	const double numbers[] = { (double)s->blocks,   s->norm_eps,        s->rope_theta,
				   s->rope_interleaved, (double)s->context, s->tied_head };
	const uint64_t sizes[] = { s->hidden,   s->intermediate, s->heads,
				   s->kv_heads, s->head_dim,     s->vocab };
	struct key key = key_of(model->checkpoint->identity, sizeof(model->checkpoint->identity));

	key = key_add_text(key, model->architecture->name);
	key = key_add(key, numbers, sizeof(numbers));
	key = key_add(key, sizes, sizeof(sizes));
	key_hex(model->identity, key);
}

static enum err
open_files(struct model *model, const char *path)
{
	struct model_own *o = own(model);
	size_t room = 4 * strlen(path) + 16;
	char *visible = arena_alloc(&o->arena, room, 1);
	enum err code;

	if (!visible)
		return ERR_NOMEM;
	text_visible(visible, room, path, strlen(path));
	model->path = visible;
	if ((code = checkpoint_open(&model->checkpoint, path)))
		return code;
	model->format = model->checkpoint->format->name;
	code = model->checkpoint->format->describe(&model->shape, &model->architecture,
						   model->checkpoint);
	if (code || (code = model_build(model, &o->arena)))
		return code;
	o->hashes = arena_alloc(&o->arena, model->layer_count, sizeof(*o->hashes));
	if (!o->hashes)
		return ERR_NOMEM;
	identify(model);
	return OK;
}

enum err
model_open(struct model **out, const char *path)
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
	model->arena = o;
	code = open_files(model, path);
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
	pthread_mutex_destroy(&own(model)->lock);
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

struct model_totals
model_count(const struct model *model)
{
	struct model_totals totals = { 0 };

	for (size_t i = 0; i < model->layer_count; i++)
		add_tensor(&totals, model->layers[i].tensor);
	for (size_t b = 0; b < model->shape.blocks; b++)
		for (size_t slot = 0; slot < SLOT_COUNT; slot++)
			add_tensor(&totals, model->blocks[b].vector[slot]);
	add_tensor(&totals, model->final_norm);
	return totals;
}

int
model_find_layer(const struct model *model, const char *name)
{
	for (size_t i = 0; i < model->layer_count; i++)
		if (!strcmp(model->layers[i].name, name) ||
		    !strcmp(model->layers[i].tensor_name, name))
			return (int)i;
	/* A tied head is one layer with two names. */
	if (!strcmp(name, "head") || !strcmp(name, model->architecture->head))
		return model->head;
	return strcmp(name, model->architecture->embed) ? -1 : model->embed;
}
