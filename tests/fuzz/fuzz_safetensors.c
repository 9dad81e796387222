/* model.safetensors of any bytes: whatever opens has tensors that can be read to their last value.
 */
#include "fuzz/fuzz.h"

#include "core/checkpoint.h"
#include "core/tensor.h"

#include <string.h>

static void
read_ends(const struct tensor *tensor)
{
	unsigned char byte;
	float value;

	if (tensor->bytes && (tensor_read_bytes(&byte, tensor, 0, 1) ||
			      tensor_read_bytes(&byte, tensor, tensor->bytes - 1, 1)))
		__builtin_trap();
	if (tensor->elements && dtype_is_float(tensor->dtype) &&
	    tensor_read(&value, tensor, tensor->elements - 1, 1))
		__builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char config[] = "{\"model_type\":\"llama\"}";
	struct checkpoint *checkpoint;

	fuzz_file("config.json", config, sizeof(config) - 1);
	fuzz_file("model.safetensors", data, size);
	if (checkpoint_open(&checkpoint, fuzz_folder()))
		return 0;
	for (size_t i = 0; i < checkpoint->count; i++)
		read_ends(&checkpoint->tensors[i]);
	checkpoint_free(checkpoint);
	return 0;
}
