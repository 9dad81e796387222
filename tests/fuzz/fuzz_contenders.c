/* Lists of candidates on any bytes: what is accepted has names that tell them apart. */
#include "fuzz/fuzz.h"

#include "sessions/contenders.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct contenders list;

	if (contenders_start(&list))
		return 0;
	(void)contenders_add_list(&list, (const char *)data, size, "fuzz.list");
	for (size_t i = 0; i < list.count; i++)
		if (!list.list[i].name ||
		    contenders_find(&list, list.list[i].name) != &list.list[i])
			__builtin_trap();
	contenders_clear(&list);
	return 0;
}
