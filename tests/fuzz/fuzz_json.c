/* The JSON parser on any bytes; what it accepts is walked whole. */
#include "fuzz/fuzz.h"

#include "core/json.h"

#include <string.h>

static size_t
walk(const struct json *value)
{
	size_t sum = value->length;

	if (value->type == JSON_STRING && strlen(value->string) > value->length)
		__builtin_trap();
	if (value->key)
		sum += strlen(value->key);
	if (value->type == JSON_ARRAY || value->type == JSON_OBJECT)
		for (const struct json *child = value->first; child; child = child->next)
			sum += walk(child); /* at most JSON_DEPTH deep */
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_document *document;

	if (!json_parse(&document, (const char *)data, size, "fuzz.json")) {
		if (walk(json_root(document)) > size + 1) /* no value without bytes of its own */
			__builtin_trap();
		json_free(document);
	}
	return 0;
}
