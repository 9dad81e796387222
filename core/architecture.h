#ifndef CORE_ARCHITECTURE_H
#define CORE_ARCHITECTURE_H

#include "core/activation.h"
#include "core/config_readers.h"
#include "core/model.h"

#include <stdbool.h>

/* How a family names and wires its tensors: data. A new family that fits the pieces is one file
 * with one entry, and one line in architectures.def; docs/adding-a-family.md shows how. */

/* Extents, each computed from the shape. */
enum dimension {
	DIMENSION_NONE,
	DIMENSION_ONE,
	DIMENSION_HIDDEN,
	DIMENSION_INTERMEDIATE,
	DIMENSION_GATE_UP, /* 2 intermediate */
	DIMENSION_QUERIES, /* heads * head_dim */
	DIMENSION_KEYS,    /* kv_heads * head_dim */
	DIMENSION_QKV,     /* both and the values */
	DIMENSION_HEAD_DIM,
	DIMENSION_HEADS,
	DIMENSION_KV_HEADS,
	DIMENSION_VOCAB,
	DIMENSION_EMBED,     /* embed_columns */
	DIMENSION_POSITIONS, /* context + position_offset */
	DIMENSION_EXPERTS,
	DIMENSION_EXPERT_INTERMEDIATE,
	DIMENSION_EXPERT_GATE_UP, /* 2 expert_intermediate */
	DIMENSION_SHARED_INTERMEDIATE,
	DIMENSION_COUNT
};

size_t dimension_of(enum dimension dimension, const struct model_shape *shape);

/* One tensor of every block, or one outside them. A list ends with a NULL name. */
struct architecture_tensor {
	enum slot slot;
	/* The checkpoint's, behind the block's prefix; of spellings parted by '|' the first found.
	 * '#' stands for a number from 0: of the expert, or of a part below `each`. */
	const char *name;
	enum dimension rows, columns; /* a vector has no columns */
	size_t when;                  /* WHEN(flag): only in models whose shape has this flag; */
	size_t unless;                /* WHEN(flag): only in those that have it not */
	enum { ANY_BLOCK, DENSE_BLOCK, SPARSE_BLOCK } block;
	bool transposed;     /* the file holds (columns, rows) */
	bool optional;       /* may be absent; of a fused matrix: then its parts must be there */
	enum dimension each; /* a vector stored in this many parts */
};

/* Of a flag in struct model_shape, for `when`. */
#define WHEN(flag) offsetof(struct model_shape, flag)

/* The usual entries, by the names of slots and dimensions: MATRIX(Q, "q.weight", QUERIES, HIDDEN).
 */
#define MATRIX(id, spelling, height, width)                                      \
	{                                                                        \
		.slot = SLOT_##id, .name = spelling, .rows = DIMENSION_##height, \
		.columns = DIMENSION_##width                                     \
	}
#define MATRIX_IN(kind, id, spelling, height, width)                             \
	{                                                                        \
		.slot = SLOT_##id, .name = spelling, .rows = DIMENSION_##height, \
		.columns = DIMENSION_##width, .block = kind##_BLOCK              \
	}
/* Gate and up of all experts in one tensor, as transformers 5 holds them in memory and some save
 * them; where it is there, EXPERT_GATE and EXPERT_UP are not. Stands before those. */
#define EXPERTS_FUSED(spelling)                                                                  \
	{                                                                                        \
		.slot = SLOT_EXPERT_GATE_UP, .name = spelling, .rows = DIMENSION_EXPERT_GATE_UP, \
		.columns = DIMENSION_HIDDEN, .block = SPARSE_BLOCK, .optional = true             \
	}
#define VECTOR(id, spelling, size)                                            \
	{                                                                     \
		.slot = SLOT_##id, .name = spelling, .rows = DIMENSION_##size \
	}
#define VECTOR_UNLESS(flag, id, spelling, size)                                \
	{                                                                      \
		.slot = SLOT_##id, .name = spelling, .rows = DIMENSION_##size, \
		.unless = WHEN(flag)                                           \
	}
#define VECTOR_WHEN(flag, id, spelling, size)                                                     \
	{                                                                                         \
		.slot = SLOT_##id, .name = spelling, .rows = DIMENSION_##size, .when = WHEN(flag) \
	}

/* Matrices of a block that read the same activations. A list ends with a NULL name. A slot of an
 * expert makes an input of each expert; '#' in the name is its number. */
struct architecture_input {
	const char *name;   /* "attn.in" */
	enum slot slots[9]; /* ends with SLOT_COUNT */
	/* What comes before and can take up a per-column scale; SLOT_COUNT: nothing can. A norm can
	 * only when every reader of it is in this input; a layer only where its rows are this
	 * input's columns (not under grouped queries) and nothing but products lie between. */
	enum slot fold_norm, fold_layer;
	size_t when, unless; /* as of tensors */
};

struct rope_defaults {
	double theta, partial, original_context, local_theta; /* 0: 10000, 1, context, theta */
	/* Keys at the top; NULL: the usual. partial_key may be several, parted by '|'. */
	const char *theta_key, *local_theta_key, *partial_key;
};

struct architecture {
	const char *name;        /* "llama", as `info` prints it */
	const char *model_types; /* in config.json, parted by '|'; NULL: not made from a config */
	const char *class_names; /* in config.json's "architectures", likewise */
	/* "model.": before every name but the head's; several are parted by '|'. Files of the model
	 * without its head lack it, those with towers have more before it. */
	const char *base;
	const char *embed, *head; /* the head's may have several spellings */
	const char *block_prefix; /* before the block's number, which a '.' follows */
	const struct architecture_tensor *tensors; /* of a block */
	const struct architecture_tensor *outside; /* behind `base`, but HEAD_BIAS: as the head */
	const struct architecture_input *inputs;
	struct model_shape shape; /* what holds for the family whatever the config says */
	struct rope_defaults rope;
	const struct config_key *config_keys;
	const struct config_rule *config_rules; /* may be NULL */
	/* Run in this order once the keys are read; ends with NULL, may be NULL. */
	enum err (*const *readers)(const struct config_reading *reading);
	const char *const *leftovers; /* endings of names to pass over silently; ends with NULL */
};

extern const struct architecture *const architectures[]; /* ends with NULL */

/* Shared by many families, and by the readers of formats that have but one. */
extern const struct architecture_tensor architecture_llama_tensors[];    /* with every option */
extern const struct architecture_tensor architecture_sandwich_tensors[]; /* Gemma 2, 3 */
extern const struct architecture_tensor architecture_qwen_moe_tensors[];
extern const struct architecture_tensor architecture_rms_outside[]; /* norm.weight alone */
extern const struct architecture_input architecture_inputs[];       /* of halves in sequence */
extern const struct architecture_input architecture_shared_norm_inputs[]; /* side by side: where
									     separate_norm is unset
									     one norm serves both */
extern const struct architecture_input architecture_expert_inputs[];
extern const char *const architecture_leftovers[];
extern const struct architecture architecture_llama2c;

/* The entry for config.json's model_type or class name (either may be NULL); NULL: none. */
const struct architecture *architecture_find(const char *model_type, const char *class_name);

#endif
