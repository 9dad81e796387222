#ifndef QUANTIZERS_AWQ_H
#define QUANTIZERS_AWQ_H

#include "core/trace.h"
#include "quantizers/grid.h"

/* What the parts of awq share (awq.c: the scales; awq_rows.c: rounding rows and their loss;
 * awq_clip.c: the clipping bounds). */
struct awq_layer {
	const struct quant_layer *layer;
	struct quantized *out;
	float *bounds;           /* (rows, groups) |scaled weight| is clamped to this; NULL: none */
	struct grid tensor_grid; /* group_size 0: under the scales now set */
};

struct awq_item { /* a strip of rows: one unit of work */
	size_t layer, first, rows;
};

struct awq_scratch {       /* of one worker */
	float *difference; /* (TRACE_ROWS, columns) */
	float *product;    /* (TRACE_ROWS, TRACE_COLUMNS) */
	float *row;        /* (columns) */
	uint8_t *codes;    /* (columns) */
};

struct awq {
	const struct quant_task *task;
	const struct kernels *kernels;
	struct grid_setting setting;
	size_t columns, width, groups; /* width: of what one clipping bound or mean covers */
	struct awq_layer *layers;
	struct awq_item *items;
	size_t item_count;
	double *losses;              /* (items) */
	float *minima, *maxima;      /* (items) */
	uint64_t *clipped;           /* (items) */
	float *scale, *inverse;      /* (columns) s and 1 / s */
	struct awq_scratch *scratch; /* (threads) */
};

/* Round one row of W diag(s) and put it, times 1 / s, into out (columns); its grids are kept where
 * `keep` says. Returns how many weights lay beyond their grids. */
size_t awq_round_row(float *out, uint8_t *codes, struct awq *awq, const struct awq_item *item,
		     size_t row, struct awq_scratch *scratch, bool keep);

void awq_clamp(float *x, size_t n, float bound); /* to [-bound, bound] */

/* Ready the grids of whole tensors for the scales now set; nothing where grids are by row. */
enum err awq_find_tensor_grids(struct awq *awq);

/* tr(D H D') over all layers under the scales now set, D = Q(W diag(s)) / s - W. */
enum err awq_loss(double *out, struct awq *awq);

/* Choose the bounds of every layer but those that make queries and keys. */
enum err awq_clip(struct awq *awq);

#endif
