#include "core/tokenizers/charset.h"

#include "core/buf.h"
#include "core/tokenizers/unicode.h"

#include <stdlib.h>
#include <string.h>

/* A pattern may name a large class thousands of times; past this many ranges they are joined. */
enum { LOOSE_MAX = 1 << 14 };

static enum err
push(struct charset *set, int32_t first, int32_t last)
{
	if (buf_grow(&set->ranges, &set->capacity, set->count + 1, sizeof(*set->ranges)))
		return ERR_NOMEM;
	set->ranges[set->count++] = (struct charset_range){ first, last };
	return OK;
}

enum err
charset_add(struct charset *set, int32_t first, int32_t last)
{
	if (set->count >= LOOSE_MAX && !(set->count & (set->count - 1)))
		charset_settle(set);
	return push(set, first, last);
}

void
charset_free(struct charset *set)
{
	buf_free(set->ranges);
	*set = (struct charset){ 0 };
}

static int
in_order(const void *a, const void *b)
{
	int32_t x = ((const struct charset_range *)a)->first;
	int32_t y = ((const struct charset_range *)b)->first;

	return (x > y) - (x < y);
}

void
charset_settle(struct charset *set)
{
	size_t kept = 0;

	if (set->count)
		qsort(set->ranges, set->count, sizeof(*set->ranges), in_order);
	for (size_t i = 0; i < set->count; i++) {
		struct charset_range range = set->ranges[i];

		if (!kept || range.first > set->ranges[kept - 1].last + 1)
			set->ranges[kept++] = range;
		else if (range.last > set->ranges[kept - 1].last)
			set->ranges[kept - 1].last = range.last;
	}
	set->count = kept;
}

enum err
charset_invert(struct charset *set)
{
	struct charset inverse = { 0 };
	int32_t from = 0;
	enum err code = OK;

	charset_settle(set);
	for (size_t i = 0; i < set->count && !code; i++) {
		if (set->ranges[i].first > from)
			code = push(&inverse, from, set->ranges[i].first - 1);
		from = set->ranges[i].last + 1;
	}
	if (!code && from <= CHARSET_LAST)
		code = push(&inverse, from, CHARSET_LAST);
	if (code) {
		charset_free(&inverse);
		return code;
	}
	charset_free(set);
	*set = inverse;
	return OK;
}

enum err
charset_add_set(struct charset *set, struct charset *other, bool negated)
{
	enum err code = negated ? charset_invert(other) : OK;

	for (size_t i = 0; i < other->count && !code; i++)
		code = charset_add(set, other->ranges[i].first, other->ranges[i].last);
	return code;
}

enum err
charset_add_classes(struct charset *set, uint64_t classes, bool negated)
{
	struct charset members = { 0 };
	size_t count;
	const struct unicode_range *ranges = unicode_ranges(&count);
	enum err code = OK;

	for (size_t i = 0; i < count && !code; i++)
		if (unicode_mask(ranges[i].number) & classes)
			code = push(&members, ranges[i].first, ranges[i].last);
	code = code ? code : charset_add_set(set, &members, negated);
	charset_free(&members);
	return code;
}

enum err
charset_add_script(struct charset *set, uint8_t script, bool negated)
{
	struct charset members = { 0 };
	size_t count;
	const struct unicode_range *ranges = unicode_scripts(&count);
	enum err code = OK;

	for (size_t i = 0; i < count && !code; i++)
		if (ranges[i].number == script)
			code = push(&members, ranges[i].first, ranges[i].last);
	code = code ? code : charset_add_set(set, &members, negated);
	charset_free(&members);
	return code;
}

enum err
charset_intersect(struct charset *set, struct charset *other)
{
	struct charset both = { 0 };
	enum err code = OK;

	charset_settle(set);
	charset_settle(other);
	for (size_t i = 0, j = 0; i < set->count && j < other->count && !code;) {
		struct charset_range a = set->ranges[i], b = other->ranges[j];
		int32_t first = a.first > b.first ? a.first : b.first;
		int32_t last = a.last < b.last ? a.last : b.last;

		if (first <= last)
			code = push(&both, first, last);
		if (a.last < b.last)
			i++;
		else
			j++;
	}
	if (code) {
		charset_free(&both);
		return code;
	}
	charset_free(set);
	*set = both;
	return OK;
}

enum err
charset_remove(struct charset *set, int32_t code)
{
	struct charset others = { 0 };
	enum err err = charset_add(&others, code, code);

	err = err ? err : charset_invert(&others);
	err = err ? err : charset_intersect(set, &others);
	charset_free(&others);
	return err;
}

bool
charset_equal(const struct charset *a, const struct charset *b)
{
	return a->count == b->count &&
	       (!a->count || !memcmp(a->ranges, b->ranges, a->count * sizeof(*a->ranges)));
}
