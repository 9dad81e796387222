#ifndef QUANTIZERS_GPTQ_STRIP_H
#define QUANTIZERS_GPTQ_STRIP_H

#include "quantizers/gptq_factor.h"
#include "quantizers/grid.h"

/* One strip of rows, rounded slot by slot: a unit of work of its own. */
enum { GPTQ_STRIP = 256 };

struct gptq {
	const struct quant_task *task;
	const struct quant_layer *layer;
	struct quantized *out;
	struct grid_setting setting;
	bool act_order;
	bool grouped;      /* grids of groups, not of whole rows or the tensor */
	bool fixed_groups; /* grids are known before the loop, by column */
	struct gptq_factor factor;
	size_t groups; /* grids of one row */
	struct grid tensor_grid;
	struct strip *strips; /* (threads) scratch */
	uint64_t *clipped;    /* (strips) */
};

/* Scratch of one worker. Matrices are (slots, GPTQ_STRIP): a slot's rows lie side by side. */
struct strip {
	size_t first, rows;
	size_t loaded; /* slots from here on hold their weights */
	float *value;  /* what is owed to the weights; what their codes stand for once rounded */
	float *error;  /* the weights; minus the quantized once rounded */
	uint8_t *codes;
	float *expected;             /* see strip_expect; NULL where grids are fixed */
	float *scale, *zero;         /* (groups, GPTQ_STRIP) */
	float *min, *max, *gathered; /* (GPTQ_STRIP), (GPTQ_STRIP), (group width) */
	size_t *owed;                /* (blocks) slots from here on have been added to the block */
};

bool gptq_strip_alloc(const struct gptq *gptq, struct strip *strip);
void gptq_strip_free(struct strip *strip); /* contents, also after a failure, not the struct */

/* For work_each: strip `index` of the struct gptq, in the worker's scratch. */
enum err gptq_strip_solve(void *arg, size_t index, int worker);

/* What one block of a strip of `rows` costs, in units of progress. */
uint64_t gptq_strip_cost(size_t rows, size_t block);

/* The group of a slot: of its place in the order, or of its column where grids are fixed. */
size_t gptq_strip_group(const struct gptq *gptq, size_t slot);

#endif
