#ifndef CORE_FORMATS_GGUF_CONFIG_INTERNAL_H
#define CORE_FORMATS_GGUF_CONFIG_INTERNAL_H

#include "core/formats/gguf_config.h"
#include "core/json_print.h"

/* Shared by gguf_config.c, gguf_config_rope.c and gguf_check.c alone. */

enum { GGUF_KEY_ROOM = 96 };

/* gguf_keys.def. A list ends with NULL keys. */
struct gguf_member {
	size_t offset; /* in struct model_shape */
	bool needed;
	const char *keys;
};
extern const struct gguf_member gguf_members[];

/* NULL: no key says this member. */
const struct gguf_member *gguf_member_find(size_t offset);

/* Copies the first of the member's keys that the file has, or else the first of all; the value. */
const struct gguf_value *gguf_member_value(char key[GGUF_KEY_ROOM], const struct gguf *gguf,
					   const struct gguf_member *member);

/* Is there a word for this member in the family's config? */
bool gguf_family_reads(const struct architecture *family, size_t offset);

/* What several steps need to know, read and checked first. */
struct gguf_extents {
	size_t blocks, hidden, heads, kv_heads, head_dim;
};

/* ,"rope_parameters":{...}, for families with RoPE. */
enum err gguf_put_rope(struct json_text *to, const struct gguf_source *source,
		       const struct gguf_extents *extents);

/* Few digits that read back as the same number, of float32 where the file has that. */
enum err gguf_put_number(struct json_text *to, const struct gguf_value *value, double number);

#endif
