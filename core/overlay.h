#ifndef CORE_OVERLAY_H
#define CORE_OVERLAY_H

#include "core/err.h"
#include "core/hash.h"

#include <stddef.h>

/* What a recipe changes in the forward pass: some layers' weights, and what happens to their
 * inputs. Everything is borrowed and must outlive the computation that was given the overlay. */

/* An effect on a layer's input, applied to a copy: int8 per token, say. Rows come in tiles of one
 * sequence, cut from its start and as long as the forward pass takes them (256 tokens, 128 before
 * the head), the last one shorter: an effect that looks at a whole batch looks at a tile. */
struct activation_effect {
	const char *name;
	void (*apply)(const struct activation_effect *effect, float *x /* (tokens, columns) */,
		      size_t tokens, size_t columns);
	float level; /* the effect's own number: a threshold, a bound */
};

/* A layer's weights: all in memory, or read when they are needed, or the checkpoint's own. */
struct replacement {
	const float *weight; /* (rows, columns), or NULL: */
	/* Elements [first, first + count), from any thread; NULL too: the checkpoint's own. */
	enum err (*read)(float *out, const void *source, size_t first, size_t count);
	const void *source;                     /* for `read` */
	const struct activation_effect *effect; /* or NULL */
	struct key key;                         /* names the content: equal keys, equal results */
};

struct overlay {
	const struct replacement *layers; /* (model.layer_count); all of it NULL: unchanged */
};

#endif
