#define PCRE2_CODE_UNIT_WIDTH 8
#include "core/tokenizers/pattern.h"

#include "core/buf.h"
#include "core/tokenizers/alphabet.h"
#include "core/tokenizers/regex.h"

#include <string.h>

#include <pcre2.h>

/* Per match, so a text of any length passes; a pattern that backtracks without end does not. A
 * group that repeats a million times needs some hundred MiB. */
enum { MATCH_LIMIT = 10000000, HEAP_LIMIT_KIB = 256 << 10 };

struct pattern {
	char *literal; /* or NULL: code */
	size_t length;
	pcre2_code *code;
	pcre2_match_context *limits;
	struct alphabet *alphabet; /* what the code is spelled in */
	char *source;
};

void
pattern_free(struct pattern *pattern)
{
	if (!pattern)
		return;
	pcre2_code_free(pattern->code);
	pcre2_match_context_free(pattern->limits);
	alphabet_free(pattern->alphabet);
	buf_free(pattern->literal);
	buf_free(pattern->source);
	buf_free(pattern);
}

/* The expression over letters of one byte, for the pattern's own alphabet. */
static enum err
spell(struct bytes *out, struct pattern *pattern, const char *regex, size_t length)
{
	struct regex parsed;
	enum err code = regex_parse(&parsed, regex, length);

	code = code ? code : alphabet_create(&pattern->alphabet, parsed.sets, parsed.set_count);
	code = code ? code : regex_spell(out, &parsed, pattern->alphabet);
	regex_free(&parsed);
	return code;
}

