/* Session files on any bytes; what is accepted is written and read again, to the same text. */
#include "fuzz/fuzz.h"

#include "core/buf.h"
#include "sessions/session_file.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session first, second;
	char *text = NULL, *again = NULL;

	if (session_parse(&first, (const char *)data, size, "fuzz.qscope.json"))
		return 0;
	if (!session_text(&text, &first)) {
		if (session_parse(&second, text, strlen(text), "again"))
			__builtin_trap();
		if (!session_text(&again, &second) && strcmp(text, again))
			__builtin_trap();
		session_clear(&second);
	}
	session_clear(&first);
	buf_free(text);
	buf_free(again);
	return 0;
}
