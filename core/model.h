#ifndef CORE_MODEL_H
#define CORE_MODEL_H

#include "core/err.h"
#include "core/hash.h"
#include "core/shape.h"
#include "core/tensor.h"

#include <stdbool.h>
#include <stddef.h>

/* An open model: what its files say, nothing computed. Immutable after model_open, so any thread
 * may read it. A layer is one weight matrix, a block one transformer block. Rows are outputs and
 * columns inputs whatever the file's layout. */

/* Places in a block where an architecture may have a matrix or a vector; core/slots.def lists them.
 */
enum slot {
#define SLOT(id, name, kind) SLOT_##id,
#include "core/slots.def"
#undef SLOT
	SLOT_COUNT
};

struct layer {
	const char *name;        /* "layers.3.attn.q", uniform across families */
	const char *module;      /* "attn.q", "mlp.experts.7.up", "embed", "head" */
	const char *kind;        /* the module without an expert's number: "mlp.experts.up" */
	const char *tensor_name; /* the checkpoint's own name, accepted as an alias */
	const struct tensor *tensor;
	const struct tensor *stored; /* the checkpoint's own that holds it: `tensor`, or one of more
					dimensions, of which `tensor` is a part */
	int block;                   /* -1 for embed and head */
	size_t rows, columns;
	bool transposed; /* the file holds (columns, rows) */
	int expert;      /* its number, or -1 */
	int input;       /* index into model.inputs; -1: nothing is known of what it reads */
};

/* Layers that read the same activations share statistics and, for AWQ, a scale. */
struct model_input {
	const char *name; /* "layers.3.attn.in", "layers.3.attn.out", ...; last of all "head.in" */
	int block;        /* shape.blocks for head.in */
	size_t columns;
	int layers[8]; /* indices into model.layers */
	int layer_count;
	/* Where a per-column scale of this input can be folded into what comes before: a norm's
	 * slot in this block, or a layer whose output rows produce it; both absent: it cannot be
	 * folded. */
	int fold_norm;  /* enum slot, or -1 */
	int fold_layer; /* index into model.layers, or -1 */
};

struct model_block {
	int layer[SLOT_COUNT];        /* index into model.layers, or -1 */
	int *expert[SLOT_COUNT];      /* (shape.experts) of a slot of experts, or NULL */
	int first_layer, layer_count; /* all its layers: model.layers[first_layer, + layer_count) */
	/* Norms, biases and tables, or NULL; where a vector is stored in parts, `parts` has them
	 * all (part_count), and vector the first. */
	const struct tensor *vector[SLOT_COUNT];
	const struct tensor **parts[SLOT_COUNT];
	size_t part_count[SLOT_COUNT];
};

struct architecture;
struct checkpoint;
struct work;

struct model {
	const char *path;   /* as given, visible text */
	const char *format; /* "safetensors", "gguf", "llama2c" */
	const struct architecture *architecture;
	char identity[HASH_HEX]; /* of header, size and time of every file */
	struct model_shape shape;
	struct model_pattern pattern;
	struct layer *layers;
	size_t layer_count;
	struct model_input *inputs;
	size_t input_count;
	struct model_block *blocks;
	struct model_block outside;         /* what stands before and behind the blocks */
	int embed, head;                    /* layer indices; equal when tied */
	const char *embed_name, *head_name; /* the checkpoint's names, accepted for either */
	const struct tensor *tied_twin;     /* the same matrix stored once more, or NULL */
	struct checkpoint *checkpoint;
	char **warnings; /* lines for people: leftover tensors and the like */
	size_t warning_count;
	void *arena; /* private */
};

/* `path` is a folder of Hugging Face files or a llama2.c .bin. */
enum err model_open(struct model **out, const char *path);
/* Tensors without a config (checkpoint_open_tensors) as a model built as `like` is; NULL: as
 * model_open. */
enum err model_open_like(struct model **out, const char *path, const struct model *like);
/* Has `other` the same layers and vectors in the same shapes? ERR_FORMAT names the first tensor
 * that is not as in `model`. */
enum err model_match(const struct model *other, const struct model *model);
void model_free(struct model *model);

/* Of every tensor that the model uses, once each. */
struct model_totals {
	uint64_t elements, bytes;
	uint64_t dtypes[DTYPE_COUNT]; /* tensors of each type */
};
struct model_totals model_count(const struct model *model);
struct model_totals model_count_vectors(const struct model *model); /* of what is no layer */

/* By uniform or checkpoint name; -1 when there is none. */
int model_find_layer(const struct model *model, const char *name);

/* Tokens of the longest sequence that it computes: its context, unless its positions grow with the
 * sequence (dynamic RoPE, ALiBi). */
size_t model_longest(const struct model *model);

/* The whole matrix as float32 (rows, columns), whatever the file's layout. */
enum err model_read_layer(float *out, const struct model *model, int layer);

/* A block's weights will be read soon: let the disk begin. Past the last block: nothing. */
void model_expect_block(const struct model *model, size_t block);

/* Names one layer's float32 values; taken when first asked for and kept. Any thread. */
enum err model_key_layer(struct key *out, const struct model *model, int layer,
			 const struct work *work);

/* SHA-256 over every tensor's name, dtype, shape and bytes, in name order. Reads everything, once:
 * it is kept, and one that was cancelled goes on where it stopped. Progress is in bytes. */
enum err model_sha256(char out[HASH_HEX], const struct model *model, const struct work *work);

#endif
