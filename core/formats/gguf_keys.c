/* Metadata by key, typed and checked. */
#include "core/formats/gguf_internal.h"
#include "core/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_ROOM = 256 };

/* The whole key in `room`, or `key` itself. */
static const char *
full_key(char room[KEY_ROOM], const struct gguf *gguf, const char *key)
{
	if (*key != '.')
		return key;
	snprintf(room, KEY_ROOM, "%s%s", gguf->architecture, key);
	return room;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct gguf_value *)a)->key, ((const struct gguf_value *)b)->key);
}

const struct gguf_value *
gguf_find(const struct gguf *gguf, const char *key)
{
	char room[KEY_ROOM];
	struct gguf_value wanted = { .key = full_key(room, gguf, key) };

	return gguf->value_count
		       ? bsearch(&wanted, gguf->values, gguf->value_count, sizeof(wanted), compare)
		       : NULL;
}

enum err
gguf_need(const struct gguf *gguf, const char *key)
{
	char room[KEY_ROOM];

	if (gguf_find(gguf, key))
		return OK;
	return err_at(ERR_FORMAT, gguf->path, full_key(room, gguf, key),
		      "is missing from the metadata; convert the model anew");
}

enum err
gguf_refuse(enum err code, const struct gguf *gguf, const char *key, const char *fmt, ...)
{
	char room[KEY_ROOM], text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_at(code, gguf->path, full_key(room, gguf, key), "%s", text);
}

static enum err
wrong_type(const struct gguf *gguf, const struct gguf_value *value, const char *expected)
{
	return err_at(ERR_FORMAT, gguf->path, value->key, "is %s%s where %s is expected",
		      value->is_array ? "an array of " : "of type ", gguf_type_name(value->type),
		      expected);
}

/* An integer as sign and magnitude; false for other types. */
static bool
integer_at(bool *negative, uint64_t *magnitude, const struct gguf_value *value, uint64_t index)
{
	size_t size = gguf_type_size(value->type);
	uint64_t bits, sign;

	*negative = false;
	if (!size || value->type == GGUF_F32 || value->type == GGUF_F64 || value->type == GGUF_BOOL)
		return false;
	bits = gguf_little(value->data + index * size, size);
	sign = UINT64_C(1) << (8 * size - 1);
	*magnitude = bits;
	if ((value->type == GGUF_I8 || value->type == GGUF_I16 || value->type == GGUF_I32 ||
	     value->type == GGUF_I64) &&
	    (bits & sign)) {
		*negative = true;
		*magnitude = (sign << 1) - bits; /* of 64 bits the sign falls out, as it should */
	}
	return true;
}

double
gguf_number_at(const struct gguf_value *array, uint64_t index)
{
	bool negative;
	uint64_t magnitude;
	float single;
	double number = 0;

	if (integer_at(&negative, &magnitude, array, index))
		return negative ? -(double)magnitude : (double)magnitude;
	if (array->type == GGUF_BOOL)
		return array->data[index];
	if (array->type == GGUF_F32) {
		memcpy(&single, array->data + 4 * index, sizeof(single));
		number = (double)single;
	} else if (array->type == GGUF_F64) {
		memcpy(&number, array->data + 8 * index, sizeof(number));
	}
	return number;
}

static enum err
size_at(size_t *out, const struct gguf *gguf, const struct gguf_value *value, uint64_t index,
	uint64_t min, uint64_t max)
{
	bool negative;
	uint64_t magnitude;

	if (!integer_at(&negative, &magnitude, value, index))
		return wrong_type(gguf, value, "a whole number");
	if (negative || magnitude < min || magnitude > max)
		return err_at(ERR_FORMAT, gguf->path, value->key,
			      "is %s%llu, which is outside %llu to %llu", negative ? "-" : "",
			      (unsigned long long)magnitude, (unsigned long long)min,
			      (unsigned long long)max);
	*out = (size_t)magnitude;
	return OK;
}

