/* A regular expression of any bytes; one that compiles must cover a text without gaps. */
#include "fuzz/fuzz.h"

#include "core/tokenizers/pattern.h"

#include <string.h>

static void
use(const struct pattern *pattern)
{
	static const char text[] = "Once  upon a TIME, it's 1234 \xf0\x9f\x98\x80\r\n\n\xc3\xa9"
				   "\xe6\xbc\xa2\xcc\x81 aaaaaaaaaaab\xc2\xb2";
	struct spans spans = { 0 };
	size_t at = 0;

	if (!pattern_cover(&spans, pattern, text, strlen(text))) {
		for (size_t i = 0; i < spans.count; i++) {
			if (spans.list[i].start != at || spans.list[i].end < at)
				__builtin_trap();
			at = spans.list[i].end;
		}
		if (at != strlen(text))
			__builtin_trap();
	}
	spans_free(&spans);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pattern *pattern;

	if (!pattern_create_regex(&pattern, (const char *)data, size)) {
		use(pattern);
		pattern_free(pattern);
	}
	return 0;
}
