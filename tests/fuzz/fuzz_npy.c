/* Token ids from an .npy of any bytes. */
#include "fuzz/fuzz.h"

#include "core/buf.h"
#include "core/formats/npy.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int32_t *ids;
	size_t count;

	if (!npy_parse_ids(&ids, &count, data, size, "fuzz.npy")) {
		for (size_t i = 0; i < count; i++)
			if (ids[i] < 0)
				__builtin_trap();
		buf_free(ids);
	}
	return 0;
}
