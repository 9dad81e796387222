#ifndef SESSIONS_JSON_IN_H
#define SESSIONS_JSON_IN_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reading back what qscope writes itself: recipes and sessions. The bytes are as hostile as any:
 * bounded size and depth, no duplicate keys, UTF-8 alone, every key known. Errors name the file and
 * the place ("rules[2].params.bits"). */
struct cJSON;

struct json_in { /* one value and where it stands; copies are fine */
	const struct cJSON *value;
	const char *path; /* the file, for messages */
	char where[200];
};

enum { JSON_IN_LIMIT = 64 << 20 }; /* bytes */

/* The tree is freed by json_in_free; `text` may be freed at once. */
enum err json_in_parse(struct json_in *out, const char *text, size_t length, const char *path);
void json_in_free(struct json_in *root);

/* Refuse what is not an object, or has a key that is not in `keys` (ends with NULL), naming the
 * nearest. */
enum err json_in_keys(const struct json_in *object, const char *const *keys);

/* The member, or a value of NULL when it is absent or null. */
struct json_in json_in_member(const struct json_in *object, const char *key);
size_t json_in_length(const struct json_in *array); /* 0 for what is no array */
struct json_in json_in_element(const struct json_in *array, size_t index);
enum err json_in_array(const struct json_in *object, const char *key, struct json_in *out);

/* Read a member; absent or null leaves *out as it is. */
enum err json_in_text(char *out, size_t capacity, const struct json_in *object, const char *key);
enum err json_in_bool(bool *out, const struct json_in *object, const char *key);
enum err json_in_number(double *out, const struct json_in *object, const char *key);
/* A whole number from 0 to `limit`, at most 2^53. */
enum err json_in_count(uint64_t *out, const struct json_in *object, const char *key,
		       uint64_t limit);

/* Record an error at this place. */
enum err json_in_refuse(const struct json_in *at, enum err code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

bool json_in_is_text(const struct json_in *in, const char **text);
bool json_in_is_bool(const struct json_in *in, bool *value);
bool json_in_is_number(const struct json_in *in, double *value);
bool json_in_is_object(const struct json_in *in);
/* The key of the object's `index`-th member, and the member; NULL past the end. */
const char *json_in_key(const struct json_in *object, size_t index, struct json_in *out);

#endif
