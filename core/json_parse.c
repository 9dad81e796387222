/* The parser: one pass, no recursion, a stack of at most JSON_DEPTH open containers. Everything it
 * makes lives in one arena. */
#include "core/json.h"

#include "core/arena.h"
#include "core/buf.h"
#include "core/file.h"
#include "core/json_internal.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct open_container {
	struct json *value, *last;
};

struct parser {
	struct json_document *document;
	const char *text, *path;
	size_t length, at;
	struct open_container stack[JSON_DEPTH];
	size_t depth;
	struct json_keys keys;
	enum err (*visit)(void *ctx, const struct json *member); /* NULL: the whole tree is kept */
	void *ctx;
};

static enum err
bad(struct parser *p, const char *what)
{
	char place[32];

	snprintf(place, sizeof(place), "byte %zu", p->at);
	return err_at(ERR_FORMAT, p->path, place, "%s; the file is damaged or is not JSON", what);
}

static void
skip_blanks(struct parser *p)
{
	while (p->at < p->length && strchr(" \t\n\r", p->text[p->at]) && p->text[p->at])
		p->at++;
}

static int
peek(const struct parser *p)
{
	return p->at < p->length ? (unsigned char)p->text[p->at] : -1;
}

static int
hex4(const struct parser *p, size_t at)
{
	int code = 0;

	if (at + 4 > p->length)
		return -1;
	for (size_t i = at; i < at + 4; i++) {
		char c = p->text[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			return -1;
		code = code << 4 | digit;
	}
	return code;
}

/* \uXXXX with p->at on the u; a high surrogate must be followed by a low one. */
static enum err
unicode_escape(struct parser *p, char **to)
{
	int32_t code = hex4(p, p->at + 1);

	if (code < 0)
		return bad(p, "a \\u escape needs four hexadecimal digits");
	p->at += 5;
	if (code >= 0xd800 && code < 0xdc00) {
		int low =
			p->at + 1 < p->length && p->text[p->at] == '\\' && p->text[p->at + 1] == 'u'
				? hex4(p, p->at + 2)
				: -1;

		if (low < 0xdc00 || low > 0xdfff)
			return bad(p, "half a surrogate pair");
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
		p->at += 6;
	} else if (code >= 0xdc00 && code < 0xe000) {
		return bad(p, "half a surrogate pair");
	}
	*to += text_encode(*to, code);
	return OK;
}

static enum err
escape(struct parser *p, char **to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	int c = peek(p);
	const char *found;

	if (c == 'u')
		return unicode_escape(p, to);
	if (c <= 0 || !(found = strchr(from, c)))
		return bad(p, "an escape that JSON does not know");
	*(*to)++ = into[found - from];
	p->at++;
	return OK;
}

/* Where the string that begins at p->at ends: the index of its closing quote. */
static enum err
string_end(struct parser *p, size_t *end)
{
	for (size_t i = p->at; i < p->length; i++) {
		if (p->text[i] == '"') {
			*end = i;
			return OK;
		}
		if (p->text[i] == '\\')
			i++;
	}
	return bad(p, "a string that never ends");
}

/* p->at stands behind the opening quote; escapes only ever shrink the text. */
static enum err
parse_string(struct parser *p, const char **out, size_t *length)
{
	size_t end = p->at;
	char *copy, *to;
	enum err code = string_end(p, &end);

	if (code)
		return code;
	if (!(copy = arena_alloc(&p->document->arena, end - p->at + 1, 1)))
		return ERR_NOMEM;
	for (to = copy; p->at < end;) {
		unsigned char c = (unsigned char)p->text[p->at];

		if (c < 0x20)
			return bad(p, "a control character inside a string");
		if (c == '\\') {
			p->at++;
			if ((code = escape(p, &to)))
				return code;
		} else {
			*to++ = p->text[p->at++];
		}
	}
	if (!text_is_utf8(copy, (size_t)(to - copy)))
		return bad(p, "a string that is not UTF-8");
	p->at = end + 1;
	*out = copy;
	*length = (size_t)(to - copy);
	return OK;
}

static size_t
digits(struct parser *p)
{
	size_t start = p->at;

	while (p->at < p->length && p->text[p->at] >= '0' && p->text[p->at] <= '9')
		p->at++;
	return p->at - start;
}

static enum err
fraction_and_exponent(struct parser *p, struct json *value)
{
	if (peek(p) == '.') {
		value->is_integer = false;
		p->at++;
		if (!digits(p))
			return bad(p, "a number without digits behind its point");
	}
	if (peek(p) == 'e' || peek(p) == 'E') {
		value->is_integer = false;
		p->at++;
		if (peek(p) == '+' || peek(p) == '-')
			p->at++;
		if (!digits(p))
			return bad(p, "a number without digits in its exponent");
	}
	return OK;
}

static void
integer_value(struct json *value, const char *text, size_t count)
{
	for (size_t i = 0; i < count && value->is_integer; i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');

		if (__builtin_mul_overflow(value->magnitude, 10, &value->magnitude) ||
		    __builtin_add_overflow(value->magnitude, digit, &value->magnitude))
			value->is_integer = false;
	}
}

enum { NUMBER_MAX = 400 };

static enum err
parse_number(struct parser *p, struct json *value)
{
	char copy[NUMBER_MAX + 1];
	size_t start = p->at, first, count;
	enum err code;

	value->type = JSON_NUMBER;
	value->is_integer = true;
	value->negative = peek(p) == '-';
	p->at += value->negative;
	first = p->at;
	count = digits(p);
	if (!count || (count > 1 && p->text[first] == '0'))
		return bad(p, "a number that JSON does not allow");
	integer_value(value, p->text + first, count);
	if ((code = fraction_and_exponent(p, value)))
		return code;
	if (p->at - start > NUMBER_MAX)
		return bad(p, "a number of absurd length");
	memcpy(copy, p->text + start, p->at - start);
	copy[p->at - start] = '\0';
	value->number = strtod(copy, NULL);
	return OK;
}

static enum err
parse_word(struct parser *p, struct json *value)
{
	static const struct {
		const char *word;
		enum json_type type;
		bool boolean;
	} words[] = { { "null", JSON_NULL, false },
		      { "true", JSON_BOOL, true },
		      { "false", JSON_BOOL, false } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i].word);

		if (p->length - p->at >= n && !memcmp(p->text + p->at, words[i].word, n)) {
			value->type = words[i].type;
			value->boolean = words[i].boolean;
			p->at += n;
			return OK;
		}
	}
	return bad(p, "something that is no JSON value");
}

