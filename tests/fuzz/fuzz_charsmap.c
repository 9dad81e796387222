/* A character map of any bytes; what it finds must lie within the text and be text. */
#include "fuzz/fuzz.h"

#include "core/text.h"
#include "core/tokenizers/charsmap.h"

static void
look_up(const struct charsmap *map, const char *text, size_t length)
{
	struct charsmap_match first, last;
	bool any = charsmap_shortest(&first, map, text, length);

	if (charsmap_longest(&last, map, text, length) != any)
		__builtin_trap();
	if (!any)
		return;
	if (!first.length || last.length < first.length || last.length > length)
		__builtin_trap();
	if (!text_is_utf8(last.replacement, last.replacement_length))
		__builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char fixed[] = "a\xcc\x81\xef\xac\x81\xe2\x85\xa7";
	struct charsmap *map;

	if (charsmap_create(&map, (const char *)data, size))
		return 0;
	for (size_t i = 0; i + 1 < sizeof(fixed); i++)
		look_up(map, fixed + i, sizeof(fixed) - 1 - i);
	/* Its own bytes lead far into it. */
	for (size_t i = 0; i < size && i < 64; i++)
		look_up(map, (const char *)data + i, size - i);
	charsmap_free(map);
	return 0;
}
