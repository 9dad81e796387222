#ifndef CORE_SHAPE_H
#define CORE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a model computes, as its config says: plain numbers, no tensors. */

struct model_shape {
#define SHAPE_SIZE(name)   size_t name;
#define SHAPE_NUMBER(name) double name;
#define SHAPE_FLAG(name)   bool name;
#include "core/shape.def"
#undef SHAPE_SIZE
#undef SHAPE_NUMBER
#undef SHAPE_FLAG
};

/* What differs from block to block. */
enum {
	BLOCK_SLIDING = 1, /* sees shape.window tokens */
	BLOCK_NO_ROPE = 2,
	BLOCK_SPARSE = 4, /* its MLP is a router and experts */
};

enum { SHAPE_BLOCKS_MAX = 2048, ROPE_FACTORS_MAX = 256 };

/* Rotary positions: doubles throughout, so that the numbers may be hashed as bytes. */
struct rope_numbers {
	double theta, factor, context, original_context;
	double attention_factor; /* of cosine and sine */
	double low_freq_factor, high_freq_factor, beta_fast, beta_slow;
	double truncate; /* 0 or 1 */
	double short_factor[ROPE_FACTORS_MAX], long_factor[ROPE_FACTORS_MAX];
};

struct rope_setting {
	const struct rope_kind *kind; /* core/rope_kinds.h; NULL: the model has no RoPE */
	struct rope_numbers numbers;
};

struct model_pattern {
	uint8_t block[SHAPE_BLOCKS_MAX]; /* BLOCK_... */
	struct rope_setting rope[2];     /* of all blocks; of sliding blocks where rope_local */
};

struct architecture;

/* All that a config gives. */
struct model_description {
	const struct architecture *architecture;
	struct model_shape shape;
	struct model_pattern pattern;
	bool wrapped; /* the text part of a model that has others */
};

#endif
