#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

/* config.json of a Hugging Face folder: which family, which shape. Spellings of all years are read;
 * an absent key has the default of the family's class in transformers. */
struct architecture;
struct json_document;
struct model_shape;

enum config_type { CONFIG_TYPE_SIZE, CONFIG_TYPE_NUMBER, CONFIG_TYPE_BOOL };

/* Limits that no published model comes near; they keep every product of two within 64 bits. */
enum {
	CONFIG_BLOCKS_MAX = 10000,
	CONFIG_WIDTH_MAX = 1 << 24,
	CONFIG_HEADS_MAX = 1 << 16,
	CONFIG_VOCAB_MAX = 1 << 26,
	CONFIG_CONTEXT_MAX = 1 << 30,
	CONFIG_DERIVED = 0 /* follows from other keys: kv_heads, head_dim */
};

/* One key, where it goes, and what it may be. A list ends with a NULL name. */
struct config_key {
	const char *name;
	enum config_type type;
	size_t offset; /* in struct model_shape */
	double min, max, missing;
};

#define CONFIG_SIZE(name, member, min, max, missing)                                            \
	{                                                                                       \
		name, CONFIG_TYPE_SIZE, offsetof(struct model_shape, member), min, max, missing \
	}
#define CONFIG_NUMBER(name, member, min, max, missing)                                            \
	{                                                                                         \
		name, CONFIG_TYPE_NUMBER, offsetof(struct model_shape, member), min, max, missing \
	}
#define CONFIG_BOOL(name, member, missing)                                                  \
	{                                                                                   \
		name, CONFIG_TYPE_BOOL, offsetof(struct model_shape, member), 0, 1, missing \
	}

/* A key whose value must be one of `allowed`, parted by '|' ("silu|swish", "false"), or absent. */
struct config_rule {
	const char *key, *allowed;
};

/* Read the whole shape. Every refusal names file, key and value. */
enum err config_describe(struct model_shape *out, const struct architecture **architecture,
			 const struct json_document *config);

#endif
