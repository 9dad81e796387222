/* cJSON behind limits: it accepts duplicates, any depth up to 1000 and bytes that are not UTF-8,
 * none of which leave here. */
#include "sessions/json_in.h"

#include "core/buf.h"
#include "core/text.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 32 };

enum err
json_in_refuse(const struct json_in *at, enum err code, const char *fmt, ...)
{
	char message[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return err_at(code, at->path, at->where[0] ? at->where : NULL, "%s", message);
}

static struct json_in
at_member(const struct json_in *object, const char *key, const cJSON *value)
{
	struct json_in in = { .value = value, .path = object->path };

	snprintf(in.where, sizeof(in.where), "%.100s%s%.90s", object->where,
		 object->where[0] ? "." : "", key);
	return in;
}

static struct json_in
at_element(const struct json_in *array, size_t index, const cJSON *value)
{
	struct json_in in = { .value = value, .path = array->path };

	snprintf(in.where, sizeof(in.where), "%.170s[%zu]", array->where, index);
	return in;
}

static int
compare_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorting finds a duplicate among n keys in n log n, hostile counts included. */
static enum err
check_duplicates(const struct json_in *object)
{
	size_t count = (size_t)cJSON_GetArraySize(object->value), i = 0;
	const char **keys;
	const cJSON *member;
	enum err code = OK;

	if (count < 2)
		return OK;
	keys = buf_alloc(count, sizeof(*keys));
	if (!keys)
		return ERR_NOMEM;
	cJSON_ArrayForEach(member, object->value) keys[i++] = member->string;
	qsort(keys, count, sizeof(*keys), compare_text);
	for (i = 1; i < count && !code; i++)
		if (!strcmp(keys[i - 1], keys[i]))
			code = json_in_refuse(object, ERR_FORMAT,
					      "the key \"%.60s\" stands twice; keep one", keys[i]);
	buf_free(keys);
	return code;
}

static enum err
check_tree(const struct json_in *in, int depth)
{
	const cJSON *member;
	size_t index = 0;
	enum err code = OK;

	if (depth > DEPTH_MAX)
		return json_in_refuse(in, ERR_FORMAT, "nested more than %d deep", DEPTH_MAX);
	if (cJSON_IsObject(in->value))
		code = check_duplicates(in);
	cJSON_ArrayForEach(member, in->value)
	{
		struct json_in at = cJSON_IsObject(in->value)
					    ? at_member(in, member->string, member)
					    : at_element(in, index++, member);

		if (!code && (cJSON_IsObject(member) || cJSON_IsArray(member)))
			code = check_tree(&at, depth + 1);
		else if (!code && cJSON_IsNumber(member) && !isfinite(member->valuedouble))
			code = json_in_refuse(&at, ERR_RANGE, "the number is out of range");
		if (code)
			return code;
	}
	return code;
}

static size_t
line_of(const char *text, const char *end)
{
	size_t line = 1;

	for (; text < end; text++)
		line += *text == '\n';
	return line;
}

/* cJSON's recursion stops at 1000 levels; its reader wants a NUL behind the text, whatever the
 * length says. */
static enum err
parse_text(struct json_in *out, const char *text, size_t length)
{
	const char *end = NULL;

	if (memchr(text, '\0', length) || !text_is_utf8(text, length))
		return json_in_refuse(out, ERR_FORMAT,
				      "not UTF-8 text; save the file as UTF-8 without NUL bytes");
	out->value = cJSON_ParseWithOpts(text, &end, true);
	if (!out->value)
		return json_in_refuse(out, ERR_FORMAT,
				      "not JSON near line %zu; repair it or restore a copy",
				      end ? line_of(text, end) : 1);
	return OK;
}

enum err
json_in_parse(struct json_in *out, const char *text, size_t length, const char *path)
{
	enum err code;
	char *copy;

	*out = (struct json_in){ .path = path };
	if (length > JSON_IN_LIMIT)
		return json_in_refuse(out, ERR_RANGE, "%zu bytes, more than %d", length,
				      (int)JSON_IN_LIMIT);
	copy = buf_strndup(text, length);
	if (!copy)
		return ERR_NOMEM;
	code = parse_text(out, copy, length);
	buf_free(copy);
	if (!code)
		code = check_tree(out, 0);
	if (code)
		json_in_free(out);
	return code;
}

void
json_in_free(struct json_in *root)
{
	/* The tree is ours: json_in_parse made it. */
	cJSON_Delete((cJSON *)(uintptr_t)root->value);
	root->value = NULL;
}

enum err
json_in_keys(const struct json_in *object, const char *const *keys)
{
	const cJSON *member;

	if (!cJSON_IsObject(object->value))
		return json_in_refuse(object, ERR_FORMAT, "expected an object");
	cJSON_ArrayForEach(member, object->value)
	{
		const char *const *known = keys;
		const char *nearest;

		while (*known && strcmp(*known, member->string))
			known++;
		if (*known)
			continue;
		nearest = text_nearest(member->string, keys);
		return json_in_refuse(object, ERR_FORMAT, "unknown key \"%.60s\"; %s%s%s",
				      member->string, nearest ? "did you mean \"" : "remove it",
				      nearest ? nearest : "", nearest ? "\"?" : "");
	}
	return OK;
}

struct json_in
json_in_member(const struct json_in *object, const char *key)
{
	const cJSON *value = cJSON_IsObject(object->value)
				     ? cJSON_GetObjectItemCaseSensitive(object->value, key)
				     : NULL;

	return at_member(object, key, cJSON_IsNull(value) ? NULL : value);
}

size_t
json_in_length(const struct json_in *array)
{
	return cJSON_IsArray(array->value) ? (size_t)cJSON_GetArraySize(array->value) : 0;
}

struct json_in
json_in_element(const struct json_in *array, size_t index)
{
	return at_element(array, index, cJSON_GetArrayItem(array->value, (int)index));
}

enum err
json_in_array(const struct json_in *object, const char *key, struct json_in *out)
{
	*out = json_in_member(object, key);
	return !out->value || cJSON_IsArray(out->value)
		       ? OK
		       : json_in_refuse(out, ERR_FORMAT, "expected an array");
}

bool
json_in_is_text(const struct json_in *in, const char **text)
{
	*text = cJSON_IsString(in->value) ? in->value->valuestring : NULL;
	return *text != NULL;
}

bool
json_in_is_bool(const struct json_in *in, bool *value)
{
	*value = cJSON_IsTrue(in->value);
	return cJSON_IsBool(in->value);
}

bool
json_in_is_number(const struct json_in *in, double *value)
{
	*value = cJSON_IsNumber(in->value) ? in->value->valuedouble : 0;
	return cJSON_IsNumber(in->value);
}

bool
json_in_is_object(const struct json_in *in)
{
	return cJSON_IsObject(in->value);
}

const char *
json_in_key(const struct json_in *object, size_t index, struct json_in *out)
{
	const cJSON *member = cJSON_IsObject(object->value)
				      ? cJSON_GetArrayItem(object->value, (int)index)
				      : NULL;

	if (!member)
		return NULL;
	*out = at_member(object, member->string, member);
	return member->string;
}

enum err
json_in_text(char *out, size_t capacity, const struct json_in *object, const char *key)
{
	struct json_in in = json_in_member(object, key);
	const char *text;

	if (!in.value)
		return OK;
	if (!json_in_is_text(&in, &text))
		return json_in_refuse(&in, ERR_FORMAT, "expected text");
	if (strlen(text) >= capacity)
		return json_in_refuse(&in, ERR_RANGE, "longer than %zu bytes", capacity - 1);
	memcpy(out, text, strlen(text) + 1);
	return OK;
}

enum err
json_in_bool(bool *out, const struct json_in *object, const char *key)
{
	struct json_in in = json_in_member(object, key);

	if (in.value && !json_in_is_bool(&in, out))
		return json_in_refuse(&in, ERR_FORMAT, "expected true or false");
	return OK;
}

enum err
json_in_number(double *out, const struct json_in *object, const char *key)
{
	struct json_in in = json_in_member(object, key);

	if (in.value && !json_in_is_number(&in, out))
		return json_in_refuse(&in, ERR_FORMAT, "expected a number");
	return OK;
}

enum err
json_in_count(uint64_t *out, const struct json_in *object, const char *key, uint64_t limit)
{
	struct json_in in = json_in_member(object, key);
	double value;

	if (!in.value)
		return OK;
	if (!json_in_is_number(&in, &value) || value != trunc(value))
		return json_in_refuse(&in, ERR_FORMAT, "expected a whole number");
	if (value < 0 || value > (double)limit || value > 0x1p53)
		return json_in_refuse(&in, ERR_RANGE, "%g is outside 0 to %llu", value,
				      (unsigned long long)limit);
	*out = (uint64_t)value;
	return OK;
}
