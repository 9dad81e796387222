#include "core/architecture.h"

#include <string.h>

#define ARCHITECTURE(name) extern const struct architecture architecture_##name;
#include "core/architectures/architectures.def"
#undef ARCHITECTURE

const struct architecture *const architectures[] = {
#define ARCHITECTURE(name) &architecture_##name,
#include "core/architectures/architectures.def"
#undef ARCHITECTURE
	NULL
};

size_t
dimension_of(enum dimension dimension, const struct model_shape *shape)
{
	const size_t sizes[] = {
		[DIMENSION_NONE] = 1,
		[DIMENSION_HIDDEN] = shape->hidden,
		[DIMENSION_INTERMEDIATE] = shape->intermediate,
		[DIMENSION_QUERIES] = shape->heads * shape->head_dim,
		[DIMENSION_KEYS] = shape->kv_heads * shape->head_dim,
		[DIMENSION_VOCAB] = shape->vocab,
	};

	return sizes[dimension];
}

const struct architecture *
architecture_find(const char *model_type, const char *class_name)
{
	for (const struct architecture *const *a = architectures; *a; a++) {
		if (!(*a)->model_type)
			continue;
		if (model_type ? !strcmp((*a)->model_type, model_type)
			       : class_name && !strcmp((*a)->class_name, class_name))
			return *a;
	}
	return NULL;
}
