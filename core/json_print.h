#ifndef CORE_JSON_PRINT_H
#define CORE_JSON_PRINT_H

#include "core/json.h"

/* A parsed document printed again, for files that are copied with small changes (config.json, an
 * index, a safetensors header). Everything else that qscope writes goes through cJSON. */
struct json_text {
	char *text; /* NUL-terminated; NULL while empty */
	size_t length, capacity;
};

void json_text_free(struct json_text *text);
enum err json_text_add(struct json_text *to, const char *bytes, size_t length);
enum err json_text_format(struct json_text *to, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
enum err json_text_string(struct json_text *to, const char *string, size_t length); /* quoted */

/* A member of the outermost object whose value is printed as `text` instead. */
struct json_change {
	const char *key, *text; /* a list ends with a NULL key */
};

/* Indented by two blanks. Numbers keep their value and whether they have a fraction. `changes` may
 * be NULL. */
enum err json_print(struct json_text *to, const struct json *value,
		    const struct json_change *changes);

#endif
