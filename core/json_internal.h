#ifndef CORE_JSON_INTERNAL_H
#define CORE_JSON_INTERNAL_H

#include "core/arena.h"
#include "core/json.h"

/* Shared by json_parse.c, json_keys.c and json.c alone. */
struct json_document {
	struct arena arena;
	const char *path;
	struct json root;
};

/* A set of (object, name) over the whole document, so that duplicates cost constant time however
 * many members an object has. Hashes are seeded per process: names cannot be made to collide. */
struct json_keys {
	struct json_keys_slot *slots;
	size_t capacity, count; /* capacity: a power of two, or 0 */
};

enum json_keys_result { JSON_KEYS_NEW, JSON_KEYS_DUPLICATE, JSON_KEYS_NOMEM };

enum json_keys_result json_keys_add(struct json_keys *keys, const struct json *object,
				    const struct json *member);
void json_keys_clear(struct json_keys *keys);
void json_keys_reset(struct json_keys *keys); /* empty, for what comes next */

#endif
