#ifndef QUANTIZERS_SINQ_H
#define QUANTIZERS_SINQ_H

#include "quantizers/grid.h"

/* Parts of sinq (quantizers/sinq.c): what it takes for weights, whether it normalises them, what it
 * stores beside its codes. */

/* Weights as they are taken, rounded to 16-bit floats or not. */
void sinq_take(float *out, const float *w, size_t n, enum scale_dtype dtype,
	       const struct kernels *kernels);

/* The fourth central moment over the square of the second, taken for at least 1e-6; 3 of a normal
 * distribution. */
enum err sinq_kurtosis(double *out, const struct quant_task *task, const struct quant_layer *layer,
		       enum scale_dtype dtype);

/* Scales or zero points on grids of 8 bits that are interleaved: of the order in which they are
 * stored, value i is on grid i % grids. code = rint((v - least) / step), step = range / 255. */
struct sinq_aux {
	float *values; /* (count) replaced by what their codes stand for */
	size_t count, grids;
	size_t tile_rows, tiles; /* value (row, tile) is at values[row * tiles + tile]; stored are
				    those of one tile after another, of tile_rows rows */
	uint8_t *codes;          /* (count) in the order stored */
	float *steps, *least;    /* (grids) as stored */
	enum scale_dtype dtype;  /* that they are stored in, and all is computed in */
};
enum err sinq_aux_quantize(struct sinq_aux *aux, const struct work *work);

/* Bits that a matrix of codes takes packed: rows of it share words with rows far away. */
double sinq_packed_bits(double bits, size_t rows, size_t columns);

#endif