static enum err
open_container(struct parser *p, struct json *value, enum json_type type)
{
	if (p->depth == JSON_DEPTH)
		return bad(p, "nesting deeper than 64");
	value->type = type;
	p->stack[p->depth++] = (struct open_container){ value, NULL };
	p->at++;
	return OK;
}

static enum err
parse_value(struct parser *p, struct json *value)
{
	int c = peek(p);

	if (c == '{')
		return open_container(p, value, JSON_OBJECT);
	if (c == '[')
		return open_container(p, value, JSON_ARRAY);
	if (c == '"') {
		p->at++;
		value->type = JSON_STRING;
		return parse_string(p, &value->string, &value->length);
	}
	if (c == '-' || (c >= '0' && c <= '9'))
		return parse_number(p, value);
	return parse_word(p, value);
}

static enum err
colon(struct parser *p)
{
	skip_blanks(p);
	if (peek(p) != ':')
		return bad(p, "a member without a colon");
	p->at++;
	skip_blanks(p);
	return OK;
}

static enum err
parse_key(struct parser *p, struct json *member, const struct json *object)
{
	enum err code;

	if (peek(p) != '"')
		return bad(p, "a member without a name");
	p->at++;
	if ((code = parse_string(p, &member->key, &member->key_length)))
		return code;
	if (memchr(member->key, '\0', member->key_length))
		return bad(p, "a name with a NUL in it");
	if (p->visit && p->depth == 1)
		return colon(p);
	switch (json_keys_add(&p->keys, object, member)) {
	case JSON_KEYS_NEW:
		break;
	case JSON_KEYS_DUPLICATE:
		return err_at(ERR_FORMAT, p->path, member->key,
			      "this name stands twice in one object; such files are refused");
	case JSON_KEYS_NOMEM:
		return ERR_NOMEM;
	}
	return colon(p);
}

