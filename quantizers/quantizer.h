#ifndef QUANTIZERS_QUANTIZER_H
#define QUANTIZERS_QUANTIZER_H

#include "core/overlay.h"
#include "core/statistics.h"
#include "core/work.h"
#include "kernels/kernels.h"
#include "quantizers/facts.h"
#include "quantizers/param.h"

/* A scheme is one file with one `const struct quantizer` and one line in quantizers.def. It holds
 * arithmetic only: no files, no threads (work_each alone), no screens, and it keeps no state. */

enum scope { SCOPE_LINEAR, SCOPE_INPUT_GROUP, SCOPE_BLOCK };

enum need {
	NEED_NOTHING = 0,
	NEED_CHANNELS = 1 << 0, /* statistics without the Gram matrix */
	NEED_GRAM = 1 << 1,
};

/* What a stored array is, for counting bits. */
enum part {
	PART_CODES,
	PART_SCALES,
	PART_ZERO_POINTS,
	PART_CODEBOOKS,
	PART_OUTLIERS,
	PART_OTHER,
	PART_PADDING,
	PART_COUNT
};
extern const char *const part_names[PART_COUNT]; /* "codes", ... as in the JSON */

/* One layer as given to a method. */
struct quant_layer {
	const char *name; /* for messages */
	size_t rows, columns;
	const float *weight; /* (rows, columns), the checkpoint's own; finite */
	const struct statistics
		*statistics; /* what `needs` asks for, else NULL; shared in a group */
	bool foldable; /* a scale on the input's columns can be folded into what comes before */
};

/* A further stored array of a method, named so that it can be written, read back and exported. */
struct quant_array {
	const char *name; /* a literal: "nested_codes" */
	enum quant_array_type { QUANT_U8, QUANT_U32, QUANT_F32 } type;
	size_t count;
	void *data; /* from buf_alloc */
};
enum { QUANT_EXTRAS = 6 };

/* One quantized layer: everything that would be stored, and what the forward pass needs. Owned by
 * the caller, freed by quantized_free. Immutable once solve returns. */
struct quantized {
	size_t rows, columns;
	uint8_t *codes;      /* (rows, columns) unpacked; signed grids have their offset added */
	float *scales;       /* (scale_count), laid out as group_size says below */
	float *zero_points;  /* (scale_count) in codes, or NULL: the middle of the grid */
	size_t scale_count;  /* rows * group_count; 1 for one scale; nf4: blocks */
	size_t group_count;  /* groups along one row; 0: not by row (one scale, flat blocks) */
	uint32_t *group_of;  /* (columns) group of each column, or NULL: column / group size */
	float *column_scale; /* (columns) s: the method quantized W diag(s); NULL: none */
	bool scale_folded;   /* column_scale is meant to be folded into what comes before */
	float *dequantized;  /* (rows, columns) effective weight in the checkpoint's own basis */
	float *method_scale; /* (columns) the method's own view of which channels matter, or NULL */
	uint64_t clipped;    /* weights whose rounded code lay beyond the grid's ends */
	double part_bits[PART_COUNT];            /* bits stored, everything counted */
	struct activation_effect *effect;        /* on the layer's input, or NULL */
	struct quant_array extras[QUANT_EXTRAS]; /* the method's own arrays; name NULL: unused */
	char note[160]; /* one line for people: "o_proj: scale not folded under grouped queries" */
};

struct quant_task {
	const struct kernels *kernels;
	const struct quantizer *quantizer;
	const struct param_values *params;
	const struct quant_layer
		*layers; /* the whole scope: one layer, or all that share the input */
	size_t layer_count;
	const struct work *work; /* progress in weights; publish finished tiles */
};

struct quantizer {
	const char *name;   /* snake_case, stable: it is written to recipes */
	const char *family; /* "rounding", "codebook", "compensated", "scaled" */
	const char *summary;
	const char *paper, *repository, *version; /* of the reference this is equal to */
	enum scope scope;
	unsigned needs;          /* enum need */
	unsigned method_version; /* raise it when the same inputs give other bytes: it names cached
				    results */
	const struct param *params;   /* ends with a NULL name */
	struct quantizer_facts facts; /* for choosing one */
	const char *absolute; /* constants in it that do not grow with the weights, or NULL */

	/* Of a method with a parameter `activations` (effects.h): the name of another that gives
	 * the effect its level, or NULL. */
	const char *effect_level;

	/* Put the settings that a preset stands for in place of the others. Optional. */
	void (*resolve)(struct param_values *params);

	/* Say in one line whether these settings fit a layer of this shape, before anything runs.
	 * Optional. */
	enum err (*check)(const struct param_values *params, size_t rows, size_t columns);

	/* Quantize every layer of the scope. out is (layer_count), zeroed; on failure the caller
	 * frees what is there. Weights are finite (quantizer_solve has seen to it). Cancel:
	 * work_check at least every 50 ms. */
	enum err (*solve)(struct quantized *out, const struct quant_task *task);
};

#define QUANTIZER(name) extern const struct quantizer quantizer_##name;
#include "quantizers/quantizers.def"
#undef QUANTIZER

extern const struct quantizer *const quantizers[]; /* ends with NULL */
const struct quantizer *quantizer_find(const char *name);

/* The way in: checks parameters, shapes and that weights and statistics are finite (the error names
 * the layer, row and column), then solves. out is (layer_count), owned by the caller. */
enum err quantizer_solve(struct quantized *out, const struct quant_task *task);
void quantized_free(struct quantized *quantized); /* contents, not the struct */

double quantized_bits(const struct quantized *quantized); /* all parts, in bits */
const struct quant_array *quantized_extra(const struct quantized *quantized, const char *name);
/* Add one, zeroed: its data, or NULL when memory is out. name is a literal. */
void *quantized_extra_add(struct quantized *quantized, const char *name, enum quant_array_type type,
			  size_t count);

/* The effect that a method with these parameters has on its layer's input, or NULL for none: what
 * quantized.effect holds, for results that come back from a cache. The caller's to buf_free. */
enum err quantizer_effect(struct activation_effect **out, const struct quantizer *quantizer,
			  const struct param_values *params);

#endif
