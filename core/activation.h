#ifndef CORE_ACTIVATION_H
#define CORE_ACTIVATION_H

#include <stdbool.h>
#include <stddef.h>

/* What an MLP does between its matrices; activations.def lists them. */
enum activation {
#define ACTIVATION(id, names, kernel) ACTIVATION_##id,
#include "core/activations.def"
#undef ACTIVATION
	ACTIVATION_COUNT
};

/* By its name in configs; false: there is none. */
bool activation_find(size_t *out, const char *name);
const char *activation_name(size_t activation);    /* "gelu_tanh" */
void activation_names(char *out, size_t capacity); /* "silu, gelu, ..." for messages */

/* x = f(x), or f(x) times `by` where that is given; n values. */
void activation_apply(size_t activation, float *x, const float *by, size_t n);

#endif
