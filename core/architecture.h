#ifndef CORE_ARCHITECTURE_H
#define CORE_ARCHITECTURE_H

#include "core/model.h"

/* How a family of models names and wires its tensors, and how its config spells its shape: data,
 * not code. One file in core/architectures/ and one line in architectures.def for each.
 *
 * Tensor names are templates: %d stands for the block's number. */
struct architecture_slot {
	enum slot slot;
	const char *tensor; /* "model.layers.%d.self_attn.q_proj.weight" */
	const char *rows,
		*columns; /* in terms of the shape: see architecture_size; vectors: columns */
	bool optional;
};

/* Layers that read the same activations, and where a scale on them can be folded. */
struct architecture_input {
	const char *name; /* "attn.in" */
	const char *columns;
	enum slot layers[8];
	int layer_count;
	int fold_norm;               /* enum slot or -1 */
	int fold_layer;              /* enum slot or -1 */
	bool fold_needs_equal_heads; /* through v only when every query head has its own v head */
};

struct architecture {
	const char *name;               /* "llama" */
	const char *const *model_types; /* config.json's model_type; ends with NULL */
	const char *embed, *head, *final_norm;
	const struct architecture_slot *slots;   /* end with tensor NULL */
	const struct architecture_input *inputs; /* end with name NULL */
	const char *const *ignored; /* patterns (text_match) of leftover buffers; ends with NULL */

	/* What the class takes for keys that the config leaves out. */
	double norm_eps, rope_theta;
	size_t context;
	bool tied_head;
	const char *activation; /* the only hidden_act there is a kernel for */
};

extern const struct architecture *const architectures[];              /* ends with NULL */
const struct architecture *architecture_find(const char *model_type); /* NULL: none */

/* "hidden", "q" (heads * head_dim), "kv" (kv_heads * head_dim), "intermediate", "vocab". */
size_t architecture_size(const struct model_shape *shape, const char *name);

struct json_document;

/* The shape from a parsed config.json, in the spellings of all years. */
enum err config_read(struct model_shape *out, const struct architecture **architecture,
		     const struct json_document *config);

#endif
