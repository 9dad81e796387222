#ifndef CORE_LOSS_BANDS_H
#define CORE_LOSS_BANDS_H

#include "core/token_losses.h"

/* The losses of an evaluation by what kind of token they are of. By frequency: the scored tokens in
 * the order of how often each occurs in the text, cut into five bands of as many occurrences as
 * possible; tokens that occur equally often are in one band, so there may be fewer. By position:
 * the scored positions of a window in four parts. */
struct loss_band {
	size_t low, high; /* occurrences in the text, or positions in the window, both included */
	size_t scored;
	double baseline, current; /* mean nats; current NaN where the baseline alone was run */
	double delta, se;         /* of current - baseline, paired; se clustered by window */
};

enum { LOSS_FREQUENCIES = 5, LOSS_POSITIONS = 4 };

struct loss_bands { /* from rare to frequent; from a window's start to its end */
	struct loss_band frequency[LOSS_FREQUENCIES], position[LOSS_POSITIONS];
	size_t frequencies, positions; /* how many there are */
};

/* `text`: every id of the text that the windows were cut from, below `vocab`. */
struct loss_text {
	const int32_t *ids;
	size_t count, vocab;
};
enum err loss_bands_of(struct loss_bands *out, const struct token_losses *losses,
		       const struct loss_text *text);

#endif
