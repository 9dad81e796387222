#include "core/architecture.h"

#include <string.h>

#define ARCHITECTURE(name) extern const struct architecture architecture_##name;
#include "core/architectures/architectures.def"
#undef ARCHITECTURE

const struct architecture *const architectures[] = {
#define ARCHITECTURE(name) &architecture_##name,
#include "core/architectures/architectures.def"
#undef ARCHITECTURE
	NULL,
};

const struct architecture *
architecture_find(const char *model_type)
{
	for (const struct architecture *const *a = architectures; *a; a++)
		for (const char *const *type = (*a)->model_types; *type; type++)
			if (!strcmp(*type, model_type))
				return *a;
	return NULL;
}

size_t
architecture_size(const struct model_shape *shape, const char *name)
{
	const struct {
		const char *name;
		size_t size;
	} sizes[] = {
		{ "hidden", shape->hidden },
		{ "q", shape->heads * shape->head_dim },
		{ "kv", shape->kv_heads * shape->head_dim },
		{ "intermediate", shape->intermediate },
		{ "vocab", shape->vocab },
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (!strcmp(sizes[i].name, name))
			return sizes[i].size;
	return 0;
}
