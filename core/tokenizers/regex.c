#include "core/tokenizers/regex.h"

#include "core/buf.h"
#include "core/tokenizers/regex_parser.h"
#include "core/tokenizers/unicode.h"

#include <stdio.h>
#include <string.h>

#define NO_ATOM SIZE_MAX

static void
begin_atom(struct regex_parser *p)
{
	p->atom = p->out->code.length;
	p->repeated = false;
	p->interval = 0;
	p->before = 0;
}

/* What has no width is not repeated: the library refuses it, too. */
static enum err
put_anchor(struct regex_parser *p, const char *text, uint64_t classes)
{
	p->atom = NO_ATOM;
	p->before = 0;
	return regex_put_around(p, text, classes);
}

/* All characters, or all but the newline. */
static enum err
put_dot(struct regex_parser *p, bool newlines)
{
	struct charset set = { 0 };
	enum err code = charset_add(&set, 0, newlines ? CHARSET_LAST : '\n' - 1);

	begin_atom(p);
	if (!code && !newlines)
		code = charset_add(&set, '\n' + 1, CHARSET_LAST);
	if (!code)
		return regex_put_set(p, &set);
	charset_free(&set);
	return code;
}

static enum err
put_line_end(struct regex_parser *p)
{
	struct charset set = { 0 };
	enum err code = charset_add(&set, '\n', '\r');

	begin_atom(p);
	code = code ? code : charset_add(&set, 0x85, 0x85);
	code = code ? code : charset_add(&set, 0x2028, 0x2029);
	code = code ? code : regex_put(p, "(?>");
	code = code ? code : regex_put_characters(p, '\r', '\r');
	code = code ? code : regex_put_characters(p, '\n', '\n');
	code = code ? code : regex_put(p, "|");
	if (code) {
		charset_free(&set);
		return code;
	}
	code = regex_put_set(p, &set);
	return code ? code : regex_put(p, ")");
}

/* Where case is ignored, some pairs of letters are also one: the library matches the ligature. */
static bool
makes_ligature(int32_t before, int32_t code)
{
	static const char pairs[] = "ssstfffifl";

	for (size_t i = 0; i + 1 < sizeof(pairs); i += 2)
		if ((before | 0x20) == pairs[i] && (code | 0x20) == pairs[i + 1])
			return true;
	return false;
}

static enum err
put_literal(struct regex_parser *p)
{
	struct charset set = { 0 };
	int32_t before = p->before, code;
	enum err err = regex_read_character(&code, &p->reader);

	if (!err && p->reader.ignore_case && makes_ligature(before, code))
		err = regex_refuse(&p->reader, "a pair of letters that is also one, ignoring case");
	err = err ? err : regex_add_character(&set, &p->reader, code);
	if (err) {
		charset_free(&set);
		return err;
	}
	begin_atom(p);
	p->before = p->reader.ignore_case ? code : 0;
	return regex_put_set(p, &set);
}

static enum err
put_class(struct regex_parser *p)
{
	struct charset set = { 0 };
	enum err code = regex_read_class(&set, &p->reader);

	if (code) {
		charset_free(&set);
		return code;
	}
	begin_atom(p);
	return regex_put_set(p, &set);
}

/* Where two characters, of which one is of a word and the other not, meet; and where not. */
#define BOUNDARY    "(?:(?<=%)(?!%)|(?<!%)(?=%))"
#define NO_BOUNDARY "(?:(?<=%)(?=%)|(?<!%)(?!%))"

static enum err
put_escape(struct regex_parser *p)
{
	struct charset set = { 0 };
	char c = regex_peek(&p->reader, 1);
	size_t before = p->reader.at;
	bool found;
	enum err code = regex_read_escape(&set, &found, &p->reader);

	if (!code && found) {
		begin_atom(p);
		return regex_put_set(p, &set);
	}
	charset_free(&set);
	if (code)
		return code;
	p->reader.at = before + 2;
	switch (c) {
	case 'A':
		return put_anchor(p, "\\A", 0);
	case 'z':
		return put_anchor(p, "\\z", 0);
	case 'Z':
		return put_anchor(p, "(?=%?\\z)", 0);
	case 'b':
		return put_anchor(p, BOUNDARY, UNICODE_WORD);
	case 'B':
		return put_anchor(p, NO_BOUNDARY, UNICODE_WORD);
	case 'N':
	case 'O':
		return put_dot(p, c == 'O');
	case 'R':
		return put_line_end(p);
	default:
		p->reader.at = before;
		return put_literal(p);
	}
}

static enum err
open_group(struct regex_parser *p, const char *start, size_t skipped)
{
	if (p->depth == REGEX_GROUPS_MAX)
		return regex_refuse(&p->reader, "groups too deep inside each other");
	p->groups[p->depth++] = (struct regex_group){ .start = p->out->code.length,
						      .ignore_case = p->reader.ignore_case,
						      .dot_all = p->dot_all,
						      .extended = p->extended };
	p->reader.at += skipped;
	p->atom = NO_ATOM;
	p->before = 0;
	return regex_put(p, start);
}

