/* Which blocks see a window of tokens instead of all. */
#include "core/config_readers.h"

#include "core/json.h"

#include <string.h>

/* "layer_types": one word for each block. */
static enum err
read_types(const struct config_reading *r, const struct json *list)
{
	const struct model_shape *shape = &r->out->shape;
	uint8_t *flags = r->out->pattern.block;
	char brief[80];

	if (list->type != JSON_ARRAY || list->length != shape->blocks)
		return err_at(ERR_FORMAT, json_path(r->document), "layer_types",
			      "must be a list of %zu words, one for each block", shape->blocks);
	for (const struct json *value = list->first; value; value = value->next, flags++) {
		const char *word = value->type == JSON_STRING ? value->string : "";
		bool sliding = !strcmp(word, "sliding_attention");

		if (!sliding && strcmp(word, "full_attention"))
			return err_at(ERR_UNSUPPORTED, json_path(r->document), "layer_types",
				      "holds %s; qscope computes \"full_attention\" and "
				      "\"sliding_attention\"",
				      json_brief(brief, sizeof(brief), value));
		if (sliding && shape->window)
			*flags |= BLOCK_SLIDING;
	}
	return OK;
}

/* `rule`: does block i slide, by a family's own default? */
static enum err
apply(const struct config_reading *r,
      bool (*rule)(const struct config_reading *reading, size_t i, size_t bound), size_t bound)
{
	const struct json *list = json_get(r->object, "layer_types");

	if (list && list->type != JSON_NULL)
		return read_types(r, list);
	for (size_t i = 0; i < r->out->shape.blocks && r->out->shape.window; i++)
		if (rule(r, i, bound))
			r->out->pattern.block[i] |= BLOCK_SLIDING;
	return OK;
}

/* No window unless "use_sliding_window". */
static enum err
drop_unused(const struct config_reading *r)
{
	bool used = false;
	enum err code = json_get_bool(&used, r->document, r->object, "use_sliding_window");

	if (!used)
		r->out->shape.window = 0;
	return code;
}

static bool
all(const struct config_reading *r, size_t i, size_t bound)
{
	(void)r;
	(void)i;
	(void)bound;
	return true;
}

enum err
config_windows_all(const struct config_reading *r)
{
	return apply(r, all, 0);
}

enum err
config_windows_used(const struct config_reading *r)
{
	enum err code = drop_unused(r);

	return code ? code : apply(r, all, 0);
}

static bool
above(const struct config_reading *r, size_t i, size_t bound)
{
	(void)r;
	return i >= bound;
}

static bool
below(const struct config_reading *r, size_t i, size_t bound)
{
	(void)r;
	return i % 2 == 0 && i < bound;
}

static enum err
apply_bounded(const struct config_reading *r,
	      bool (*rule)(const struct config_reading *reading, size_t i, size_t bound))
{
	size_t bound = 28;
	enum err code = drop_unused(r);

	if (!code)
		code = json_get_size(&bound, r->document, r->object, "max_window_layers", 0,
				     CONFIG_BLOCKS_MAX);
	return code ? code : apply(r, rule, bound);
}

enum err
config_windows_above(const struct config_reading *r)
{
	return apply_bounded(r, above);
}

enum err
config_windows_below(const struct config_reading *r)
{
	return apply_bounded(r, below);
}

/* All but each bound-th. */
static bool
pattern(const struct config_reading *r, size_t i, size_t bound)
{
	(void)r;
	return (i + 1) % bound != 0;
}

enum err
config_windows_others(const struct config_reading *r)
{
	return apply(r, pattern, 2);
}

enum err
config_windows_pattern(const struct config_reading *r)
{
	size_t every = 6;
	enum err code = json_get_size(&every, r->document, r->object, "sliding_window_pattern", 1,
				      CONFIG_BLOCKS_MAX);

	return code ? code : apply(r, pattern, every);
}

static bool
unroped(const struct config_reading *r, size_t i, size_t bound)
{
	(void)bound;
	return r->out->pattern.block[i] & BLOCK_NO_ROPE;
}

enum err
config_windows_unroped(const struct config_reading *r)
{
	enum err code = drop_unused(r);

	return code ? code : apply(r, unroped, 0);
}
