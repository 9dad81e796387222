#ifndef CORE_FORWARD_PRIVATE_H
#define CORE_FORWARD_PRIVATE_H

#include "core/forward.h"
#include "core/rope.h"
#include "core/weights.h"

/* Shared by forward*.c alone. A block is worked off tile of tokens by tile of tokens: since
 * attention looks back only, a tile can pass through the whole block once the keys and values
 * before it are there. So besides those, memory is that of one tile. */

enum { FORWARD_TILE = 256 };

/* Everything that all sequences share. */
struct pass {
	struct hidden *hidden;
	const struct model *model;
	const struct model_block *block;
	const struct overlay *overlay;
	const struct forward_tap *tap;
	const struct forward_past *past; /* NULL: sequences begin here */
	const struct work *work;
	struct block_weights weights;
	float *ones;      /* (hidden) weights of norms that have none, or NULL */
	struct rope rope; /* where it is the same for all sequences */
	bool rope_by_length;
	int rope_which; /* of model.pattern.rope; -1: this block has none */
	float *alibi;   /* (heads, longest) or NULL */
	float scale;    /* of the scores */
	size_t window;  /* 0: all tokens */
	size_t tile;    /* tokens that go through at once */
	size_t first;   /* the least position that any sequence is at */
	size_t longest, scores_size;
	float **scratch; /* (workers) one allocation each */
	size_t **seen;   /* (workers) (experts) tokens that each got of the sequence so far */
};

/* One worker's memory, for one sequence at a time: the parts of one allocation. */
enum scratch_part {
	SCRATCH_KEY,        /* (longest, kv_heads head_dim), or what the past has */
	SCRATCH_VALUE,      /* the same */
	SCRATCH_NORMED,     /* (tile, hidden) what attention reads */
	SCRATCH_MLP_NORMED, /* (tile, hidden) what the MLP reads, where that differs */
	SCRATCH_EFFECT,     /* (tile, widest) */
	SCRATCH_QUERY,      /* (tile, heads head_dim) */
	SCRATCH_MIXED,      /* the same */
	SCRATCH_FUSED,      /* (tile, rows of a fused matrix) */
	SCRATCH_GATE,       /* (tile, widest intermediate) */
	SCRATCH_UP,         /* the same */
	SCRATCH_BRANCH,     /* (tile, hidden) before it is added to the stream */
	SCRATCH_POST,       /* (tile, hidden) */
	SCRATCH_ROUTED,     /* (tile, experts) */
	SCRATCH_GATHERED,   /* (tile, hidden) tokens of one expert */
	SCRATCH_EXPERT,     /* (tile, hidden) and what it makes of them */
	SCRATCH_SCORES,
	SCRATCH_COUNT
};

/* A tile of one sequence on its way through the block. */
struct tile_pass {
	const struct pass *pass;
	float *const *scratch;         /* (SCRATCH_COUNT) */
	size_t *seen;                  /* (experts) or NULL */
	const struct rope *rope;       /* NULL: none */
	size_t sequence, first, count; /* first: in the sequence, what went before included */
	float *x;                      /* (count, hidden) the residual stream */
};

/* Tokens that go through one matrix together: a tile, or those of it that an expert gets. */
struct rows_in {
	const float *x;
	size_t first, count; /* of the sequence, or of the expert's own */
};

/* Weights, positions and scratch of one block; close it also when opening failed. */
enum err forward_pass_open(struct pass *pass, int block);
void forward_pass_close(struct pass *pass);
void forward_scratch(float *out[SCRATCH_COUNT], const struct pass *pass, int worker);

/* Tell the tap of what a layer reads. */
enum err forward_tap_input(const struct tile_pass *tile, int layer, struct rows_in rows);

/* out = x weight' + bias, or added to out (then without bias); the layer's effect sees a copy. */
enum err forward_project(float *out, const struct tile_pass *tile, int layer, struct rows_in rows,
			 const float *bias, bool add);

/* out = norm(x), by a norm's slot and that of its bias; a copy where the block has none. */
void forward_norm(float *out, const struct tile_pass *tile, const float *x, enum slot weight,
		  enum slot bias);

/* A branch's last matrix, its bias, norm and factor, onto the residual stream. */
enum err forward_add_branch(const struct tile_pass *tile, int layer, const float *x, enum slot bias,
			    enum slot post_norm);
/* The same for what SCRATCH_BRANCH holds. */
enum err forward_add_stored(const struct tile_pass *tile, enum slot post_norm);

/* The two halves: `normed` is (count, hidden), added to tile.x. */
enum err forward_attention(const struct tile_pass *tile, const float *normed);
enum err forward_mlp(const struct tile_pass *tile, const float *normed);

/* Router and experts into SCRATCH_BRANCH. */
enum err forward_experts(const struct tile_pass *tile, const float *normed);

/* One MLP of the block: its layers (-1: none) and biases (or NULL). */
struct mlp {
	int gate_up, gate, up, down;
	const float *gate_bias, *up_bias;
	size_t width; /* intermediate */
};
/* Into SCRATCH_GATE come (count, width) what `down` reads. */
enum err forward_mlp_inner(const struct tile_pass *tile, const struct mlp *mlp,
			   struct rows_in rows);

#endif
