#ifndef SESSIONS_JSON_OUT_H
#define SESSIONS_JSON_OUT_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The one writer of JSON: every object that qscope prints or saves is built here. Numbers are
 * numbers: 64-bit counts exact, doubles the shortest text that reads back to the same bits, NaN and
 * infinities null. A failure (memory, too deep) sticks and comes out of json_out_finish, so callers
 * need not check each call.
 *
 *	struct json_out *json = json_out_start("qscope.info/1");
 *	json_out_object(json, "model");
 *	json_out_text(json, "path", path);
 *	json_out_end(json);
 *	code = json_out_finish(&text, json, JSON_COMPACT);
 *
 * `key` is NULL for an element of an array. */
struct json_out;
struct cJSON;

enum json_style {
	JSON_COMPACT,   /* one line */
	JSON_PRETTY,    /* indented, for files that people read */
	JSON_CANONICAL, /* keys sorted by bytes, no blanks: what hashes are taken of */
};

/* `schema` is the first key; NULL for none. NULL is fine everywhere below: it stands for no memory.
 */
struct json_out *json_out_start(const char *schema);
void json_out_object(struct json_out *json, const char *key);
void json_out_array(struct json_out *json, const char *key);
void json_out_end(struct json_out *json); /* of the innermost object or array */

void json_out_text(struct json_out *json, const char *key, const char *text); /* NULL: null */
void json_out_number(struct json_out *json, const char *key, double value);
void json_out_count(struct json_out *json, const char *key, uint64_t value);
void json_out_integer(struct json_out *json, const char *key, int64_t value);
void json_out_bool(struct json_out *json, const char *key, bool value);
void json_out_null(struct json_out *json, const char *key);

/* A copy of everything in `from`, as one member; `skip` names a top-level key to leave out. */
void json_out_embed(struct json_out *json, const char *key, const struct json_out *from,
		    const char *skip);

/* *out is the caller's; frees `json`, also on failure. */
enum err json_out_finish(char **out, struct json_out *json, enum json_style style);
void json_out_drop(struct json_out *json);

/* The shortest text of a finite double that reads back the same; integers without a point. Returns
 * `out`, which holds at least 32 bytes. */
char *json_number_text(char *out, double value);

#endif
