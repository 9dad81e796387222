#ifndef CORE_ARCHITECTURE_H
#define CORE_ARCHITECTURE_H

#include "core/config.h"
#include "core/model.h"

#include <stdbool.h>

/* How a family names and wires its tensors: data alone. A new family that fits the pieces is one
 * file with one entry, and one line in architectures.def. */

/* Extents, each computed from the shape. */
enum dimension {
	DIMENSION_NONE,
	DIMENSION_HIDDEN,
	DIMENSION_INTERMEDIATE,
	DIMENSION_QUERIES, /* heads * head_dim */
	DIMENSION_KEYS,    /* kv_heads * head_dim */
	DIMENSION_VOCAB
};

size_t dimension_of(enum dimension dimension, const struct model_shape *shape);

/* One tensor of every block. A list ends with a NULL name. */
struct architecture_tensor {
	enum slot slot;
	const char *name;             /* the checkpoint's, behind the block's prefix */
	enum dimension rows, columns; /* a vector has no columns */
	bool transposed;              /* the file holds (columns, rows) */
	bool optional;                /* may be absent */
};

/* Matrices of a block that read the same activations. A list ends with a NULL name. */
struct architecture_input {
	const char *name;   /* "attn.in" */
	enum slot slots[9]; /* ends with SLOT_COUNT */
	/* What comes before and can take up a per-column scale; SLOT_COUNT: nothing can. A layer
	 * can only where its rows are this input's columns (not under grouped queries). */
	enum slot fold_norm, fold_layer;
};

struct architecture {
	const char *name;       /* "llama", as `info` prints it */
	const char *model_type; /* in config.json; NULL: not made from a config */
	const char *class_name; /* in config.json's "architectures" */
	bool rope_interleaved;
	const char *embed, *final_norm, *head;
	const char *block_prefix; /* before the block's number, which a '.' follows */
	const struct architecture_tensor *tensors;
	const struct architecture_input *inputs;
	const struct config_key *config_keys;
	const struct config_rule *config_rules;
	const char *const *leftovers; /* endings of names to pass over silently; ends with NULL */
};

extern const struct architecture *const architectures[]; /* ends with NULL */

/* Shared by entries of one family, and by the readers of formats that have but one. */
extern const struct architecture_input architecture_llama_inputs[];
extern const struct architecture architecture_llama2c;

/* The entry for config.json's model_type or class name (either may be NULL); NULL: none. */
const struct architecture *architecture_find(const char *model_type, const char *class_name);

#endif
