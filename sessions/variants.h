#ifndef SESSIONS_VARIANTS_H
#define SESSIONS_VARIANTS_H

#include "sessions/recipe.h"

/* The settings that the main job and the loss-against-bits picture compare: sessions/variants.def
 * lists them. */
struct variant {
	const char *name;   /* "gptq 3" */
	const char *method; /* of quantizers.def */
	int bits;           /* 0: the method has no such parameter */
};

enum {
	VARIANT_COUNT = 0
#define VARIANT(name, method, bits) +1
#include "sessions/variants.def"
#undef VARIANT
};

extern const struct variant variants[]; /* (VARIANT_COUNT), then one with a NULL name */

/* A recipe with this setting as its default; `group_size` where the method has one. */
enum err variant_recipe(struct recipe *out, const struct variant *variant, int group_size,
			const struct calibration_setting *calibration);

#endif
