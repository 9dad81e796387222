#ifndef CORE_TOKENIZERS_REGEX_PARSER_H
#define CORE_TOKENIZERS_REGEX_PARSER_H

#include "core/tokenizers/regex.h"
#include "core/tokenizers/regex_reader.h"

/* An expression on its way from one syntax to the other: regex.c reads, regex_put.c writes. */
enum { REGEX_GROUPS_MAX = 200 };

/* A set stands in the code as this byte, which is no syntax, and two bytes of its number. */
enum { REGEX_SET_MARK = 1, REGEX_SET_BYTES = 3 };

struct regex_group {
	size_t start;                        /* of the group in the code */
	size_t inner;                        /* groups that end with it: one for each (?i) inside */
	bool ignore_case, dot_all, extended; /* to be restored behind it */
};

struct regex_parser {
	struct regex_reader reader;
	struct regex *out;
	struct regex_group groups[REGEX_GROUPS_MAX];
	size_t depth; /* groups open, and the whole expression */
	size_t atom;  /* where in the code the last thing starts that may be repeated */
	bool repeated;
	size_t interval; /* where {0,n} or {1,n} of one set stands that is the last thing; or 0 */
	bool interval_from_0;
	bool dot_all, extended;
	int32_t before; /* the literal before, when case is ignored; else 0 */
};

enum err regex_put(struct regex_parser *p, const char *syntax);
enum err regex_put_set(struct regex_parser *p, struct charset *set); /* takes it over */
enum err regex_put_characters(struct regex_parser *p, int32_t first, int32_t last);

/* Syntax around one set that stands at each %: the classes, or for 0 the newline. */
enum err regex_put_around(struct regex_parser *p, const char *syntax, uint64_t classes);

#endif