static enum err
compile(struct pattern *pattern, const char *regex, size_t length)
{
	struct bytes spelled = { 0 };
	size_t at;
	int problem;
	enum err code = spell(&spelled, pattern, regex, length);

	if (!code)
		pattern->code = pcre2_compile((PCRE2_SPTR)spelled.data, spelled.length,
					      PCRE2_NEVER_UTF, &problem, &at, NULL);
	buf_free(spelled.data);
	if (code)
		return code;
	if (!pattern->code) {
		char message[128];

		pcre2_get_error_message(problem, (PCRE2_UCHAR *)message, sizeof(message));
		return err_at(ERR_UNSUPPORTED, NULL, "pattern", "\"%.*s\" cannot be compiled: %s",
			      (int)(length < 128 ? length : 128), regex, message);
	}
	pattern->limits = pcre2_match_context_create(NULL);
	if (!pattern->limits)
		return err_set(ERR_NOMEM, "out of memory for a pattern");
	pcre2_set_match_limit(pattern->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(pattern->limits, MATCH_LIMIT);
	pcre2_set_heap_limit(pattern->limits, HEAP_LIMIT_KIB);
	return OK;
}

enum err
pattern_create_regex(struct pattern **out, const char *regex, size_t length)
{
	struct pattern *pattern = buf_alloc(1, sizeof(*pattern));
	enum err code = ERR_NOMEM;

	*out = NULL;
	if (!pattern || !(pattern->source = buf_strndup(regex, length)))
		goto out;
	code = compile(pattern, regex, length);
out:
	if (code)
		pattern_free(pattern);
	else
		*out = pattern;
	return code;
}

static enum err
create_literal(struct pattern **out, const struct json *text)
{
	struct pattern *pattern = buf_alloc(1, sizeof(*pattern));

	*out = NULL;
	if (!pattern)
		return ERR_NOMEM;
	if (!(pattern->literal = buf_strndup(text->string, text->length))) {
		pattern_free(pattern);
		return ERR_NOMEM;
	}
	pattern->length = text->length;
	*out = pattern;
	return OK;
}

enum err
pattern_create(struct pattern **out, const struct json *spec)
{
	const struct json *regex = spec_get(spec, "Regex"), *text = spec_get(spec, "String");

	*out = NULL;
	if (spec && spec->type == JSON_STRING)
		text = spec;
	if (regex && regex->type == JSON_STRING)
		return pattern_create_regex(out, regex->string, regex->length);
	if (text && text->type == JSON_STRING)
		return create_literal(out, text);
	return err_at(ERR_FORMAT, NULL, "pattern", "it holds neither String nor Regex");
}

enum err
spans_add(struct spans *out, size_t start, size_t end, bool matched)
{
	if (buf_grow(&out->list, &out->capacity, out->count + 1, sizeof(*out->list)))
		return ERR_NOMEM;
	out->list[out->count++] = (struct span){ start, end, matched };
	return OK;
}

void
spans_free(struct spans *spans)
{
	buf_free(spans->list);
}

/* A match, and before it what the last one left. */
static enum err
add_match(struct spans *out, size_t *covered, size_t start, size_t end)
{
	enum err code = OK;

	if (start > *covered)
		code = spans_add(out, *covered, start, false);
	*covered = end;
	return code ? code : spans_add(out, start, end, true);
}

static enum err
cover_literal(struct spans *out, size_t *covered, const struct pattern *pattern, const char *text,
	      size_t length)
{
	while (pattern->length && *covered < length) {
		const char *at = memmem(text + *covered, length - *covered, pattern->literal,
					pattern->length);
		size_t start = at ? (size_t)(at - text) : 0;

		if (!at)
			break;
		if (add_match(out, covered, start, start + pattern->length))
			return ERR_NOMEM;
	}
	return OK;
}

static enum err
match_failed(const struct pattern *pattern, int problem, size_t at)
{
	const char *limit = problem == PCRE2_ERROR_MATCHLIMIT   ? "match"
			    : problem == PCRE2_ERROR_DEPTHLIMIT ? "depth"
			    : problem == PCRE2_ERROR_HEAPLIMIT  ? "heap"
								: NULL;

	if (limit)
		return err_at(ERR_RANGE, NULL, "pattern",
			      "\"%.128s\" reached the %s limit at byte %zu of the text",
			      pattern->source, limit, at);
	return err_at(ERR_FORMAT, NULL, "pattern", "\"%.128s\" failed with PCRE2 error %d",
		      pattern->source, problem);
}

/* A text and the same in letters; found places move from one to the other in one pass. */
struct spelled {
	const char *text;
	size_t length, at; /* in bytes */
	struct bytes letters;
	size_t letter; /* where `at` is in letters */
};

/* Forward to a letter, never back. */
static size_t
place_of(struct spelled *spelled, size_t letter)
{
	while (spelled->letter < letter) {
		spelled->at++;
		while (spelled->at < spelled->length &&
		       ((unsigned char)spelled->text[spelled->at] & 0xc0) == 0x80)
			spelled->at++;
		spelled->letter++;
	}
	return spelled->at;
}

/* One match after the other; an empty one right behind the last match is passed over. */
static enum err
cover_regex(struct spans *out, size_t *covered, const struct pattern *pattern,
	    pcre2_match_data *data, struct spelled *spelled)
{
	const PCRE2_SIZE *found = pcre2_get_ovector_pointer(data);
	size_t length = spelled->letters.length, last = SIZE_MAX;

	for (size_t at = 0; at <= length;) {
		int n = pcre2_match(pattern->code, (PCRE2_SPTR)spelled->letters.data, length, at, 0,
				    data, pattern->limits);
		size_t start;

		if (n == PCRE2_ERROR_NOMATCH)
			return OK;
		if (n < 0 || found[0] > found[1])
			return match_failed(pattern, n, place_of(spelled, at));
		if (found[0] == found[1] && last == found[1]) {
			at++;
			continue;
		}
		start = place_of(spelled, found[0]);
		if (add_match(out, covered, start, place_of(spelled, found[1])))
			return ERR_NOMEM;
		at = last = found[1];
	}
	return OK;
}

static enum err
cover_spelled(struct spans *out, size_t *covered, const struct pattern *pattern, const char *text,
	      size_t length)
{
	struct spelled spelled = { .text = text, .length = length };
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	enum err code = data ? alphabet_spell(&spelled.letters, pattern->alphabet, text, length)
			     : err_set(ERR_NOMEM, "out of memory for a pattern");

	code = code ? code : cover_regex(out, covered, pattern, data, &spelled);
	pcre2_match_data_free(data);
	buf_free(spelled.letters.data);
	return code;
}

enum err
pattern_cover(struct spans *out, const struct pattern *pattern, const char *text, size_t length)
{
	size_t covered = 0;
	enum err code;

	out->count = 0;
	code = pattern->literal ? cover_literal(out, &covered, pattern, text, length)
				: cover_spelled(out, &covered, pattern, text, length);

	if (!code && covered < length)
		code = spans_add(out, covered, length, false);
	return code;
}
