/* model.safetensors.index.json of any bytes, beside one sound shard. */
#include "fuzz/fuzz.h"

#include "core/checkpoint.h"

#include <string.h>

static void
write_shard(void)
{
	static const char header[] =
		"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
	char bytes[8 + sizeof(header)] = { sizeof(header) - 1 };

	memcpy(bytes + 8, header, sizeof(header) - 1);
	fuzz_file("one.safetensors", bytes, sizeof(bytes));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char config[] = "{\"model_type\":\"llama\"}";
	struct checkpoint *checkpoint;

	fuzz_file("config.json", config, sizeof(config) - 1);
	write_shard();
	fuzz_file("model.safetensors.index.json", data, size);
	if (checkpoint_open(&checkpoint, fuzz_folder()))
		return 0;
	if (checkpoint->count != 1 || checkpoint->map_count != 1)
		__builtin_trap();
	checkpoint_free(checkpoint);
	return 0;
}
