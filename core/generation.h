#ifndef CORE_GENERATION_H
#define CORE_GENERATION_H

#include "core/forward.h"

#include <stdbool.h>

/* Greedy generation: from each prompt on, the most likely token, again and again; of equal ones
 *that with the lowest id. Keys and values of what went before are kept, so that a token costs one
 *pass over one token. Prompts run together as far as memory allows, each with the bits it has
 *alone.
 *
 *	struct generation_request request = { .model = model, .prompts = prompts, .count = n,
 *					      .max_tokens = 32, .eos = tokenizer_eos(tokenizer) };
 *	code = generation_run(&made, &request, work);
 *	...made->ids[i * made->stride]... made->length[i] tokens...
 *	generation_free(made);
 */
struct generation_request {
	const struct model *model;
	const struct overlay *overlay; /* NULL: the model as it is */
	const struct sequence *prompts;
	size_t count;
	size_t max_tokens; /* of each prompt; fewer where the model's context ends */
	int32_t eos;       /* ends a prompt; -1: none does */
	size_t memory;     /* bytes for keys, values and weights that stay open; 0: a default */
	/* Asked on the caller's thread after each token: does `prompt` end with these? Or NULL. */
	bool (*stop)(void *ctx, size_t prompt, const int32_t *ids, size_t count);
	void *stop_ctx;
};

struct generation {
	int32_t *ids;   /* (count, stride) without the prompts, with the token that ended them */
	size_t *length; /* (count) */
	size_t stride;
};

/* An empty prompt is ERR_RANGE, and so is one that leaves no room in the model's context. Keys and
 * values of one prompt alone above `memory` are ERR_NOMEM. Where the logits hold NaN a prompt ends.
 * Progress is in tokens times blocks. */
enum err generation_run(struct generation **out, const struct generation_request *request,
			const struct work *work);
/* An empty one, for texts that were kept elsewhere. */
enum err generation_create(struct generation **out, size_t count, size_t stride);
void generation_free(struct generation *generation); /* NULL is fine */

/* The first of the largest; -1 where there is a NaN. */
int32_t generation_choose(const float *logits, size_t vocab);

#endif
