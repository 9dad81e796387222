/* A model folder whose config.json, and quantize_config.json beside it, are any bytes; then one
 * where they make it an adapter or a pipeline. */
#include "fuzz/fuzz.h"

#include "core/checkpoint.h"

#include <stdio.h>
#include <unistd.h>

static void
drop(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", fuzz_folder(), name);
	unlink(path);
}

static void
open_folder(void)
{
	struct checkpoint *checkpoint;

	if (!checkpoint_open(&checkpoint, fuzz_folder()))
		__builtin_trap(); /* the weights are none */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "adapter_config.json", "model_index.json",
					     "quantize_config.json" };

	for (size_t i = 0; i < 3; i++)
		drop(names[i]);
	fuzz_file("config.json", data, size);
	fuzz_file("model.safetensors", "x", 1);
	open_folder();
	fuzz_file("config.json", "{\"model_type\":\"llama\"}", 22);
	fuzz_file("quantize_config.json", data, size);
	open_folder();
	drop("model.safetensors");
	fuzz_file("model_index.json", data, size);
	open_folder();
	fuzz_file("adapter_config.json", data, size);
	open_folder();
	return 0;
}
