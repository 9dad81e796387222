#ifndef CORE_SCORE_H
#define CORE_SCORE_H

#include "core/forward.h"

/* What the head says about each scored token, from final hidden states. */
struct scored_text {
	const struct model *model;
	const struct model *original;   /* another model that is the original; NULL: the same */
	const struct sequence *windows; /* all of one length */
	size_t window_count;
	size_t first, per_window; /* positions first ... first + per_window - 1 predict the next */
};

/* Of the current model against the original, (window_count, per_window) each. */
struct scores {
	double *nll;
	double *divergence; /* KL of the original from the current; NULL for the original itself */
	double *agrees;     /* 1 where both put the same token on top, else 0; NULL likewise */
};

enum err scores_create(struct scores *out, size_t count, bool against);
void scores_free(struct scores *scores); /* contents, not the struct */

/* `original` NULL: nll alone. Hidden states are (windows, length, hidden). */
enum err score_text(struct scores *out, const struct scored_text *text, const float *current,
		    const float *original, const struct overlay *overlay, const struct work *work);

#endif