static enum err
close_group(struct regex_parser *p)
{
	struct regex_group *group = &p->groups[p->depth - 1];
	enum err code = OK;

	if (p->depth == 1)
		return regex_refuse(&p->reader, "a closing parenthesis without its group");
	for (size_t i = 0; i <= group->inner && !code; i++)
		code = regex_put(p, ")");
	p->reader.ignore_case = group->ignore_case;
	p->dot_all = group->dot_all;
	p->extended = group->extended;
	p->reader.at++;
	p->depth--;
	begin_atom(p);
	p->atom = group->start;
	return code;
}

/* (?i-m:...) is a group; (?i) goes on to the end of the group that it stands in. */
static enum err
read_options(struct regex_parser *p)
{
	bool on = true, ignore_case = p->reader.ignore_case, dot_all = p->dot_all;
	bool extended = p->extended;
	size_t n = 2;
	enum err code;

	for (char c; (c = regex_peek(&p->reader, n)) && strchr("imx-", c); n++) {
		on = c == '-' ? false : on;
		ignore_case = c == 'i' ? on : ignore_case;
		dot_all = c == 'm' ? on : dot_all;
		extended = c == 'x' ? on : extended;
	}
	if (regex_peek(&p->reader, n) == ':') {
		code = open_group(p, "(?:", n + 1);
	} else if (n > 2 && regex_peek(&p->reader, n) == ')') {
		p->reader.at += n + 1;
		p->groups[p->depth - 1].inner++;
		p->atom = NO_ATOM;
		p->before = 0;
		code = regex_put(p, "(?:");
	} else {
		return regex_refuse(&p->reader, "a group of its own kind");
	}
	p->reader.ignore_case = ignore_case;
	p->dot_all = dot_all;
	p->extended = extended;
	return code;
}

static enum err
skip_past(struct regex_parser *p, char end, const char *what)
{
	const char *from = p->reader.regex + p->reader.at;
	const char *found = memchr(from, end, p->reader.length - p->reader.at);

	if (!found)
		return regex_refuse(&p->reader, what);
	p->reader.at += (size_t)(found - from) + 1;
	return OK;
}

static enum err
read_group(struct regex_parser *p)
{
	static const char *const starts[] = { "(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!" };
	size_t left = p->reader.length - p->reader.at;
	const char *at = p->reader.regex + p->reader.at;
	enum err code;

	if (regex_peek(&p->reader, 1) == '*')
		return regex_refuse(&p->reader, "a verb");
	if (regex_peek(&p->reader, 1) != '?')
		return open_group(p, "(?:", 1);
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (left >= strlen(starts[i]) && !memcmp(at, starts[i], strlen(starts[i])))
			return open_group(p, starts[i], strlen(starts[i]));
	if (regex_peek(&p->reader, 2) == '#')
		return skip_past(p, ')', "a comment without an end");
	if (regex_peek(&p->reader, 2) != '<')
		return read_options(p);
	code = open_group(p, "(?:", 3);
	return code ? code : skip_past(p, '>', "a name without an end");
}

struct repeat {
	long least, most; /* most -1: no end */
	size_t length;    /* bytes read; 0: no interval at all, the brace is itself */
};

static size_t
read_count(long *out, const struct regex_reader *reader, size_t ahead)
{
	size_t n = 0;

	*out = 0;
	for (char c; n < 7 && (c = regex_peek(reader, ahead + n)) >= '0' && c <= '9'; n++)
		*out = *out * 10 + (c - '0');
	return n;
}

static struct repeat
read_interval(const struct regex_reader *reader)
{
	struct repeat repeat = { 0 };
	size_t least = read_count(&repeat.least, reader, 1), most = 0, n = 1 + least;

	repeat.most = repeat.least;
	if (regex_peek(reader, n) == ',') {
		most = read_count(&repeat.most, reader, n + 1);
		n += 1 + most;
		repeat.most = most ? repeat.most : -1;
	}
	if ((least || most) && regex_peek(reader, n) == '}')
		repeat.length = n + 1;
	return repeat;
}

static enum err
insert(struct bytes *code, size_t at, const char *text)
{
	size_t length = strlen(text), tail = code->length - at;

	if (bytes_add(code, text, length))
		return ERR_NOMEM;
	memmove(code->data + at + length, code->data + at, tail);
	memcpy(code->data + at, text, length);
	return OK;
}

/* Behind something already repeated, or around something that is to be made so again, stands a
 * group: x{1,3}+ is more than one of up to three there, and possessive here. */
