#ifndef QUANTIZERS_BNB4_H
#define QUANTIZERS_BNB4_H

#include "quantizers/quantizer.h"

/* What nf4 and fp4 share: they differ in their map alone. */
struct bnb4_map {
	float values[16];  /* by code */
	uint8_t order[16]; /* codes by ascending value */
};
extern const struct param bnb4_params[]; /* block_size, double_quant, compute_dtype */
enum err bnb4_solve(struct quantized *out, const struct quant_task *task,
		    const struct bnb4_map *map);

/* Its nested ("double") quantization of the blocks' absolute maxima, apart so that a test can hand
 * in the reference's own offset. */
extern const float bnb4_dynamic_map[256]; /* ascending, signed, 8-bit dynamic */

enum { BNB4_NESTED_BLOCK = 256, BNB4_TABLE = 65536 };

struct bnb4_nested {
	float offset;   /* mean of the maxima */
	uint8_t *codes; /* (blocks) */
	float *absmax;  /* (blocks / 256, rounded up) */
};

/* The mean in double, rounded once: within 1 ulp of the reference's float32 sum. */
float bnb4_offset(const float *absmax, size_t blocks);

/* Quantize `absmax` (blocks) and replace each by map[code] * nested absmax + offset. */
enum err bnb4_nest(const struct bnb4_nested *nested, float *absmax, size_t blocks);

#endif
