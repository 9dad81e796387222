/* The list of models opened last, on any bytes. */
#include "fuzz/fuzz.h"

#include "sessions/recent.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct recent recent;

	if (recent_parse(&recent, (const char *)data, size, "recent.json")) {
		if (recent.count)
			__builtin_trap();
		return 0;
	}
	for (size_t i = 0; i < recent.count; i++)
		if (!recent.names[i][0] || !memchr(recent.names[i], 0, RECENT_NAME))
			__builtin_trap();
	return 0;
}
