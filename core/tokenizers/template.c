/* "TemplateProcessing": special tokens around the text. Only the template for a single text is
 * read. */
#include "core/buf.h"
#include "core/tokenizers/kinds.h"

struct item {
	int32_t id; /* -1: the text */
};

struct template
{
	struct item *items;
	size_t count, capacity;
};

static enum err
add_item(struct template *template, int32_t id)
{
	if (buf_grow(&template->items, &template->capacity, template->count + 1,
		     sizeof(*template->items)))
		return ERR_NOMEM;
	template->items[template->count++].id = id;
	return OK;
}

static const struct json *
find_special(const struct json *specials, const struct json *name)
{
	if (!name || name->type != JSON_STRING)
		return NULL;
	return spec_get(spec_get(specials, name->string), "ids");
}

static enum err
add_special(struct template *template, const struct json *specials, const struct json *name)
{
	const struct json *ids = find_special(specials, name);
	enum err code = OK;

	if (!ids || ids->type != JSON_ARRAY)
		return err_at(ERR_FORMAT, NULL, "post_processor.TemplateProcessing",
			      "special_tokens has no ids for \"%s\"",
			      name && name->type == JSON_STRING ? name->string : "");
	for (const struct json *id = ids->first; id && !code; id = id->next) {
		int32_t value;

		if (!spec_id(&value, id))
			return err_at(ERR_FORMAT, NULL, "post_processor.TemplateProcessing",
				      "an id of \"%s\" is no token id", name->string);
		code = add_item(template, value);
	}
	return code;
}

/* The text, named A; B would be a second one. */
static enum err
add_text(struct template *template, const struct json *sequence)
{
	if (!spec_is(spec_get(sequence, "id"), "A"))
		return err_at(ERR_FORMAT, NULL, "post_processor.TemplateProcessing",
			      "the template \"single\" holds something that is neither a special "
			      "token nor the text");
	/* Twice in each of many templates would be more than any memory holds. */
	for (size_t i = 0; i < template->count; i++)
		if (template->items[i].id < 0)
			return err_at(ERR_UNSUPPORTED, NULL, "post_processor.TemplateProcessing",
				      "the template \"single\" holds the text twice");
	return add_item(template, -1);
}

static enum err
create(void *state, const struct json *spec)
{
	struct template *template = state;
	const struct json *single = spec_get(spec, "single"), *item;
	const struct json *specials = spec_get(spec, "special_tokens");
	enum err code = OK;

	if (!single || single->type != JSON_ARRAY)
		return err_at(ERR_FORMAT, NULL, "post_processor.TemplateProcessing",
			      "the template \"single\" is missing");
	for (item = single->first; item && !code; item = item->next) {
		const struct json *special = spec_get(item, "SpecialToken");

		if (special) {
			code = add_special(template, specials, spec_get(special, "id"));
		} else {
			code = add_text(template, spec_get(item, "Sequence"));
		}
	}
	return code;
}

static void
destroy(void *state)
{
	buf_free(((struct template *)state)->items);
}

static enum err
process(struct ids *out, const void *state, const int32_t *ids, size_t count)
{
	const struct template *template = state;
	enum err code = OK;

	for (size_t i = 0; i < template->count && !code; i++)
		code = template->items[i].id < 0 ? ids_append(out, ids, count)
						 : ids_add(out, template->items[i].id);
	return code;
}

const struct part_kind post_processor_template = {
	.type = "TemplateProcessing",
	.size = sizeof(struct template),
	.create = create,
	.destroy = destroy,
	.process = process,
};