/* Inside the innermost container: its end, or the next value. */
static enum err
step(struct parser *p)
{
	struct open_container *in = &p->stack[p->depth - 1];
	struct json *container = in->value, *value;
	int close = container->type == JSON_OBJECT ? '}' : ']';
	enum err code = OK;

	if (peek(p) == close) {
		p->at++;
		p->depth--;
		return OK;
	}
	if (container->length) {
		if (peek(p) != ',')
			return bad(p, "a missing comma");
		p->at++;
		skip_blanks(p);
	}
	if (!(value = arena_alloc(&p->document->arena, 1, sizeof(*value))))
		return ERR_NOMEM;
	if (container->type == JSON_OBJECT)
		code = parse_key(p, value, container);
	if (!code)
		code = parse_value(p, value);
	if (in->last)
		in->last->next = value;
	else
		container->first = value;
	in->last = value;
	container->length++;
	return code;
}

/* Members of the root that are complete are shown and dropped. */
static enum err
show(struct parser *p)
{
	struct json *root = &p->document->root;
	enum err code;

	if (!p->visit || p->depth > 1 || !root->first)
		return OK;
	code = p->visit(p->ctx, root->first);
	root->first = NULL;
	p->stack[0].last = NULL;
	arena_reset(&p->document->arena);
	json_keys_reset(&p->keys);
	return code;
}

static enum err
parse_all(struct parser *p)
{
	enum err code;

	skip_blanks(p);
	if ((code = parse_value(p, &p->document->root)))
		return code;
	while (p->depth) {
		skip_blanks(p);
		if ((code = step(p)) || (code = show(p)))
			return code;
	}
	skip_blanks(p);
	return p->at < p->length ? bad(p, "text behind the end") : OK;
}

enum err
json_parse_each(const char *text, size_t length, const char *path,
		enum err (*visit)(void *ctx, const struct json *member), void *ctx)
{
	struct json_document document = { .path = path };
	struct parser p = { .document = &document,
			    .text = text,
			    .length = length,
			    .path = path,
			    .visit = visit,
			    .ctx = ctx };
	enum err code;

	skip_blanks(&p);
	code = peek(&p) == '{' ? parse_all(&p) : bad(&p, "no object where one is needed");
	json_keys_clear(&p.keys);
	arena_clear(&document.arena);
	return code;
}

enum err
json_parse(struct json_document **out, const char *text, size_t length, const char *path)
{
	struct json_document *document = buf_alloc(1, sizeof(*document));
	struct parser p = { .document = document, .text = text, .length = length, .path = path };
	enum err code;

	*out = NULL;
	if (!document)
		return ERR_NOMEM;
	document->path = arena_strndup(&document->arena, path, strlen(path));
	code = document->path ? parse_all(&p) : ERR_NOMEM;
	json_keys_clear(&p.keys);
	if (code)
		json_free(document);
	else
		*out = document;
	return code;
}

enum err
json_read(struct json_document **out, const char *path, size_t limit)
{
	char *text;
	size_t length;
	enum err code = file_read(&text, &length, path, limit);

	*out = NULL;
	if (!code) {
		code = json_parse(out, text, length, path);
		buf_free(text);
	}
	return code;
}

void
json_free(struct json_document *document)
{
	if (document) {
		arena_clear(&document->arena);
		buf_free(document);
	}
}
