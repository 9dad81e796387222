#ifndef CORE_MODEL_BUILDER_H
#define CORE_MODEL_BUILDER_H

#include "core/architecture.h"
#include "core/arena.h"
#include "core/checkpoint.h"
#include "core/model_private.h"

/* Shared by model_build*.c alone: from a checkpoint's tensors to a model's layers. */
struct builder {
	struct model *model;
	const struct architecture *architecture;
	const struct checkpoint *checkpoint;
	struct arena *arena;
	const char *prefix, *head_prefix; /* before the text part's names */
	bool wrapped;
	bool *used;  /* (checkpoint->count) */
	size_t room; /* for layers */
};

enum { BUILDER_NAME = 256 };

/* Where a table's name is looked for: its prefix, and the numbers that stand in it. */
struct place {
	const char *prefix;
	int block;  /* -1: outside the blocks */
	int number; /* for '#'; -1: none */
};

/* slots.def's kind: 'm', 'e', 'n', 'b', 't'. */
char builder_kind(enum slot slot);

/* Does the model's shape have the flags that an entry asks for? */
bool builder_wants(const struct builder *b, size_t when, size_t unless);

/* The tensor of that name, marked as used, or NULL. */
const struct tensor *builder_take(struct builder *b, const char *name);

/* The first of the spellings parted by '|' that is there; `name` is it, else the first spelling. */
const struct tensor *builder_take_spelled(char name[BUILDER_NAME], struct builder *b,
					  const char *words, const struct place *place);

/* What stands before the names of this checkpoint; sets prefix, embed_name and head_name. */
enum err builder_find_names(struct builder *b);

/* The inputs of one block, whose layers are there. */
enum err builder_add_inputs(struct builder *b, int block);

/* Tensors that nothing uses. */
enum err builder_warn_of_extras(struct builder *b);

#endif
