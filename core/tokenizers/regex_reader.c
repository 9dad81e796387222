#include "core/tokenizers/regex_reader.h"

#include "core/text.h"
#include "core/tokenizers/unicode.h"

#include <ctype.h>
#include <string.h>

char
regex_peek(const struct regex_reader *reader, size_t ahead)
{
	return ahead < reader->length - reader->at ? reader->regex[reader->at + ahead] : '\0';
}

enum err
regex_refuse(const struct regex_reader *reader, const char *what)
{
	return err_at(ERR_UNSUPPORTED, NULL, "pattern", "\"%.*s\" uses %s, which is not supported",
		      (int)(reader->length < 128 ? reader->length : 128), reader->regex, what);
}

/* Digits to the number they write, at most `most` of them. */
static size_t
read_digits(int32_t *out, const struct regex_reader *reader, size_t ahead, int base, size_t most)
{
	size_t n = 0;

	*out = 0;
	for (; n < most; n++) {
		char c = regex_peek(reader, ahead + n);
		int digit = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;

		if (!isxdigit((unsigned char)c) || digit >= base)
			break;
		*out = *out * base + digit;
	}
	return n;
}

/* \xHH, \x{H...}, \uHHHH, octal. Bytes from 0x80 would be raw ones there. */
static enum err
read_number(int32_t *out, struct regex_reader *reader)
{
	char kind = regex_peek(reader, 1);
	bool braces = kind == 'x' && regex_peek(reader, 2) == '{';
	size_t ahead = braces ? 3 : kind == 'x' || kind == 'u' ? 2 : 1;
	size_t most = braces ? 6 : kind == 'x' ? 2 : kind == 'u' ? 4 : 3;
	size_t n = read_digits(out, reader, ahead, kind == 'x' || kind == 'u' ? 16 : 8, most);

	if (!n || (braces && regex_peek(reader, ahead + n) != '}') || (kind == 'u' && n < 4))
		return regex_refuse(reader, "a number that is no character");
	if ((!braces && kind != 'u' && *out >= 0x80) || *out > CHARSET_LAST ||
	    (*out >= 0xd800 && *out < 0xe000))
		return regex_refuse(reader, "a byte or number that is no character");
	reader->at += ahead + n + braces;
	return OK;
}

enum err
regex_read_character(int32_t *out, struct regex_reader *reader)
{
	static const char names[] = "tnrfvae", values[] = "\t\n\r\f\v\a\033";
	const char *found;
	char c = regex_peek(reader, 1);

	if (regex_peek(reader, 0) == '\\') {
		if (reader->at + 1 == reader->length)
			return regex_refuse(reader, "a backslash at its end");
		if (c == 'x' || c == 'u' || c == '0')
			return read_number(out, reader);
		if ((c >= '1' && c <= '9') || (c && strchr("cCMkgGKXyY", c)))
			return regex_refuse(reader, (const char[]){ '\\', c, '\0' });
		reader->at++;
		found = c ? strchr(names, c) : NULL;
		if (found) {
			reader->at++;
			*out = values[found - names];
			return OK;
		}
	}
	if (reader->at >= reader->length)
		return regex_refuse(reader, "a class without an end");
	*out = text_decode(reader->regex, reader->length, &reader->at);
	return *out < 0 ? regex_refuse(reader, "bytes that are not UTF-8") : OK;
}

enum err
regex_read_escape(struct charset *out, bool *found, struct regex_reader *reader)
{
	char c = regex_peek(reader, 0) == '\\' ? regex_peek(reader, 1) : '\0';
	bool negated = c >= 'A' && c <= 'Z';

	/* Without a brace \p is the letter. */
	if ((c == 'p' || c == 'P') && regex_peek(reader, 2) == '{') {
		*found = true;
		return regex_read_property(out, reader, negated);
	}
	*found = c && strchr("dDhHsSwW", c);
	if (!*found)
		return OK;
	reader->at += 2;
	return regex_add_property(out, reader,
				  c == 'd' || c == 'D'   ? "digit"
				  : c == 'h' || c == 'H' ? "xdigit"
				  : c == 's' || c == 'S' ? "space"
							 : "word",
				  negated);
}

enum { LONG_S = 0x17f, KELVIN = 0x212a }; /* s and k but for their case */

static bool
has_case(int32_t code)
{
	uint64_t cased = UNICODE_SPAN(UNICODE_LU, UNICODE_LT) | UNICODE_MARK |
			 UNICODE_BIT(UNICODE_NL) | UNICODE_BIT(UNICODE_SO);

	return code >= 0x80 && code != LONG_S && code != KELVIN && (unicode_classes(code) & cased);
}

