#ifndef CORE_ROPE_H
#define CORE_ROPE_H

#include "core/model.h"

/* Rotary position embedding (Su et al. 2021): pair i of a head turns by position times the i-th
 * frequency, which its kind of scaling gives (core/rope_kind.h). Angles are rounded to float32 at
 * each step, as the models were trained with. */
struct rope {
	size_t first, end;    /* the positions that it knows */
	size_t half;          /* rotary_dim / 2 */
	size_t head_dim;      /* values behind the first rotary_dim stay */
	bool interleaved;     /* pairs (2i, 2i + 1); else (i, i + half) */
	float *cosine, *sine; /* (end - first, half); NULL: nothing turns */
};

/* For the tokens from `first` on of sequences of `end` tokens. `which` of model.pattern.rope. */
enum err rope_create(struct rope *out, const struct model *model, int which, size_t first,
		     size_t end);
/* Whether a sequence turns its first tokens the same way at both lengths. */
enum err rope_stays(bool *out, const struct model *model, int which, size_t length, size_t longer);
void rope_free(struct rope *rope); /* contents, not the struct */

/* Turn `heads` heads of one token in place. */
void rope_apply(const struct rope *rope, float *x /* (heads, head_dim) */, size_t heads,
		size_t position);

#endif
