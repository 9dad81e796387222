/* The table is the generic set with each supported set's entries laid over it, best last. */
#include "kernels/kernels.h"

#include "kernels/sets.h"

#include <cblas.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SETS_MAX = 8 };

static struct kernels current;
static bool chosen;

static const struct kernels *
supported(size_t *count, const struct kernels *sets[SETS_MAX + 1])
{
	*count = 0;
#define KERNELS(name, supports) \
	if (supports)           \
		sets[(*count)++] = &kernels_##name;
#include "kernels/kernels.def"
#undef KERNELS
	sets[*count] = NULL;
	return sets[*count - 1];
}

const struct kernels *const *
kernels_available(void)
{
	static const struct kernels *sets[SETS_MAX + 1];
	size_t count;

	supported(&count, sets);
	return sets;
}

#define OVERLAY(field)   \
	if (from->field) \
	to->field = from->field

static void
overlay(struct kernels *to, const struct kernels *from)
{
	to->name = from->name;
	OVERLAY(absmax);
	OVERLAY(minmax);
	OVERLAY(dot);
	OVERLAY(sq_sum);
	OVERLAY(abs_sum);
	OVERLAY(sq_error);
	OVERLAY(axpy);
	OVERLAY(subtract);
	OVERLAY(multiply);
	OVERLAY(add_squares);
	OVERLAY(quantize);
	OVERLAY(affine);
	OVERLAY(stepwise);
	OVERLAY(affine_each);
	OVERLAY(dequantize_each);
	OVERLAY(zero_step);
	OVERLAY(scaled_moments);
	OVERLAY(quantize_column);
	OVERLAY(dequantize);
	OVERLAY(grid_error);
	OVERLAY(extend);
	OVERLAY(eliminate);
	OVERLAY(lookup_encode);
	OVERLAY(lookup_decode);
	OVERLAY(nearest_point);
	OVERLAY(hadamard);
	OVERLAY(divide);
	OVERLAY(scale);
	OVERLAY(round_f16);
	OVERLAY(round_bf16);
	OVERLAY(mini_encode);
	OVERLAY(mini_decode);
	OVERLAY(bin);
	OVERLAY(finite);
	OVERLAY(gemm);
	OVERLAY(forward);
}

const struct kernels *
kernels_select(const char *only)
{
	struct kernels table = { 0 };
	bool found = false;

	for (const struct kernels *const *set = kernels_available(); *set && !found; set++) {
		overlay(&table, *set);
		found = only && !strcmp((*set)->name, only);
	}
	if (only && !found)
		return NULL;
	openblas_set_num_threads(1);
	current = table;
	chosen = true;
	return &current;
}

const struct kernels *
kernels_current(void)
{
	const char *only;

	if (chosen)
		return &current;
	only = getenv("QSCOPE_KERNELS");
	return only && kernels_select(only) ? &current : kernels_select(NULL);
}

const char *
kernels_blas(void)
{
	static char text[288];
	char config[256];

	/* "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ... SkylakeX MAX_THREADS=64": the first two
	 * words. */
	snprintf(config, sizeof(config), "%s", openblas_get_config());
	strtok(config, " ");
	snprintf(text, sizeof(text), "%s %s %s", config, strtok(NULL, " "),
		 openblas_get_corename());
	return text;
}
