#include "core/rope.h"

#include "core/buf.h"
#include "kernels/forward.h"
#include "kernels/kernels.h"

#include <math.h>

enum err
rope_create(struct rope *out, const struct model_shape *shape, size_t positions)
{
	size_t half = shape->head_dim / 2;

	*out = (struct rope){ positions, half, shape->rope_interleaved, NULL, NULL };
	if (!(out->cosine = buf_alloc(positions * half, sizeof(*out->cosine))) ||
	    !(out->sine = buf_alloc(positions * half, sizeof(*out->sine)))) {
		rope_free(out);
		return ERR_NOMEM;
	}
	/* Frequencies and angles are float32, as those that models were trained with. */
	for (size_t i = 0; i < half; i++) {
		float exponent = (float)(2 * i) / (float)shape->head_dim;
		float frequency = 1.0f / (float)pow(shape->rope_theta, (double)exponent);

		for (size_t p = 0; p < positions; p++) {
			double angle = (double)((float)p * frequency);

			out->cosine[p * half + i] = (float)cos(angle);
			out->sine[p * half + i] = (float)sin(angle);
		}
	}
	return OK;
}

void
rope_free(struct rope *rope)
{
	buf_free(rope->cosine);
	buf_free(rope->sine);
	rope->cosine = rope->sine = NULL;
}

void
rope_apply(const struct rope *rope, float *x, size_t heads, size_t position)
{
	const struct forward_kernels *kernels = kernels_current()->forward;
	const float *cosine = rope->cosine + position * rope->half;
	const float *sine = rope->sine + position * rope->half;

	for (size_t h = 0; h < heads; h++, x += 2 * rope->half) {
		if (rope->interleaved)
			kernels->rotate_pairs(x, cosine, sine, rope->half);
		else
			kernels->rotate(x, x + rope->half, cosine, sine, rope->half);
	}
}