enum err
gguf_get_size(size_t *out, const struct gguf *gguf, const char *key, uint64_t min, uint64_t max)
{
	const struct gguf_value *value = gguf_find(gguf, key);

	if (!value)
		return OK;
	return value->is_array ? wrong_type(gguf, value, "a whole number")
			       : size_at(out, gguf, value, 0, min, max);
}

enum err
gguf_get_common_size(size_t *out, const struct gguf *gguf, const char *key, uint64_t min,
		     uint64_t max, uint64_t count)
{
	const struct gguf_value *value = gguf_find(gguf, key);
	size_t first = 0, next;
	enum err code = OK;

	if (!value || !value->is_array)
		return gguf_get_size(out, gguf, key, min, max);
	if (value->count != count)
		return err_at(ERR_FORMAT, gguf->path, value->key, "has %llu values for %llu blocks",
			      (unsigned long long)value->count, (unsigned long long)count);
	for (uint64_t i = 0; i < count && !code; i++) {
		code = size_at(i ? &next : &first, gguf, value, i, min, max);
		if (!code && i && next != first)
			return err_at(ERR_UNSUPPORTED, gguf->path, value->key,
				      "is %zu in one block and %zu in another; qscope reads models "
				      "whose blocks have one shape",
				      first, next);
	}
	if (!code)
		*out = first;
	return code;
}

enum err
gguf_get_number(double *out, const struct gguf *gguf, const char *key, double min, double max)
{
	const struct gguf_value *value = gguf_find(gguf, key);
	double number;

	if (!value)
		return OK;
	if (value->is_array || value->type == GGUF_BOOL || !gguf_type_size(value->type))
		return wrong_type(gguf, value, "a number");
	number = gguf_number_at(value, 0);
	if (!(number >= min && number <= max))
		return err_at(ERR_FORMAT, gguf->path, value->key,
			      "is %g, which is outside %g to %g", number, min, max);
	*out = number;
	return OK;
}

enum err
gguf_get_bool(bool *out, const struct gguf *gguf, const char *key)
{
	const struct gguf_value *value = gguf_find(gguf, key);

	if (!value)
		return OK;
	if (value->is_array || value->type != GGUF_BOOL)
		return wrong_type(gguf, value, "a bool");
	*out = value->data[0] != 0;
	return OK;
}

enum err
gguf_get_string(const char **out, const struct gguf *gguf, const char *key)
{
	const struct gguf_value *value = gguf_find(gguf, key);

	if (!value)
		return OK;
	if (value->is_array || value->type != GGUF_STRING)
		return wrong_type(gguf, value, "a string");
	if (strlen(value->text) != value->size - 8)
		return err_at(ERR_FORMAT, gguf->path, value->key, "has a NUL inside");
	*out = value->text;
	return OK;
}

enum err
gguf_get_numbers(const struct gguf_value **out, const struct gguf *gguf, const char *key)
{
	const struct gguf_value *value = gguf_find(gguf, key);

	*out = value;
	if (value && (!value->is_array || !gguf_type_size(value->type)))
		return wrong_type(gguf, value, "an array of numbers");
	return OK;
}

enum err
gguf_get_strings(const struct gguf_value **out, const struct gguf *gguf, const char *key)
{
	const struct gguf_value *value = gguf_find(gguf, key);

	*out = value;
	if (value && (!value->is_array || value->type != GGUF_STRING))
		return wrong_type(gguf, value, "an array of strings");
	return OK;
}

bool
gguf_strings_next(struct gguf_strings *strings, const struct gguf_value *array)
{
	const unsigned char *at;

	if (!array || strings->done == array->count)
		return false;
	at = array->data + strings->at;
	strings->length = (size_t)gguf_little(at, 8);
	strings->text = (const char *)at + 8;
	strings->at += 8 + strings->length;
	strings->done++;
	return true;
}
