#ifndef QUANTIZERS_HQQ_H
#define QUANTIZERS_HQQ_H

#include "quantizers/grid.h"

/* Parts of hqq (quantizers/hqq.c) that its tests reach. */

/* Codes per unit of weight on a range that `most` + 1 codes span: guarded as the reference guards
 * it for 16-bit floats, so a range up to 1e-4 gives 1, and none gives more than 2e4. */
float hqq_inverse(float range, float most);

/* Scales or zero points, on grids of 8 bits that are interleaved: value i is on grid i % grids. */
struct hqq_meta {
	float *values; /* (count) replaced by what their codes stand for */
	size_t count, grids;
	uint8_t *codes;         /* (count) */
	float *scales, *zeros;  /* (grids) as stored */
	enum scale_dtype dtype; /* that they are stored in */
};
void hqq_meta_quantize(const struct hqq_meta *meta);

/* Bits that a matrix of codes takes packed: rows of it share words with rows far away. */
double hqq_packed_bits(double bits, size_t rows, size_t columns);

#endif
