#ifndef QUANTIZERS_NF4_H
#define QUANTIZERS_NF4_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

/* The tables of bitsandbytes (quantizers/nf4_tables.c), and its nested ("double") quantization of
 * the blocks' absolute maxima, apart so that a test can hand in the reference's own offset. */
extern const float nf4_map[16];
extern const float nf4_dynamic_map[256]; /* ascending, signed, 8-bit dynamic */

enum { NF4_NESTED_BLOCK = 256, NF4_TABLE = 65536 };

struct nf4_nested {
	float offset;   /* mean of the maxima */
	uint8_t *codes; /* (blocks) */
	float *absmax;  /* (blocks / 256, rounded up) */
};

/* The mean in double, rounded once: within 1 ulp of the reference's float32 sum. */
float nf4_offset(const float *absmax, size_t blocks);

/* Quantize `absmax` (blocks) and replace each by map[code] * nested absmax + offset. */
enum err nf4_nest(const struct nf4_nested *nested, float *absmax, size_t blocks);

#endif
