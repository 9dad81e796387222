#include "core/architecture.h"

#include "core/words.h"

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
	const size_t query = shape->heads * shape->head_dim;
	const size_t key = shape->kv_heads * shape->head_dim;
	const size_t sizes[DIMENSION_COUNT] = {
		[DIMENSION_NONE] = 1,
		[DIMENSION_ONE] = 1,
		[DIMENSION_HIDDEN] = shape->hidden,
		[DIMENSION_INTERMEDIATE] = shape->intermediate,
		[DIMENSION_GATE_UP] = 2 * shape->intermediate,
		[DIMENSION_QUERIES] = query,
		[DIMENSION_KEYS] = key,
		[DIMENSION_QKV] = query + 2 * key,
		[DIMENSION_HEAD_DIM] = shape->head_dim,
		[DIMENSION_HEADS] = shape->heads,
		[DIMENSION_KV_HEADS] = shape->kv_heads,
		[DIMENSION_VOCAB] = shape->vocab,
		[DIMENSION_EMBED] = shape->embed_columns,
		[DIMENSION_POSITIONS] = shape->context + shape->position_offset,
		[DIMENSION_EXPERTS] = shape->experts,
		[DIMENSION_EXPERT_INTERMEDIATE] = shape->expert_intermediate,
		[DIMENSION_EXPERT_GATE_UP] = 2 * shape->expert_intermediate,
		[DIMENSION_SHARED_INTERMEDIATE] = shape->shared_intermediate,
	};

	return sizes[dimension];
}

static bool
is_named(const char *words, const char *word)
{
	return words && word && words_have(words, word, strlen(word));
}

const struct architecture *
architecture_find(const char *model_type, const char *class_name)
{
	for (const struct architecture *const *a = architectures; *a; a++)
		if (model_type ? is_named((*a)->model_types, model_type)
			       : is_named((*a)->class_names, class_name))
			return *a;
	return NULL;
}