enum err
regex_add_character(struct charset *out, const struct regex_reader *reader, int32_t code)
{
	int32_t letter = code == LONG_S ? 's' : code == KELVIN ? 'k' : code | 0x20;
	enum err err;

	if (reader->ignore_case && has_case(code))
		return regex_refuse(reader, "a letter beyond ASCII whose case is ignored");
	if (!reader->ignore_case || letter < 'a' || letter > 'z')
		return charset_add(out, code, code);
	err = charset_add(out, letter, letter);
	err = err ? err : charset_add(out, letter - 0x20, letter - 0x20);
	if (!err && letter == 's')
		err = charset_add(out, LONG_S, LONG_S);
	if (!err && letter == 'k')
		err = charset_add(out, KELVIN, KELVIN);
	return err;
}

/* The members of a class up to its end, or to the && that another list must share them with. */
enum { CLASS_DEPTH = 16 };

static enum err read_class(struct charset *out, struct regex_reader *reader, int depth);

static enum err
add_range(struct charset *out, const struct regex_reader *reader, int32_t first, int32_t last)
{
	enum err code = OK;

	if (first > last)
		return regex_refuse(reader, "a range whose end is before its start");
	if (!reader->ignore_case)
		return charset_add(out, first, last);
	for (int32_t c = first; c <= last && !code; c++)
		code = regex_add_character(out, reader, c);
	return code;
}

/* A character, or a range that starts with it. */
static enum err
read_range(struct charset *out, struct regex_reader *reader)
{
	struct charset unused = { 0 };
	int32_t first = '\b', last;
	bool found;
	enum err code = OK;

	if (regex_peek(reader, 0) == '\\' && regex_peek(reader, 1) == 'b')
		reader->at += 2;
	else
		code = regex_read_character(&first, reader);
	if (code)
		return code;
	if (regex_peek(reader, 0) != '-' || regex_peek(reader, 1) == ']' ||
	    (regex_peek(reader, 1) == '&' && regex_peek(reader, 2) == '&'))
		return regex_add_character(out, reader, first);
	reader->at++;
	code = regex_read_escape(&unused, &found, reader);
	charset_free(&unused);
	if (!code && (found || regex_peek(reader, 0) == '['))
		code = regex_refuse(reader, "a range that ends with a class");
	code = code ? code : regex_read_character(&last, reader);
	return code ? code : add_range(out, reader, first, last);
}

/* One member. `after_class` says that a class stood before it, which no range can start with. */
static enum err
read_member(struct charset *out, struct regex_reader *reader, int depth, bool *after_class)
{
	struct charset nested = { 0 };
	bool found;
	enum err code;

	if (*after_class && regex_peek(reader, 0) == '-' && regex_peek(reader, 1) != ']')
		return regex_refuse(reader, "a range that starts with a class");
	*after_class = true;
	code = regex_read_escape(out, &found, reader);
	if (code || found)
		return code;
	if (regex_peek(reader, 0) == '[' && regex_peek(reader, 1) == ':')
		return regex_read_posix(out, reader);
	if (regex_peek(reader, 0) == '[') {
		code = read_class(&nested, reader, depth + 1);
		code = code ? code : charset_add_set(out, &nested, false);
		charset_free(&nested);
		return code;
	}
	*after_class = false;
	return read_range(out, reader);
}

/* A bracket right at the start is a member when another one ends the class. */
static bool
closes(const struct regex_reader *reader, size_t first)
{
	if (regex_peek(reader, 0) != ']')
		return false;
	return reader->at > first ||
	       !memchr(reader->regex + reader->at + 1, ']', reader->length - reader->at - 1);
}

/* Members up to && or the end of the class. */
static enum err
read_members(struct charset *out, struct regex_reader *reader, int depth, size_t first)
{
	bool after_class = false;
	enum err code = OK;

	while (!code) {
		if (reader->at >= reader->length)
			return regex_refuse(reader, "a class without an end");
		if (closes(reader, first) ||
		    (regex_peek(reader, 0) == '&' && regex_peek(reader, 1) == '&'))
			return OK;
		/* A - behind a range is itself: [a-c-e]. */
		code = read_member(out, reader, depth, &after_class);
	}
	return code;
}

static enum err
read_class(struct charset *out, struct regex_reader *reader, int depth)
{
	struct charset more = { 0 };
	bool negated = regex_peek(reader, 1) == '^';
	size_t first = reader->at + (negated ? 2 : 1);
	enum err code;

	if (depth == CLASS_DEPTH)
		return regex_refuse(reader, "classes too deep inside each other");
	if (reader->ignore_case && depth && negated)
		return regex_refuse(reader, "a negated inner class where case is ignored");
	reader->at = first;
	code = read_members(out, reader, depth, first);
	while (!code && regex_peek(reader, 0) == '&') {
		reader->at += 2;
		code = read_members(&more, reader, depth, first);
		code = code ? code : charset_intersect(out, &more);
		charset_free(&more);
	}
	charset_free(&more);
	if (code)
		return code;
	if (reader->at == first)
		return regex_refuse(reader, "an empty class");
	reader->at++;
	return negated ? charset_invert(out) : OK;
}

enum err
regex_read_class(struct charset *out, struct regex_reader *reader)
{
	enum err code;

	reader->in_class = true;
	code = read_class(out, reader, 0);
	reader->in_class = false;
	return code;
}
