#ifndef CORE_JSON_H
#define CORE_JSON_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* JSON from outside: headers, indexes, configs, tokenizers, recipes, sessions. Strict RFC 8259:
 * UTF-8 alone, no duplicate keys, nesting up to JSON_DEPTH, integers exact to 64 bits. The text
 * needs no NUL and may go away after parsing. Every error names the file and the byte. */
enum { JSON_DEPTH = 64 };

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	enum json_type type;
	bool boolean;
	bool is_integer, negative; /* of a number: no fraction or exponent, and it fits 64 bits */
	uint64_t magnitude;        /* of an integer */
	double number;
	const char *key; /* of a member; NUL-terminated, may not contain NUL */
	size_t key_length;
	const char *string;              /* NUL-terminated; may contain NUL when length says so */
	size_t length;                   /* bytes of the string; values in the array or object */
	const struct json *first, *next; /* first value inside; next beside it */
};

struct json_document;

enum err json_parse(struct json_document **out, const char *text, size_t length, const char *path);

/* One large object, member by member: each is parsed, shown and forgotten, so that memory is that
 * of one. What `visit` returns other than OK ends it. That no name stands twice is for the visitor
 * to see. */
enum err json_parse_each(const char *text, size_t length, const char *path,
			 enum err (*visit)(void *ctx, const struct json *member), void *ctx);

/* The same as json_parse from a file of at most `limit` bytes. */
enum err json_read(struct json_document **out, const char *path, size_t limit);
void json_free(struct json_document *document); /* NULL is fine */
const struct json *json_root(const struct json_document *document);
const char *json_path(const struct json_document *document);

/* The member, or NULL when it is absent or `object` is no object. Linear in the members. */
const struct json *json_get(const struct json *object, const char *key);

/* Typed members. Absent or null: *out keeps its value and OK is returned. A value of another type
 * or out of range is ERR_FORMAT, naming file, key and value. */
enum err json_get_size(size_t *out, const struct json_document *document, const struct json *object,
		       const char *key, uint64_t min, uint64_t max);
enum err json_get_number(double *out, const struct json_document *document,
			 const struct json *object, const char *key, double min, double max);
enum err json_get_bool(bool *out, const struct json_document *document, const struct json *object,
		       const char *key);
enum err json_get_string(const char **out, const struct json_document *document,
			 const struct json *object, const char *key); /* no NUL inside */

/* A value as short visible text for messages. */
const char *json_brief(char *out, size_t capacity, const struct json *value);

#endif
