#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include "core/err.h"
#include "core/shape.h"

#include <stdbool.h>
#include <stddef.h>

/* config.json of a Hugging Face folder: which family, which shape. Spellings of all years are read;
 * an absent key has the default of the family's class in transformers. */
struct json;
struct json_document;

enum config_type {
	CONFIG_TYPE_SIZE,
	CONFIG_TYPE_NUMBER,
	CONFIG_TYPE_BOOL,
	CONFIG_TYPE_ACTIVATION,   /* a name from activations.def */
	CONFIG_TYPE_SIZE_OR_NULL, /* absent: the default; null: 0 */
	CONFIG_TYPE_NUMBER_OR_NULL
};

/* Limits that no published model comes near; they keep every product of two within 64 bits. */
enum {
	CONFIG_BLOCKS_MAX = SHAPE_BLOCKS_MAX,
	CONFIG_WIDTH_MAX = 1 << 24,
	CONFIG_HEADS_MAX = 1 << 16,
	CONFIG_EXPERTS_MAX = 1 << 12,
	CONFIG_VOCAB_MAX = 1 << 26,
	CONFIG_CONTEXT_MAX = 1 << 30,
	CONFIG_DERIVED = 0 /* follows from other keys: kv_heads, head_dim */
};

/* One key, where it goes, and what it may be. A list ends with a NULL name. */
struct config_key {
	const char *name; /* of several parted by '|' the first that is there */
	enum config_type type;
	size_t offset; /* in struct model_shape */
	double min, max, missing;
};

#define CONFIG_KEY(name, type, member, min, max, missing)                           \
	{                                                                           \
		name, type, offsetof(struct model_shape, member), min, max, missing \
	}
#define CONFIG_SIZE(name, member, min, max, missing) \
	CONFIG_KEY(name, CONFIG_TYPE_SIZE, member, min, max, missing)
#define CONFIG_NUMBER(name, member, min, max, missing) \
	CONFIG_KEY(name, CONFIG_TYPE_NUMBER, member, min, max, missing)
#define CONFIG_BOOL(name, member, missing) CONFIG_KEY(name, CONFIG_TYPE_BOOL, member, 0, 1, missing)
#define CONFIG_ACTIVATION(name, missing) \
	CONFIG_KEY(name, CONFIG_TYPE_ACTIVATION, activation, 0, 0, missing)
#define CONFIG_SIZE_OR_NULL(name, member, min, max, missing) \
	CONFIG_KEY(name, CONFIG_TYPE_SIZE_OR_NULL, member, min, max, missing)
#define CONFIG_NUMBER_OR_NULL(name, member, min, max, missing) \
	CONFIG_KEY(name, CONFIG_TYPE_NUMBER_OR_NULL, member, min, max, missing)

/* A key whose value must be one of `allowed`, parted by '|' ("silu|swish", "false"), or absent. */
struct config_rule {
	const char *key, *allowed;
};

/* What a reader works on: `object` holds the keys, the document's root or the text part in it. */
struct config_reading {
	struct model_description *out;
	const struct json_document *document;
	const struct json *object;
};

/* Read the whole description. Every refusal names file, key and value. */
enum err config_describe(struct model_description *out, const struct json_document *config);

#endif
