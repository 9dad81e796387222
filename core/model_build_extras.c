/* Tensors of the files that the model does not use. */
#include "core/model_builder.h"

#include <string.h>

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

/* Bytes of the part that a tensor belongs to: "vision_tower", "model.vision_tower". */
static size_t
part_length(const char *name)
{
	size_t n = strcspn(name, ".");

	return strncmp(name, "model.", 6) ? n : 6 + strcspn(name + 6, ".");
}

/* One line for each part beside the text. *i is its first tensor, then its last. */
static enum err
warn_of_part(struct builder *b, size_t *i)
{
	const char *name = b->checkpoint->tensors[*i].name;
	size_t length = part_length(name), count = 0;

	for (; *i < b->checkpoint->count; (*i)++) {
		const char *next = b->checkpoint->tensors[*i].name;

		if (part_length(next) != length || strncmp(next, name, length))
			break;
		count += !b->used[*i];
	}
	(*i)--;
	return model_warn(b->model,
			  "%.*s: %zu tensors of a part that is not the text model; they are "
			  "not used",
			  (int)length, name, count);
}

enum err
builder_warn_of_extras(struct builder *b)
{
	enum { NAMED = 8 };
	size_t extra = 0, prefix = strlen(b->prefix);
	enum err code = OK;

	for (size_t i = 0; i < b->checkpoint->count && !code; i++) {
		const char *name = b->checkpoint->tensors[i].name;

		if (b->used[i] || is_leftover(b->architecture, name))
			continue;
		if (b->wrapped && strncmp(name, b->prefix, prefix))
			code = warn_of_part(b, &i);
		else if (extra++ < NAMED)
			code = model_warn(b->model,
					  "%s: this tensor is not part of a %s; it is not used",
					  name, b->architecture->name);
	}
	if (extra > NAMED && !code)
		code = model_warn(b->model, "%zu more tensors are not used", extra - NAMED);
	return code;
}
