/* How a checkpoint spells the names that an architecture's tables have. */
#include "core/model_builder.h"

#include "core/words.h"

#include <stdio.h>
#include <string.h>

const struct tensor *
builder_take(struct builder *b, const char *name)
{
	const struct tensor *tensor = checkpoint_find(b->checkpoint, name);

	if (tensor)
		b->used[tensor - b->checkpoint->tensors] = true;
	return tensor;
}

/* The first spelling of an entry's name, as the checkpoint would have it. */
static void
spell(char out[BUILDER_NAME], const struct builder *b, const char *words, const struct place *place)
{
	char word[128], number[16] = "", block[160] = "";
	char *mark;

	words_copy(word, sizeof(word), words);
	mark = strchr(word, '#');
	if (mark)
		*mark = '\0';
	if (mark)
		snprintf(number, sizeof(number), "%d", place->number);
	if (place->block >= 0)
		snprintf(block, sizeof(block), "%s%d.", b->architecture->block_prefix,
			 place->block);
	snprintf(out, BUILDER_NAME, "%s%s%s%s%s", place->prefix, block, word, number,
		 mark ? mark + 1 : "");
}

const struct tensor *
builder_take_spelled(char name[BUILDER_NAME], struct builder *b, const char *words,
		     const struct place *place)
{
	for (const char *word = words; word; word = words_next(word)) {
		const struct tensor *tensor;

		spell(name, b, word, place);
		if ((tensor = builder_take(b, name)))
			return tensor;
	}
	spell(name, b, words, place);
	return NULL;
}

/* Does the embedding or the first block lie behind this prefix? */
static enum err
try_prefix(struct builder *b, bool *found, const char *before, const char *base)
{
	const struct architecture *a = b->architecture;
	struct place place = { .block = 0, .number = 0 };
	char word[64], name[BUILDER_NAME];
	const char *embed;

	place.prefix = arena_printf(b->arena, "%s%s", before, words_copy(word, sizeof(word), base));
	if (!place.prefix)
		return ERR_NOMEM;
	if (!(embed = arena_printf(b->arena, "%s%s", place.prefix, a->embed)))
		return ERR_NOMEM;
	spell(name, b, a->tensors[0].name, &place);
	*found = checkpoint_find(b->checkpoint, embed) || checkpoint_find(b->checkpoint, name);
	if (*found || !b->prefix) {
		b->prefix = place.prefix;
		b->model->embed_name = embed;
	}
	return OK;
}

/* Files of a model without its head lack the prefix of its names; where it has other parts, more
 * stands before them. The first prefix behind which something lies is it, else the usual one. */
static enum err
find_prefix(struct builder *b)
{
	static const char *const before[] = { "", "language_model.", "model.language_model.",
					      "model.text_model." };
	bool found = false;
	enum err code = OK;

	for (size_t i = 0; i < 4 && !code && !found; i++) {
		for (const char *base = b->architecture->base; base && !code && !found;
		     base = words_next(base))
			code = try_prefix(b, &found, before[i], base);
		if (!code && !found)
			code = try_prefix(b, &found, before[i], "");
	}
	return code;
}

/* The first spelling of the head's name that is there, else the first of all. */
static enum err
find_head(struct builder *b)
{
	static const char *const before[] = { "", "language_model." };
	char word[64];

	for (size_t i = 0; i < 2; i++) {
		for (const char *name = b->architecture->head; name; name = words_next(name)) {
			const char *full = arena_printf(b->arena, "%s%s", before[i],
							words_copy(word, sizeof(word), name));

			if (!full)
				return ERR_NOMEM;
			if (!b->model->head_name || checkpoint_find(b->checkpoint, full)) {
				b->model->head_name = full;
				b->head_prefix = before[i];
			}
			if (checkpoint_find(b->checkpoint, full))
				return OK;
		}
	}
	b->head_prefix = before[0];
	return OK;
}

enum err
builder_find_names(struct builder *b)
{
	enum err code = find_prefix(b);

	return code ? code : find_head(b);
}
