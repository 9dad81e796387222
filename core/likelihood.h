#ifndef CORE_LIKELIHOOD_H
#define CORE_LIKELIHOOD_H

#include "core/forward.h"

/* How likely each of some texts is behind a prompt that they share: the prompt runs once, and each
 * choice behind its keys and values. Equal, but for the last bits, to whole sequences; the same
 * bits in any company and on any threads. Natural logarithms. */
struct likelihood_item {
	struct sequence prompt;         /* one token at least */
	const struct sequence *choices; /* (choice_count) one token at least each */
	size_t choice_count;
};

struct likelihood_request {
	const struct model *model;
	const struct overlay *overlay; /* NULL: the model as it is */
	const struct likelihood_item *items;
	size_t count;
	size_t memory; /* bytes of what runs at once, about; 0: a default. One item always runs. */
};

/* nll: of all tokens of each choice together, in nats; every item's choices, one item after the
 * other. An empty prompt or choice, or both together
 * longer than the model's context, is ERR_RANGE. Progress is in tokens times blocks. */
enum err likelihood_run(double *nll, const struct likelihood_request *request,
			const struct work *work);

#endif
