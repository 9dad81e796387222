#include "core/alibi.h"

#include "core/buf.h"
#include "core/tensor.h"

#include <math.h>

/* For a power of two of heads n: 2^(-8 (i + 1) / n). Otherwise those of the next lower power, then
 * every other one of twice that. */
static float
slope_of(size_t head, size_t heads)
{
	size_t power = 1;

	while (2 * power <= heads)
		power *= 2;
	if (head < power)
		return (float)exp2(-8.0 * (double)(head + 1) / (double)power);
	return (float)exp2(-8.0 * (double)(2 * (head - power) + 1) / (double)(2 * power));
}

static float
rounded(float x)
{
	return bf16_to_f32(bf16_from_f32(x));
}

enum err
alibi_create(float **out, const struct model_shape *shape, float scale, size_t positions)
{
	float *bias = buf_alloc(shape->heads * positions, sizeof(*bias));

	if (!(*out = bias))
		return ERR_NOMEM;
	for (size_t head = 0; head < shape->heads; head++, bias += positions) {
		float slope = slope_of(head, shape->heads);

		for (size_t i = 0; i < positions; i++)
			bias[i] = shape->alibi_rough ? rounded(rounded(slope) * (float)i) * scale
						     : slope * (float)i;
	}
	return OK;
}
