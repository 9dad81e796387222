#include "core/json_print.h"

#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
json_text_free(struct json_text *text)
{
	buf_free(text->text);
	*text = (struct json_text){ 0 };
}

enum err
json_text_add(struct json_text *to, const char *bytes, size_t length)
{
	if (buf_grow(&to->text, &to->capacity, to->length + length + 1, 1))
		return ERR_NOMEM;
	memcpy(to->text + to->length, bytes, length);
	to->length += length;
	to->text[to->length] = '\0';
	return OK;
}

enum err
json_text_format(struct json_text *to, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return json_text_add(to, text, n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

enum err
json_text_string(struct json_text *to, const char *string, size_t length)
{
	enum err code = json_text_add(to, "\"", 1);
	size_t from = 0;

	for (size_t i = 0; i < length && !code; i++) {
		unsigned char c = (unsigned char)string[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		code = json_text_add(to, string + from, i - from);
		if (!code)
			code = c < 0x20 ? json_text_format(to, "\\u%04x", c)
					: json_text_format(to, "\\%c", c);
		from = i + 1;
	}
	if (!code)
		code = json_text_add(to, string + from, length - from);
	return code ? code : json_text_add(to, "\"", 1);
}

/* Few digits that read back as the same number; ".0" tells it from an integer. */
static enum err
print_number(struct json_text *to, const struct json *value)
{
	char text[40];

	if (value->is_integer)
		return json_text_format(to, "%s%llu", value->negative ? "-" : "",
					(unsigned long long)value->magnitude);
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value->number);
		if (memcmp(&(double){ strtod(text, NULL) }, &value->number, sizeof(double)) == 0)
			break;
	}
	if (strchr(text, 'i')) /* too large for a double: the file said 1e999 */
		return json_text_format(to, "%s1e999", value->number < 0 ? "-" : "");
	return json_text_format(to, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

static enum err
print_plain(struct json_text *to, const struct json *value)
{
	switch (value->type) {
	case JSON_NULL:
		return json_text_add(to, "null", 4);
	case JSON_BOOL:
		return json_text_format(to, "%s", value->boolean ? "true" : "false");
	case JSON_NUMBER:
		return print_number(to, value);
	default:
		return json_text_string(to, value->string, value->length);
	}
}

static enum err
new_line(struct json_text *to, int depth)
{
	return json_text_format(to, "\n%*s", 2 * depth, "");
}

static enum err print_value(struct json_text *to, const struct json *value, int depth,
			    const struct json_change *changes);

static enum err
print_member(struct json_text *to, const struct json *member, int depth,
	     const struct json_change *changes)
{
	enum err code = json_text_string(to, member->key, member->key_length);

	if (!code)
		code = json_text_add(to, ": ", 2);
	for (; changes && changes->key && !code; changes++)
		if (!strcmp(changes->key, member->key))
			return json_text_add(to, changes->text, strlen(changes->text));
	return code ? code : print_value(to, member, depth, NULL);
}

/* At most JSON_DEPTH deep: the parser saw to that. */
static enum err
print_value(struct json_text *to, const struct json *value, int depth,
	    const struct json_change *changes)
{
	bool object = value->type == JSON_OBJECT;
	enum err code;

	if (value->type != JSON_ARRAY && !object)
		return print_plain(to, value);
	if (!value->first)
		return json_text_add(to, object ? "{}" : "[]", 2);
	code = json_text_add(to, object ? "{" : "[", 1);
	for (const struct json *v = value->first; v && !code; v = v->next) {
		if (!(code = new_line(to, depth + 1)))
			code = object ? print_member(to, v, depth + 1, changes)
				      : print_value(to, v, depth + 1, NULL);
		if (!code && v->next)
			code = json_text_add(to, ",", 1);
	}
	if (!code)
		code = new_line(to, depth);
	return code ? code : json_text_add(to, object ? "}" : "]", 1);
}

enum err
json_print(struct json_text *to, const struct json *value, const struct json_change *changes)
{
	return print_value(to, value, 0, changes);
}
