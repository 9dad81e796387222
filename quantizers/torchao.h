#ifndef QUANTIZERS_TORCHAO_H
#define QUANTIZERS_TORCHAO_H

#include "quantizers/quantizer.h"
#include "quantizers/stepwise.h"

#include <stdbool.h>

/* Parts of the method torchao (quantizers/torchao.c): how one group's grid is chosen, and the two
 * solvers that need all groups. */
enum torchao_variant { INT8WO, INT4WO, INTX, INT8DYN, FP8WO, FP8DYN };
enum torchao_mapping { SYMMETRIC, ASYMMETRIC, SYMMETRIC_NO_CLIPPING };
enum torchao_rule { RULE_DEFAULT, RULE_TINYGEMM, RULE_HQQ, RULE_HQQ_SCALE_ONLY };

struct torchao {
	const struct quant_task *task;
	const struct quant_layer *layer;
	struct quantized *out;
	enum torchao_variant variant;
	enum torchao_mapping mapping;
	enum torchao_rule rule;
	enum float_type type; /* of the model's weights */
	int bits;             /* of integers */
	size_t width;         /* columns that share a scale */
	size_t height;        /* rows that do; 0: all, and width is the row */
	float most;           /* max |w| of the tensor, when it has one grid */
	float *solved;        /* (groups) what a solver found: inverses and zeros, or scales */
	float *solved_zeros;
	float *zeros; /* (groups) stored zeros that are weights, not codes, or NULL */
};

/* What a group with this range becomes; `stored` is its scale, and *zero what stands for the code
 * 0 where the method stores such a thing: a code, or for int4 a weight. `group` names it to what
 * was solved. */
struct torchao_grid {
	struct stepwise map;
	float stored, zero;
};
struct torchao_grid torchao_grid(const struct torchao *torchao, float min, float max, size_t group);

float torchao_float8_scale(const struct torchao *torchao, float absmax);

/* Fill solved (and solved_zeros). Weights must be rounded to the type already: `weights`. */
enum err torchao_solve_hqq(struct torchao *torchao, const float *weights);
enum err torchao_solve_scales(struct torchao *torchao, const float *weights);

#endif
