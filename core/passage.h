#ifndef CORE_PASSAGE_H
#define CORE_PASSAGE_H

#include "core/forward.h"
#include "core/states.h"

/* Sequences on their way through the blocks. The hidden states of each that enter a block are kept
 * under the key of everything upstream, so that what follows starts from the deepest that is still
 * there, whoever put it: the next block of a calibration, or an evaluation after a change. One
 * thread.
 *
 *	struct passage p = { model, overlay, sequences, count, states };
 *	passage_open(&p);
 *	passage_enter(&hidden, &p, first, n, block, work); ... hidden_free(hidden);
 *	passage_close(&p); */
struct passage {
	const struct model *model;
	const struct overlay *overlay;    /* or NULL */
	const struct sequence *sequences; /* (count) borrowed, as is everything */
	size_t count;
	struct states *states;

	struct key *chain; /* private: see passage_chain */
	struct key *names; /* private: (count) of the sequences */
};

/* (blocks + 1): what the states entering each block depend on, apart from the sequence; the last is
 * what the head reads. Equal where nothing that differs lies before the block. */
void passage_chain(struct key *chain, const struct model *model, const struct overlay *overlay);

enum err passage_open(struct passage *passage);
void passage_close(struct passage *passage);

/* The hidden states of sequences [first, first + count) that enter `block`, the caller's. Those of
 * the blocks passed on the way are kept. Progress: tokens times passage_cost. */
enum err passage_enter(struct hidden **out, const struct passage *passage, size_t first,
		       size_t count, size_t block, const struct work *work);

/* How many blocks must run for that. */
size_t passage_cost(const struct passage *passage, size_t first, size_t count, size_t block);

/* forward_block with the passage's model and overlay, while the disk reads on. */
enum err passage_run(const struct passage *passage, struct hidden *hidden, size_t block,
		     const struct forward_tap *tap, const struct work *work);

/* Keep what enters `block`. */
enum err passage_keep(const struct passage *passage, const struct hidden *hidden, size_t first,
		      size_t block);

/* Where a batch that begins with sequence `first` ends: at least one, and as many more as stay
 * within `memory` at so many bytes for each token. */
size_t passage_batch(const struct passage *passage, size_t first, size_t per_token, size_t memory);

/* Tokens of sequences [first, end). */
size_t passage_tokens(const struct passage *passage, size_t first, size_t end);

#endif