static enum err
put_repeat(struct regex_parser *p, const char *text)
{
	enum err code = OK;

	if (p->atom == NO_ATOM)
		return regex_refuse(&p->reader, "a repetition of nothing");
	if (p->repeated) {
		code = insert(&p->out->code, p->atom, "(?:");
		code = code ? code : regex_put(p, ")");
	}
	p->repeated = true;
	p->interval = 0;
	p->before = 0;
	return code ? code : regex_put(p, text);
}

/* Is this {0,n} or {1,n} of one set? */
static bool
is_simple(const struct regex_parser *p, const struct repeat *repeat)
{
	const struct bytes *code = &p->out->code;

	return !p->repeated && repeat->least <= 1 && repeat->most && p->atom != NO_ATOM &&
	       code->length - p->atom == REGEX_SET_BYTES && code->data[p->atom] == REGEX_SET_MARK;
}

/* More than one of up to three of a set are any number of it, in one step and not in a million
 * nested ones: (?:x{1,3})+ is x+. */
static enum err
repeat_interval_again(struct regex_parser *p, char c)
{
	p->out->code.length = p->interval;
	p->interval = 0;
	return regex_put(p, c == '*' || p->interval_from_0 ? "*" : "+");
}

static enum err
repeat_interval(struct regex_parser *p, const struct repeat *repeat)
{
	char text[64], most[24] = "";
	bool exact = repeat->least == repeat->most, simple = is_simple(p, repeat);
	size_t at = p->out->code.length;
	enum err code;

	if (repeat->most >= 0 && repeat->least > repeat->most)
		return regex_refuse(&p->reader, "an interval whose end is before its start");
	if (repeat->most >= 0)
		snprintf(most, sizeof(most), "%ld", repeat->most);
	p->reader.at += repeat->length;
	/* {n}? is no lazy form: what stands n times may be missing. */
	if (!exact && regex_peek(&p->reader, 0) == '?') {
		p->reader.at++;
		snprintf(text, sizeof(text), "{%ld,%s}?", repeat->least, most);
		return put_repeat(p, text);
	}
	snprintf(text, sizeof(text), "{%ld,%s}", repeat->least, most);
	code = put_repeat(p, text);
	p->interval = simple ? at : 0;
	p->interval_from_0 = !repeat->least;
	return code;
}

static enum err
repeat_simply(struct regex_parser *p)
{
	char text[3] = { regex_peek(&p->reader, 0), regex_peek(&p->reader, 1), '\0' };

	if (text[1] != '?' && text[1] != '+')
		text[1] = '\0';
	p->reader.at += strlen(text);
	if (p->atom != NO_ATOM && p->interval && !text[1] && text[0] != '?')
		return repeat_interval_again(p, text[0]);
	return put_repeat(p, text);
}

static enum err
read_syntax(struct regex_parser *p, char c)
{
	switch (c) {
	case '\\':
		return put_escape(p);
	case '[':
		return put_class(p);
	case '(':
		return read_group(p);
	case ')':
		return close_group(p);
	case '*':
	case '+':
	case '?':
		return repeat_simply(p);
	default:
		break;
	}
	p->reader.at++;
	if (c == '.')
		return put_dot(p, p->dot_all);
	if (c == '^')
		return put_anchor(p, "(?:\\A|(?<=%)(?!\\z))", 0);
	if (c == '$')
		return put_anchor(p, "(?=%|\\z)", 0);
	p->atom = NO_ATOM; /* | */
	p->before = 0;
	return regex_put(p, "|");
}

static enum err
read_next(struct regex_parser *p)
{
	char c = regex_peek(&p->reader, 0);
	struct repeat repeat = { 0 };

	if (p->extended && c && strchr(" \t\n\r\f\v", c)) {
		p->reader.at++;
		return OK;
	}
	if (p->extended && c == '#') {
		while (p->reader.at < p->reader.length && regex_peek(&p->reader, 0) != '\n')
			p->reader.at++;
		return OK;
	}
	if (c == '{')
		repeat = read_interval(&p->reader);
	if (repeat.length)
		return repeat_interval(p, &repeat);
	return c && strchr("\\[()*+?.^$|", c) ? read_syntax(p, c) : put_literal(p);
}

enum err
regex_parse(struct regex *out, const char *regex, size_t length)
{
	struct regex_parser *p = buf_alloc(1, sizeof(*p));
	enum err code = OK;

	*out = (struct regex){ 0 };
	if (!p)
		return ERR_NOMEM;
	p->reader = (struct regex_reader){ .regex = regex, .length = length };
	p->out = out;
	p->depth = 1;
	p->atom = NO_ATOM;
	while (p->reader.at < length && !code)
		code = read_next(p);
	if (!code && p->depth > 1)
		code = regex_refuse(&p->reader, "a group without its end");
	for (size_t i = 0; i < p->groups[0].inner && !code; i++)
		code = regex_put(p, ")");
	buf_free(p);
	return code;
}
