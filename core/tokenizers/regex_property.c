/* Properties of characters by the names that expressions give them. */
#include "core/tokenizers/regex_reader.h"
#include "core/tokenizers/unicode.h"

#include <ctype.h>
#include <string.h>

/* General categories by both their names, in the order of unicode.h. */
static const struct {
	const char *brief, *name;
} categories[] = {
	{ "lu", "uppercaseletter" },
	{ "ll", "lowercaseletter" },
	{ "lt", "titlecaseletter" },
	{ "lm", "modifierletter" },
	{ "lo", "otherletter" },
	{ "mn", "nonspacingmark" },
	{ "mc", "spacingmark" },
	{ "me", "enclosingmark" },
	{ "nd", "decimalnumber" },
	{ "nl", "letternumber" },
	{ "no", "othernumber" },
	{ "pc", "connectorpunctuation" },
	{ "pd", "dashpunctuation" },
	{ "ps", "openpunctuation" },
	{ "pe", "closepunctuation" },
	{ "pi", "initialpunctuation" },
	{ "pf", "finalpunctuation" },
	{ "po", "otherpunctuation" },
	{ "sm", "mathsymbol" },
	{ "sc", "currencysymbol" },
	{ "sk", "modifiersymbol" },
	{ "so", "othersymbol" },
	{ "zs", "spaceseparator" },
	{ "zl", "lineseparator" },
	{ "zp", "paragraphseparator" },
	{ "cc", "control" },
	{ "cf", "format" },
	{ "co", "privateuse" },
};

#define ASSIGNED  UNICODE_SPAN(UNICODE_LU, UNICODE_CO)
#define SEPARATOR UNICODE_SPAN(UNICODE_ZS, UNICODE_ZP)
#define CASED     UNICODE_SPAN(UNICODE_LU, UNICODE_LT)
#define GRAPHIC   (ASSIGNED & ~SEPARATOR & ~UNICODE_BIT(UNICODE_CC))
#define SEEN      UNICODE_SPAN(UNICODE_LU, UNICODE_ZP)

struct property {
	const char *name;
	uint64_t classes;
	bool others; /* what has none of them */
};

static const struct property properties[] = {
	{ "l", UNICODE_LETTER, false },
	{ "letter", UNICODE_LETTER, false },
	{ "lc", CASED, false },
	{ "casedletter", CASED, false },
	{ "m", UNICODE_MARK, false },
	{ "mark", UNICODE_MARK, false },
	{ "n", UNICODE_NUMBER, false },
	{ "number", UNICODE_NUMBER, false },
	{ "p", UNICODE_PUNCTUATION, false },
	{ "punct", UNICODE_PUNCTUATION, false },
	{ "punctuation", UNICODE_PUNCTUATION, false },
	{ "posixpunct", UNICODE_PUNCTUATION | UNICODE_SYMBOL, false },
	{ "s", UNICODE_SYMBOL, false },
	{ "symbol", UNICODE_SYMBOL, false },
	{ "z", SEPARATOR, false },
	{ "separator", SEPARATOR, false },
	{ "c", SEEN, true },
	{ "other", SEEN, true },
	{ "cn", ASSIGNED, true },
	{ "unassigned", ASSIGNED, true },
	{ "assigned", ASSIGNED, false },
	{ "any", 0, true },
	{ "alpha", UNICODE_ALPHABETIC, false },
	{ "alphabetic", UNICODE_ALPHABETIC, false },
	{ "alnum", UNICODE_ALPHABETIC | UNICODE_DIGIT, false },
	{ "upper", UNICODE_UPPER, false },
	{ "uppercase", UNICODE_UPPER, false },
	{ "lower", UNICODE_LOWER, false },
	{ "lowercase", UNICODE_LOWER, false },
	{ "digit", UNICODE_DIGIT, false },
	{ "space", UNICODE_SPACE, false },
	{ "whitespace", UNICODE_SPACE, false },
	{ "word", UNICODE_WORD, false },
	{ "cntrl", UNICODE_BIT(UNICODE_CC), false },
	{ "graph", GRAPHIC, false },
	{ "print", GRAPHIC | UNICODE_BIT(UNICODE_ZS), false },
};

static bool
find_classes(uint64_t *out, bool *others, const char *name)
{
	*others = false;
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (!strcmp(name, properties[i].name)) {
			*out = properties[i].classes;
			*others = properties[i].others;
			return true;
		}
	for (int i = 0; i < UNICODE_CATEGORIES; i++)
		if (!strcmp(name, categories[i].brief) || !strcmp(name, categories[i].name)) {
			*out = UNICODE_BIT(i);
			return true;
		}
	return false;
}

/* Those of whose members none differs from another character in case alone. */
static bool
keeps_case(const char *name)
{
	static const char *const names[] = { "n",     "number", "nd",     "decimalnumber", "p",
					     "punct", "s",      "symbol", "posixpunct",    "any",
					     "digit", "space",  "word",   "xdigit",        "z",
					     "blank", "graph",  "print",  "whitespace" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* A property as a set, before any negation. */
static enum err
make_property(struct charset *out, bool *found, const char *name, bool in_class)
{
	static const int32_t no_words[] = { 0xb2, 0xb3, 0xb9, 0xbc, 0xbd, 0xbe };
	uint64_t classes = 0;
	bool others = false;
	enum err code = OK;

	*found = true;
	if (!strcmp(name, "ascii"))
		return charset_add(out, 0, 0x7f);
	if (!strcmp(name, "xdigit")) {
		code = charset_add(out, '0', '9');
		code = code ? code : charset_add(out, 'A', 'F');
		return code ? code : charset_add(out, 'a', 'f');
	}
	if (!strcmp(name, "blank")) {
		code = charset_add(out, '\t', '\t');
		return code ? code : charset_add_classes(out, UNICODE_BIT(UNICODE_ZS), false);
	}
	*found = find_classes(&classes, &others, name);
	if (*found)
		code = charset_add_classes(out, classes, others);
	/* Superscripts and fractions of Latin-1 are words there, but not inside a class. */
	for (size_t i = 0; i < 6 && in_class && !strcmp(name, "word") && !code; i++)
		code = charset_remove(out, no_words[i]);
	return code;
}

enum err
regex_add_property(struct charset *out, const struct regex_reader *reader, const char *name,
		   bool negated)
{
	struct charset set = { 0 };
	uint8_t script = unicode_script(name, strlen(name));
	bool found;
	enum err code = make_property(&set, &found, name, reader->in_class);

	if (!code && !found && script)
		code = charset_add_script(&set, script, false);
	else if (!code && !found)
		code = regex_refuse(reader, "a property whose name is not known");
	if (!code && reader->ignore_case && !keeps_case(name))
		code = regex_refuse(reader, "a property of letters whose case is ignored");
	code = code ? code : charset_add_set(out, &set, negated);
	charset_free(&set);
	return code;
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
	if (code)
		return code;
	/* In POSIX punctuation includes symbols. */
	return regex_add_property(out, reader, strcmp(name, "punct") ? name : "posixpunct",
				  negated);
}
