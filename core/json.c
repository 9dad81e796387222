/* Reading a parsed document. */
#include "core/json.h"

#include "core/json_internal.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

const struct json *
json_root(const struct json_document *document)
{
	return &document->root;
}

const char *
json_path(const struct json_document *document)
{
	return document->path;
}

const struct json *
json_get(const struct json *object, const char *key)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json *member = object->first; member; member = member->next)
		if (!strcmp(member->key, key))
			return member;
	return NULL;
}

const char *
json_brief(char *out, size_t capacity, const struct json *value)
{
	static const char *const words[] = {
		[JSON_NULL] = "null", [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object"
	};
	char text[64];

	switch (value->type) {
	case JSON_BOOL:
		snprintf(out, capacity, "%s", value->boolean ? "true" : "false");
		break;
	case JSON_NUMBER:
		snprintf(out, capacity, "%.17g", value->number);
		break;
	case JSON_STRING:
		text_visible(text, sizeof(text), value->string, value->length);
		snprintf(out, capacity, "\"%s\"", text);
		break;
	default:
		snprintf(out, capacity, "%s", words[value->type]);
	}
	return out;
}

/* The member when it is there and not null; *wrong is set when it is of another type. */
static const struct json *
typed(const struct json *object, const char *key, enum json_type type, bool *wrong)
{
	const struct json *value = json_get(object, key);

	if (!value || value->type == JSON_NULL)
		return NULL;
	*wrong = value->type != type;
	return value;
}

static enum err
refuse(const struct json_document *document, const char *key, const struct json *value,
       const char *wanted)
{
	char brief[96];

	return err_at(ERR_FORMAT, document->path, key, "is %s, expected %s",
		      json_brief(brief, sizeof(brief), value), wanted);
}

enum err
json_get_size(size_t *out, const struct json_document *document, const struct json *object,
	      const char *key, uint64_t min, uint64_t max)
{
	bool wrong = false;
	const struct json *value = typed(object, key, JSON_NUMBER, &wrong);
	char wanted[96];

	if (!value)
		return OK;
	if (wrong || !value->is_integer || (value->negative && value->magnitude) ||
	    value->magnitude < min || value->magnitude > max) {
		snprintf(wanted, sizeof(wanted), "an integer from %llu to %llu",
			 (unsigned long long)min, (unsigned long long)max);
		return refuse(document, key, value, wanted);
	}
	*out = (size_t)value->magnitude;
	return OK;
}

enum err
json_get_number(double *out, const struct json_document *document, const struct json *object,
		const char *key, double min, double max)
{
	bool wrong = false;
	const struct json *value = typed(object, key, JSON_NUMBER, &wrong);
	char wanted[96];

	if (!value)
		return OK;
	if (wrong || !(value->number >= min && value->number <= max)) {
		snprintf(wanted, sizeof(wanted), "a number from %g to %g", min, max);
		return refuse(document, key, value, wanted);
	}
	*out = value->number;
	return OK;
}

enum err
json_get_bool(bool *out, const struct json_document *document, const struct json *object,
	      const char *key)
{
	bool wrong = false;
	const struct json *value = typed(object, key, JSON_BOOL, &wrong);

	if (!value)
		return OK;
	if (wrong)
		return refuse(document, key, value, "true or false");
	*out = value->boolean;
	return OK;
}

enum err
json_get_string(const char **out, const struct json_document *document, const struct json *object,
		const char *key)
{
	bool wrong = false;
	const struct json *value = typed(object, key, JSON_STRING, &wrong);

	if (!value)
		return OK;
	if (wrong || strlen(value->string) != value->length)
		return refuse(document, key, value, "a string");
	*out = value->string;
	return OK;
}
