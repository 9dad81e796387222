#ifndef CORE_TOKENIZERS_REGEX_READER_H
#define CORE_TOKENIZERS_REGEX_READER_H

#include "core/tokenizers/charset.h"

/* What of an expression stands for characters, read into sets: see regex.h. */
struct regex_reader {
	const char *regex;
	size_t length, at;
	bool ignore_case, in_class;
};

/* The byte `ahead` of here, 0 behind the end. */
char regex_peek(const struct regex_reader *reader, size_t ahead);

/* ERR_UNSUPPORTED: "...pattern... uses WHAT, which is not supported". */
enum err regex_refuse(const struct regex_reader *reader, const char *what);

/* One character, bare or escaped: *out is its code point. */
enum err regex_read_character(int32_t *out, struct regex_reader *reader);

/* \d \h \p \s \w and their opposites. *found says whether one stood here. */
enum err regex_read_escape(struct charset *out, bool *found, struct regex_reader *reader);

/* The parts of it: a property in \\p{...} or [:...:], here at its backslash or bracket, or by a
 * name in lower case without blanks. */
enum err regex_read_property(struct charset *out, struct regex_reader *reader, bool negated);
enum err regex_read_posix(struct charset *out, struct regex_reader *reader);
enum err regex_add_property(struct charset *out, const struct regex_reader *reader,
			    const char *name, bool negated);

/* [...] with all that may stand in it. */
enum err regex_read_class(struct charset *out, struct regex_reader *reader);

/* A single character, with those that differ from it in case alone where that is ignored. */
enum err regex_add_character(struct charset *out, const struct regex_reader *reader, int32_t code);

#endif
