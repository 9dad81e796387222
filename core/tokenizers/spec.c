#include "core/tokenizers/spec.h"

#include <string.h>

const struct json *
spec_get(const struct json *spec, const char *key)
{
	const struct json *member = spec ? json_get(spec, key) : NULL;

	return member && member->type != JSON_NULL ? member : NULL;
}

static enum err
wrong(const struct json *member, const char *wanted)
{
	char brief[64];

	return err_at(ERR_FORMAT, NULL, member->key, "%s is no %s",
		      json_brief(brief, sizeof(brief), member), wanted);
}

enum err
spec_bool(bool *out, const struct json *spec, const char *key, bool absent)
{
	const struct json *member = spec_get(spec, key);

	*out = member ? member->boolean : absent;
	return !member || member->type == JSON_BOOL ? OK : wrong(member, "boolean");
}

enum err
spec_integer(int64_t *out, const struct json *spec, const char *key, int64_t absent)
{
	const struct json *member = spec_get(spec, key);

	*out = absent;
	if (!member)
		return OK;
	if (member->type != JSON_NUMBER || !member->is_integer || member->magnitude > INT64_MAX)
		return wrong(member, "integer of 64 bits");
	*out = member->negative ? -(int64_t)member->magnitude : (int64_t)member->magnitude;
	return OK;
}

enum err
spec_string(const struct json **out, const struct json *spec, const char *key)
{
	*out = spec_get(spec, key);
	return !*out || (*out)->type == JSON_STRING ? OK : wrong(*out, "string");
}

bool
spec_is(const struct json *spec, const char *text)
{
	return spec && spec->type == JSON_STRING && strlen(text) == spec->length &&
	       !memcmp(spec->string, text, spec->length);
}

bool
spec_id(int32_t *out, const struct json *spec)
{
	if (!spec || spec->type != JSON_NUMBER || !spec->is_integer ||
	    (spec->negative && spec->magnitude) || spec->magnitude > INT32_MAX)
		return false;
	*out = (int32_t)spec->magnitude;
	return true;
}
