/* Recipes on any bytes; what is accepted is written and read again, to the same text. */
#include "fuzz/fuzz.h"

#include "core/buf.h"
#include "sessions/recipe.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct recipe first, second;
	char *text = NULL, *again = NULL;

	if (recipe_parse(&first, (const char *)data, size, "fuzz.json"))
		return 0;
	if (!recipe_text(&text, &first)) {
		if (recipe_parse(&second, text, strlen(text), "again"))
			__builtin_trap();
		if (!recipe_text(&again, &second) && strcmp(text, again))
			__builtin_trap();
		recipe_clear(&second);
	}
	recipe_clear(&first);
	buf_free(text);
	buf_free(again);
	return 0;
}
