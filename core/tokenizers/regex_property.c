/* Properties of characters by the names that expressions give them. */
#include "core/tokenizers/regex_reader.h"
#include "core/tokenizers/unicode.h"

#include <ctype.h>
#include <string.h>

/* General categories by the two letters of their names, in the order of unicode.h. */
static const char categories[] = "lullltlmlomnmcmendnlnopcpdpspepipfposmscsksozszlzpcccfco";

struct named {
	const char *name;
	uint64_t classes;
};

#define ASSIGNED UNICODE_SPAN(UNICODE_LU, UNICODE_CO)
static const struct named properties[] = {
	{ "l", UNICODE_LETTER },
	{ "letter", UNICODE_LETTER },
	{ "lc", UNICODE_SPAN(UNICODE_LU, UNICODE_LT) },
	{ "casedletter", UNICODE_SPAN(UNICODE_LU, UNICODE_LT) },
	{ "uppercaseletter", UNICODE_BIT(UNICODE_LU) },
	{ "lowercaseletter", UNICODE_BIT(UNICODE_LL) },
	{ "titlecaseletter", UNICODE_BIT(UNICODE_LT) },
	{ "modifierletter", UNICODE_BIT(UNICODE_LM) },
	{ "otherletter", UNICODE_BIT(UNICODE_LO) },
	{ "m", UNICODE_MARK },
	{ "mark", UNICODE_MARK },
	{ "n", UNICODE_NUMBER },
	{ "number", UNICODE_NUMBER },
	{ "decimalnumber", UNICODE_DIGIT },
	{ "p", UNICODE_PUNCTUATION },
	{ "punctuation", UNICODE_PUNCTUATION },
	{ "s", UNICODE_SYMBOL },
	{ "symbol", UNICODE_SYMBOL },
	{ "z", UNICODE_SPAN(UNICODE_ZS, UNICODE_ZP) },
	{ "separator", UNICODE_SPAN(UNICODE_ZS, UNICODE_ZP) },
	{ "control", UNICODE_BIT(UNICODE_CC) },
	{ "format", UNICODE_BIT(UNICODE_CF) },
	{ "assigned", ASSIGNED },
	{ "alpha", UNICODE_ALPHABETIC },
	{ "alphabetic", UNICODE_ALPHABETIC },
	{ "alnum", UNICODE_ALPHABETIC | UNICODE_DIGIT },
	{ "upper", UNICODE_UPPER },
	{ "uppercase", UNICODE_UPPER },
	{ "lower", UNICODE_LOWER },
	{ "lowercase", UNICODE_LOWER },
	{ "digit", UNICODE_DIGIT },
	{ "space", UNICODE_SPACE },
	{ "whitespace", UNICODE_SPACE },
	{ "word", UNICODE_WORD },
	{ "cntrl", UNICODE_BIT(UNICODE_CC) },
};

/* Those that are not a matter of classes alone: ranges of ASCII beside them, or instead. */
static const struct {
	const char *name;
	uint64_t classes;
	const char *ranges; /* first and last of each */
} mixed[] = {
	{ "punct", UNICODE_PUNCTUATION, "$$++<>^^``||~~" },
	{ "blank", UNICODE_BIT(UNICODE_ZS), "\t\t" },
	{ "xdigit", 0, "09AFaf" },
};

static enum err
add_mixed(struct charset *out, bool *found, const char *name, bool negated)
{
	for (size_t i = 0; i < sizeof(mixed) / sizeof(mixed[0]); i++) {
		struct charset set = { 0 };
		enum err code;

		if (strcmp(name, mixed[i].name))
			continue;
		*found = true;
		code = charset_add_classes(&set, mixed[i].classes, false);
		for (const char *r = mixed[i].ranges; *r && !code; r += 2)
			code = charset_add(&set, r[0], r[1]);
		code = code ? code : charset_add_set(out, &set, negated);
		charset_free(&set);
		return code;
	}
	return OK;
}

/* The whole of Unicode, or none of it. */
static enum err
add_all(struct charset *out, int32_t last, bool negated)
{
	if (!negated)
		return charset_add(out, 0, last);
	return last < CHARSET_LAST ? charset_add(out, last + 1, CHARSET_LAST) : OK;
}

static bool
find_classes(uint64_t *out, const char *name)
{
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (!strcmp(name, properties[i].name)) {
			*out = properties[i].classes;
			return true;
		}
	for (int i = 0; i < UNICODE_CATEGORIES && strlen(name) == 2; i++)
		if (categories[i * 2] == name[0] && categories[i * 2 + 1] == name[1]) {
			*out = UNICODE_BIT(i);
			return true;
		}
	return false;
}

/* Those whose members keep company when case is ignored. */
static bool
keeps_case(uint64_t classes)
{
	return !(classes & (UNICODE_LETTER | UNICODE_MARK | UNICODE_ALPHABETIC | UNICODE_UPPER |
			    UNICODE_LOWER)) ||
	       (classes & ASSIGNED) == ASSIGNED;
}

enum err
regex_add_property(struct charset *out, const struct regex_reader *reader, const char *name,
		   bool negated)
{
	uint64_t classes;
	uint8_t script = unicode_script(name, strlen(name));
	bool found = false;
	enum err code;

	if (!strcmp(name, "any"))
		return add_all(out, CHARSET_LAST, negated);
	if (!strcmp(name, "ascii"))
		return add_all(out, 0x7f, negated);
	if (!strcmp(name, "cn") || !strcmp(name, "unassigned"))
		return charset_add_classes(out, ASSIGNED, !negated);
	code = add_mixed(out, &found, name, negated);
	if (found || code)
		return code;
	if (!find_classes(&classes, name) && !script)
		return regex_refuse(reader, "a property whose name is not known");
	if (reader->ignore_case && (script || !keeps_case(classes)))
		return regex_refuse(reader, "a property of letters whose case is ignored");
	return script ? charset_add_script(out, script, negated)
		      : charset_add_classes(out, classes, negated);
}

enum { NAME_MAX_LENGTH = 63 };

/* A name up to `end` in lower case, without the characters that do not count in one. Moves behind
 * the end. */
static enum err
read_name(char out[NAME_MAX_LENGTH + 1], struct regex_reader *reader, const char *end)
{
	const char *from = reader->regex + reader->at;
	const char *stop = memmem(from, reader->length - reader->at, end, strlen(end));
	size_t n = 0;

	if (!stop || stop - from > NAME_MAX_LENGTH)
		return regex_refuse(reader, "a property without an end");
	for (const char *c = from; c < stop; c++)
		if (!strchr(" _-", *c))
			out[n++] = (char)tolower((unsigned char)*c);
	out[n] = '\0';
	reader->at += (size_t)(stop - from) + strlen(end);
	return OK;
}

enum err
regex_read_property(struct charset *out, struct regex_reader *reader, bool negated)
{
	char name[NAME_MAX_LENGTH + 1];
	enum err code;

	reader->at += 3;
	if (regex_peek(reader, 0) == '^') {
		negated = !negated;
		reader->at++;
	}
	code = read_name(name, reader, "}");
	return code ? code : regex_add_property(out, reader, name, negated);
}

/* [:alpha:] at the bracket. */
enum err
regex_read_posix(struct charset *out, struct regex_reader *reader)
{
	char name[NAME_MAX_LENGTH + 1];
	bool negated = regex_peek(reader, 2) == '^';
	enum err code;

	reader->at += negated ? 3 : 2;
	code = read_name(name, reader, ":]");
	return code ? code : regex_add_property(out, reader, name, negated);
}
