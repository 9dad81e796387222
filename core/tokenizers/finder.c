#include "core/tokenizers/finder.h"

#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/unicode.h"

#include <stdlib.h>
#include <string.h>

enum err
finder_add(struct finder *finder, const struct added_token *token)
{
	if (!token->shown.length)
		return OK;
	if (buf_grow(&finder->needles, &finder->capacity, finder->count + 1,
		     sizeof(*finder->needles)))
		return ERR_NOMEM;
	finder->starts[(unsigned char)token->shown.data[0]] = true;
	finder->needles[finder->count++] =
		(struct needle){ token->shown.data, token->shown.length, token };
	return OK;
}

static int
in_byte_order(const void *a, const void *b)
{
	const struct needle *x = a, *y = b;
	int order = memcmp(x->text, y->text, x->length < y->length ? x->length : y->length);

	if (order || x->length != y->length)
		return order ? order : (x->length > y->length) - (x->length < y->length);
	/* Two tokens that normalize to one text: the first in the file is found. */
	return (x->token > y->token) - (x->token < y->token);
}

void
finder_seal(struct finder *finder)
{
	if (finder->count)
		qsort(finder->needles, finder->count, sizeof(*finder->needles), in_byte_order);
}

void
finder_free(struct finder *finder)
{
	buf_free(finder->needles);
}

/* First needle in [low, high) whose byte at `depth` is `byte` or above; those that end there come
 * first. */
static size_t
bound(const struct finder *finder, size_t low, size_t high, size_t depth, int byte)
{
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct needle *needle = &finder->needles[middle];
		int here = depth < needle->length ? (unsigned char)needle->text[depth] : -1;

		if (here < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The longest needle at the start of the text. The needles that agree so far are [low, high). */
static const struct needle *
longest_at(const struct finder *finder, const char *text, size_t length)
{
	const struct needle *best = NULL;
	size_t low = 0, high = finder->count;

	for (size_t depth = 0; depth < length && low < high; depth++) {
		int byte = (unsigned char)text[depth];

		low = bound(finder, low, high, depth, byte);
		high = bound(finder, low, high, depth, byte + 1);
		if (low < high && finder->needles[low].length == depth + 1)
			best = &finder->needles[low];
	}
	return best;
}

/* The character that ends at text[at] begins here. */
static size_t
before(const char *text, size_t at)
{
	do
		at--;
	while (at && ((unsigned char)text[at] & 0xc0) == 0x80);
	return at;
}

static bool
has_class(const char *text, size_t length, size_t at, uint64_t class)
{
	return (unicode_classes(text_decode(text, length, &at)) & class) != 0;
}

static bool
stands_alone(const char *text, size_t length, size_t start, size_t end)
{
	return (!start || !has_class(text, length, before(text, start), UNICODE_TOKEN_WORD)) &&
	       (end == length || !has_class(text, length, end, UNICODE_TOKEN_WORD));
}

/* Take the spaces that the token asks for, but none before `floor`. */
static void
widen(size_t *start, size_t *end, const struct added_token *token, const char *text, size_t length,
      size_t floor)
{
	while (token->lstrip && *start > floor &&
	       has_class(text, length, before(text, *start), UNICODE_SPACE))
		*start = before(text, *start);
	while (token->rstrip && *end < length && has_class(text, length, *end, UNICODE_SPACE))
		text_decode(text, length, end);
}

/* The next token at or after `from`. */
static bool
search(struct found *at, const struct finder *finder, const char *text, size_t length)
{
	while (at->from < length) {
		size_t start = at->from;
		const struct needle *needle = NULL;

		if (finder->starts[(unsigned char)text[start]])
			needle = longest_at(finder, text + start, length - start);
		if (!needle) {
			at->from++;
			continue;
		}
		at->from = start + needle->length;
		if (needle->token->single_word && !stands_alone(text, length, start, at->from))
			continue;
		at->next = needle->token;
		at->next_start = start;
		at->next_end = at->from;
		widen(&at->next_start, &at->next_end, at->next, text, length, at->end);
		return true;
	}
	return false;
}

bool
finder_next(struct found *at, const struct finder *finder, const char *text, size_t length)
{
	size_t done = at->end;

	if (!at->next && !search(at, finder, text, length)) {
		at->token = NULL;
		at->start = done;
		at->end = length;
		return done < length;
	}
	at->start = done;
	at->end = at->next_start;
	at->token = NULL;
	if (at->next_start > done)
		return true;
	at->start = at->next_start;
	at->end = at->next_end;
	at->token = at->next;
	at->next = NULL;
	return true;
}
