#ifndef QUANTIZERS_EFFECTS_H
#define QUANTIZERS_EFFECTS_H

#include "core/overlay.h"
#include "quantizers/param.h"

/* What a method may do to the input of its layer: the choices of its parameter `activations`, by
 * name. "none", or one of the list in effects.c:
 *
 *   int8_token   dynamic symmetric int8 of each token, s = max|x| / 127
 *   int8_range   the same over the whole range, s = max|x| / 127.5: compressed-tensors'
 *   int8_bitnet  the same as BitNet does it: -128 to 127, a token's maximum at least 1e-5
 *   int8_split   LLM.int8: columns in which a batch (at most 256 tokens) has |x| >= level
 *                stay in 16 bits, the rest is int8, s = max of what lies below level / 127
 *   fp8_token    e4m3 of each token, s = max|x| / 448, the maximum at most level where that is > 0
 *   int8_torchao           torchao's: s = max|x| / 127.5, -128 to 127
 *   int8_torchao_tensor    the same with one scale for all tokens
 *   int8_torchao_affine    each token's own range, zero in it, 256 steps
 *   fp8_tensor   e4m3 of all tokens, s = max|x| / 448
 *   fp8_block    e4m3 of each 128 columns of a token
 *   int8_static  int8 of a step that is known before, s = level; 0 leaves all as it is
 *   mxfp4, mxfp8 each 32 columns of a token in that format (mx.h), exponents even
 */
const struct activation_effect *effects_find(const char *name); /* NULL for none */

/* For methods whose weights go with either kind of input. */
extern const char *const effects_int8[]; /* none, int8_token */

#define EFFECTS_PARAM                                                                           \
	{                                                                                       \
		.name = "activations", .type = PARAM_CHOICE, .choices = effects_int8,           \
		.help = "what happens to the layer's input: int8_token rounds each token to 8 " \
			"bits"                                                                  \
	}

#endif
