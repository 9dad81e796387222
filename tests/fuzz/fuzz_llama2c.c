/* A llama2.c file of any bytes: what opens can be read whole. */
#include "fuzz/fuzz.h"

#include "core/buf.h"
#include "core/model.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file("model.bin", data, size);
	struct model *model;

	if (model_open(&model, path))
		return 0;
	for (size_t i = 0; i < model->layer_count; i++) {
		const struct layer *layer = &model->layers[i];
		float *values = buf_alloc(layer->rows * layer->columns, sizeof(*values));

		if (!values || model_read_layer(values, model, (int)i))
			__builtin_trap();
		buf_free(values);
	}
	model_free(model);
	return 0;
}
