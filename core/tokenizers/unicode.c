#include "core/tokenizers/unicode.h"

static const struct unicode_range ranges[] = {
#define RANGE(first, last, classes) { first, last, classes },
#include "core/tokenizers/unicode.def"
#undef RANGE
};

enum { RANGES = sizeof(ranges) / sizeof(ranges[0]) };

const struct unicode_range *
unicode_ranges(size_t *count)
{
	*count = RANGES;
	return ranges;
}

unsigned
unicode_classes(int32_t code)
{
	size_t low = 0, high = RANGES;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (code > ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < RANGES && code >= ranges[low].first ? ranges[low].classes : 0;
}
