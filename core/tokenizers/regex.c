#include "core/tokenizers/regex.h"

#include "core/buf.h"
#include "core/tokenizers/parts.h"
#include "core/tokenizers/unicode.h"

#include <stdio.h>
#include <string.h>

struct translation {
	struct bytes out;
	const char *regex;
	size_t length, at;
	bool in_class;
};

static const struct {
	const char *name;
	unsigned class;
} properties[] = {
	{ "L", UNICODE_LETTER },      { "Letter", UNICODE_LETTER },
	{ "N", UNICODE_NUMBER },      { "Number", UNICODE_NUMBER },
	{ "M", UNICODE_MARK },        { "Mark", UNICODE_MARK },
	{ "Nd", UNICODE_DIGIT },      { "P", UNICODE_PUNCTUATION },
	{ "S", UNICODE_SYMBOL },      { "Punctuation", UNICODE_PUNCTUATION },
	{ "Symbol", UNICODE_SYMBOL },
};

static enum err
refuse(const struct translation *t, const char *what)
{
	return err_at(ERR_UNSUPPORTED, NULL, "pattern", "\"%.*s\" uses %s, which is not supported",
		      (int)(t->length < 128 ? t->length : 128), t->regex, what);
}

static enum err
put(struct translation *t, const char *text)
{
	return bytes_add(&t->out, text, strlen(text));
}

static enum err
put_range(struct translation *t, int32_t first, int32_t last)
{
	char text[40];

	snprintf(text, sizeof(text), "\\x{%x}-\\x{%x}", (unsigned)first, (unsigned)last);
	return put(t, text);
}

/* The ranges of a class, or all that lies between them; surrogates are no characters. */
static enum err
put_ranges(struct translation *t, unsigned class, bool negated)
{
	size_t count;
	const struct unicode_range *ranges = unicode_ranges(&count);
	int32_t free = 0;
	enum err code = OK;

	for (size_t i = 0; i < count && !code; i++) {
		if (!(ranges[i].classes & class))
			continue;
		if (!negated)
			code = put_range(t, ranges[i].first, ranges[i].last);
		else if (ranges[i].first > free)
			code = put_range(t, free, ranges[i].first - 1);
		free = ranges[i].last + 1;
	}
	if (!code && negated)
		code = put_range(t, free, 0x10ffff);
	return code;
}

static enum err
put_class(struct translation *t, unsigned class, bool negated)
{
	enum err code = OK;

	if (t->in_class)
		return put_ranges(t, class, negated);
	code = put(t, negated ? "[^" : "[");
	code = code ? code : put_ranges(t, class, false);
	return code ? code : put(t, "]");
}

/* \p{...}: our own classes, else left to PCRE2, which must know the name. */
static enum err
translate_property(struct translation *t, bool negated)
{
	const char *name = t->regex + t->at + 3, *end;
	size_t length;

	if (t->at + 2 >= t->length || t->regex[t->at + 2] != '{')
		return refuse(t, "\\p without braces");
	end = memchr(name, '}', t->length - t->at - 3);
	if (!end)
		return refuse(t, "\\p without a closing brace");
	length = (size_t)(end - name);
	t->at += 4 + length;
	if (length && *name == '^') {
		negated = !negated;
		name++;
		length--;
	}
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (strlen(properties[i].name) == length &&
		    !memcmp(properties[i].name, name, length))
			return put_class(t, properties[i].class, negated);
	if (put(t, negated ? "\\P{" : "\\p{") || (length > 2 && put(t, "sc:")) ||
	    bytes_add(&t->out, name, length))
		return ERR_NOMEM;
	return put(t, "}");
}

static enum err
copy(struct translation *t, size_t count)
{
	size_t left = t->length - t->at;

	count = count < left ? count : left;
	t->at += count;
	return bytes_add(&t->out, t->regex + t->at - count, count);
}

static enum err
translate_class_escape(struct translation *t, unsigned class, bool negated)
{
	t->at += 2;
	return put_class(t, class, negated);
}

static enum err
translate_escape(struct translation *t)
{
	char c = t->at + 1 < t->length ? t->regex[t->at + 1] : '\0';

	switch (c) {
	case 's':
	case 'S':
		return translate_class_escape(t, UNICODE_SPACE, c == 'S');
	case 'd':
	case 'D':
		return translate_class_escape(t, UNICODE_DIGIT, c == 'D');
	case 'w':
	case 'W':
		return translate_class_escape(t, UNICODE_WORD, c == 'W');
	case 'p':
	case 'P':
		return translate_property(t, c == 'P');
	case 'b':
	case 'B':
		/* A word boundary counts characters as words that PCRE2 does not; inside a class it
		 * is a backspace in both. */
		return t->in_class ? copy(t, 2) : refuse(t, "a word boundary");
	case 'h':
	case 'H':
	case 'R':
	case 'X':
	case 'K':
	case 'G':
	case 'k':
	case 'g':
		return refuse(t, (const char[]){ '\\', c, '\0' });
	default:
		return copy(t, 2);
	}
}

/* (?m) lets the dot match a newline there, and (?s) here; i and x mean the same in both. */
static enum err
translate_options(struct translation *t)
{
	size_t at = t->at + 2;

	if (put(t, "(?"))
		return ERR_NOMEM;
	for (; at < t->length && strchr("imx-", t->regex[at]); at++)
		if (bytes_add(&t->out, t->regex[at] == 'm' ? "s" : t->regex + at, 1))
			return ERR_NOMEM;
	t->at = at;
	if (at < t->length && strchr("<>=!:)#", t->regex[at]))
		return copy(t, 1);
	return refuse(t, "a group of its own kind");
}

static enum err
translate_in_class(struct translation *t)
{
	const char *at = t->regex + t->at;

	if (*at == ']')
		t->in_class = false;
	if (*at == '[')
		return refuse(t, "a class inside a class");
	if (*at == '&' && t->at + 1 < t->length && at[1] == '&')
		return refuse(t, "an intersection of classes");
	return copy(t, 1);
}

static enum err
translate_next(struct translation *t)
{
	const char *at = t->regex + t->at;
	size_t left = t->length - t->at;

	if (*at == '\\')
		return translate_escape(t);
	if (t->in_class)
		return translate_in_class(t);
	if (*at == '[') {
		t->in_class = true;
		return copy(t, left > 1 && at[1] == '^' ? 2 : 1);
	}
	if (left > 1 && *at == '{' && at[1] == ',') {
		t->at++; /* {,n} is {0,n} there and no quantifier here */
		return put(t, "{0");
	}
	if (left > 1 && *at == '(' && at[1] == '?')
		return translate_options(t);
	if (left > 1 && *at == '(' && at[1] == '*')
		return refuse(t, "a verb");
	return copy(t, 1);
}

enum err
regex_translate(char **out, size_t *out_length, const char *regex, size_t length)
{
	struct translation t = { .regex = regex, .length = length };
	enum err code = OK;

	while (t.at < t.length && !code)
		code = translate_next(&t);
	if (code) {
		buf_free(t.out.data);
		return code;
	}
	*out = t.out.data;
	*out_length = t.out.length;
	return OK;
}
