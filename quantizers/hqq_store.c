/* What hqq stores beside its codes, and how many bits they take. */
#include "quantizers/hqq.h"

#include <math.h>

/* 16-bit floats were in mind. */
static const float least_range = 1e-4f, most_inverse = 2e4f;

/* A reciprocal and then a product, in this order: the reference's bits. */
float
hqq_inverse(float range, float most)
{
	float inverse = 1.0f / range * most;

	if (fabsf(range) <= least_range)
		return 1.0f;
	return inverse < most_inverse ? inverse : most_inverse;
}

static void
range_of(float *min, float *max, const struct hqq_meta *meta, size_t grid)
{
	*min = *max = meta->values[grid];
	for (size_t i = grid; i < meta->count; i += meta->grids) {
		*min = fminf(*min, meta->values[i]);
		*max = fmaxf(*max, meta->values[i]);
	}
}

static void
quantize_grid(const struct hqq_meta *meta, size_t grid)
{
	float min, max, inverse, zero;

	range_of(&min, &max, meta, grid);
	inverse = hqq_inverse(max - min, 255.0f);
	zero = -min * inverse;
	meta->scales[grid] = grid_narrow(1.0f / inverse, meta->dtype);
	meta->zeros[grid] = grid_narrow(zero, meta->dtype);
	for (size_t i = grid; i < meta->count; i += meta->grids) {
		float code = rintf(meta->values[i] * inverse + zero);

		code = fmaxf(fminf(code, 255.0f), 0.0f);
		meta->codes[i] = (uint8_t)code;
		meta->values[i] = (code - meta->zeros[grid]) * meta->scales[grid];
	}
}

void
hqq_meta_quantize(const struct hqq_meta *meta)
{
	for (size_t grid = 0; grid < meta->grids; grid++)
		quantize_grid(meta, grid);
}

/* Of each `rows` rows one is made, of so many bytes for each column. */
double
hqq_packed_bits(double bits, size_t rows, size_t columns)
{
	static const struct packing {
		double bits;
		size_t rows, bytes;
	} packings[] = { { 1, 8, 1 }, { 1.58, 4, 1 }, { 2, 4, 1 }, { 3, 10, 4 }, { 4, 2, 1 } };
	size_t shared = 1, bytes = 1;

	for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++)
		if (packings[i].bits == bits) {
			shared = packings[i].rows;
			bytes = packings[i].bytes;
		}
	return 8.0 * (double)((rows + shared - 1) / shared) * (double)bytes * (double)columns;
}
