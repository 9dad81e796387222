#include "core/tokenizers/unicode.h"

#include <string.h>

#define MASK(classes) classes,
#define R(first, last, number)
static const uint64_t masks[] = {
#include "core/tokenizers/unicode.def"
};
#undef MASK
#undef R
#define MASK(classes)
#define R(first, last, number) { first, last, number },
static const struct unicode_range ranges[] = {
#include "core/tokenizers/unicode.def"
};
#undef R

#define NAME(name, number)
#define R(first, last, number) { first, last, number },
static const struct unicode_range scripts[] = {
#include "core/tokenizers/scripts.def"
};
#undef NAME
#undef R
#define NAME(name, number) { name, number },
#define R(first, last, number)
static const struct {
	const char *name;
	uint8_t number;
} script_names[] = {
#include "core/tokenizers/scripts.def"
};

#define LOWER(first, last, step, distance) { first, last, step, distance },
static const struct {
	int32_t first, last, step, distance;
} lowercase[] = {
#include "core/tokenizers/lowercase.def"
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct unicode_range *
unicode_ranges(size_t *count)
{
	*count = COUNT(ranges);
	return ranges;
}

uint64_t
unicode_mask(uint8_t number)
{
	return masks[number];
}

/* The range that holds a code point, or NULL. */
static const struct unicode_range *
range_of(const struct unicode_range *list, size_t count, int32_t code)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (code > list[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && code >= list[low].first ? &list[low] : NULL;
}

uint64_t
unicode_classes(int32_t code)
{
	const struct unicode_range *range = range_of(ranges, COUNT(ranges), code);

	return range ? masks[range->number] : 0;
}

uint8_t
unicode_script_of(int32_t code)
{
	const struct unicode_range *range = range_of(scripts, COUNT(scripts), code);

	return range ? range->number : 0;
}

uint8_t
unicode_script(const char *name, size_t length)
{
	for (size_t i = 0; i < COUNT(script_names); i++)
		if (strlen(script_names[i].name) == length &&
		    !memcmp(script_names[i].name, name, length))
			return script_names[i].number;
	return 0;
}

const struct unicode_range *
unicode_scripts(size_t *count)
{
	*count = COUNT(scripts);
	return scripts;
}

int32_t
unicode_lower(int32_t code)
{
	size_t low = 0, high = COUNT(lowercase);

	if (code == 0x130)
		return 'i';
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (code > lowercase[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == COUNT(lowercase) || code < lowercase[low].first ||
	    (code - lowercase[low].first) % lowercase[low].step)
		return code;
	return code + lowercase[low].distance;
}
