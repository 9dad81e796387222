#ifndef CORE_FORWARD_H
#define CORE_FORWARD_H

#include "core/model.h"
#include "core/overlay.h"
#include "core/work.h"

#include <stdint.h>

/* The forward pass in float32. One sequence is one unit of work, run with BLAS calls whose shapes
 * depend on that sequence alone: so results are the same bits for any thread count and any company
 * in the batch. Blocks stream: one block's weights are in float32 at a time. Progress is counted in
 * tokens times blocks; callers say what to expect. Cancelled within 50 ms. */

struct sequence { /* borrowed token ids */
	const int32_t *ids;
	size_t count;
};

/* All of it for one sequence: logits is (count, vocab). Expects (blocks + 1) count units. */
enum err forward_logits(float *logits, const struct model *model, const struct overlay *overlay,
			struct sequence sequence, const struct work *work);

/* Hidden states of many sequences: (sum of counts, hidden), sequence after sequence. */
struct hidden {
	float *x;
	size_t *start; /* (sequences + 1) row where each begins */
	size_t sequences, columns;
};

struct block_weights;

enum err hidden_create(struct hidden **out, const struct sequence *sequences, size_t count,
		       size_t columns);
void hidden_free(struct hidden *hidden);

/* Token ids to embeddings; the sequences are those that `out` was created for. ERR_RANGE names an
 * id outside the vocabulary, or a sequence longer than the model's context. */
enum err forward_embed(struct hidden *out, const struct model *model, const struct overlay *overlay,
		       const struct sequence *sequences, const struct work *work);

/* Called on a worker with the input of each model_input of a block before any activation effect:
 * x is (tokens, columns), the sequence's tokens [first, first + tokens). An expert's input holds
 * the tokens that chose it alone: first counts those. The tiles of a sequence come in order,
 * sequences in any order and at the same time. */
struct forward_tap {
	enum err (*input)(void *ctx, int input, size_t sequence, size_t first, const float *x,
			  size_t tokens, size_t columns);
	void *ctx;
};

/* One block over all sequences, in place. `overlay` and `tap` may be NULL. */
enum err forward_block(struct hidden *x, const struct model *model, int block,
		       const struct overlay *overlay, const struct forward_tap *tap,
		       const struct work *work);

/* Sequences that go on: keys and values of the tokens that each went through before. */
struct forward_past {
	const size_t *done; /* (sequences) how many those are */
	/* Of one block, (sequences) each (done and what comes now, kv_heads head_dim): read, and
	 * filled in for the tokens that come now. */
	float *const *key, *const *value;
	const struct block_weights *weights; /* the block's, open; NULL: they are read */
};

/* The same two for the tokens that follow upon those: `sequences` are those tokens alone. Equal,
 * but for the last bits, to what all tokens at once give. An activation effect sees the tokens of
 * one call together. */
enum err forward_embed_after(struct hidden *out, const struct model *model,
			     const struct overlay *overlay, const struct sequence *sequences,
			     const size_t *done, const struct work *work);
enum err forward_block_after(struct hidden *x, const struct model *model, int block,
			     const struct overlay *overlay, const struct forward_past *past,
			     const struct work *work);

/* What the head reads, (tokens, embed_columns): the final norm, and the projection of those models
 * that have one. */
enum err forward_head_input(float *out, const struct model *model, const struct overlay *overlay,
			    const float *x, size_t tokens, const struct work *work);

/* Final norm and head for `tokens` rows of hidden states: logits is (tokens, vocab), x is left
 * alone. Needs the head loaded once: forward_head_open. Any thread after that. */
struct forward_head;
enum err forward_head_open(struct forward_head **out, const struct model *model,
			   const struct overlay *overlay, const struct work *work);
void forward_head_free(struct forward_head *head); /* NULL is fine */
enum err forward_head_logits(float *logits, const struct forward_head *head, const float *x,
			     size_t tokens, const struct work *work);

#endif
