#ifndef CORE_TOKEN_LOSSES_H
#define CORE_TOKEN_LOSSES_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

/* What an evaluation found token by token: for differences between any two candidates on the same
 * tokens, and for losses by how frequent a token is or by where it stands. 20 bytes a token, so
 * made only where it is asked for (evaluator_measure, engine_evaluate_losses). Natural logarithms.
 *
 *	for (size_t i = 0; i < losses->count; i++)
 *		use(losses->ids[i], token_losses_position(losses, i), losses->current[i]); */
struct token_losses {
	size_t windows, per_window, count; /* count = windows * per_window */
	size_t first;     /* position in its window of the first scored token of each */
	int32_t *ids;     /* (windows, per_window) the tokens that were predicted */
	double *baseline; /* (windows, per_window) nats */
	double *current;  /* (windows, per_window) nats; NULL: the baseline alone was run */
};

/* Zeroed arrays of one kind each; the caller's. `current`: is there room for a second run? */
enum err token_losses_create(struct token_losses **out, size_t windows, size_t per_window,
			     size_t first, int current);
void token_losses_free(struct token_losses *losses); /* NULL is fine */

/* Where the i-th scored token stands in its window, counted from 0. */
static inline size_t
token_losses_position(const struct token_losses *losses, size_t i)
{
	return losses->first + i % losses->per_window;
}

#endif
