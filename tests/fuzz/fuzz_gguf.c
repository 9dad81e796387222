/* A GGUF file of any bytes: all metadata of what opens can be walked, its tensors read to their
 * last value, its layers if it is a model, and its vocabulary, if it is one, takes text apart. */
#include "fuzz/fuzz.h"

#include "core/checkpoint.h"
#include "core/formats/gguf.h"
#include "core/model.h"
#include "core/tensor.h"
#include "core/tokenizer.h"

#include "core/buf.h"

#include <string.h>

static size_t
walk_strings(const struct gguf_value *value)
{
	struct gguf_strings at = { 0 };
	size_t sum = 0;

	while (gguf_strings_next(&at, value))
		for (size_t i = 0; i < at.length; i++)
			sum += (unsigned char)at.text[i];
	return sum;
}

static void
walk(const struct gguf *gguf)
{
	const struct gguf_value *array;
	const char *text = "";
	double sum = 0;
	bool flag;

	for (size_t i = 0; i < gguf->value_count; i++) {
		const char *key = gguf->values[i].key;

		if (*key == '.') /* it is looked for behind the architecture's name */
			continue;
		if (gguf_find(gguf, key) != &gguf->values[i])
			__builtin_trap();
		if (!gguf_get_strings(&array, gguf, key))
			sum += (double)walk_strings(array);
		if (!gguf_get_numbers(&array, gguf, key))
			for (uint64_t j = 0; j < array->count; j++)
				sum += gguf_number_at(array, j);
		if (!gguf_get_string(&text, gguf, key))
			sum += (double)strlen(text);
		if (!gguf_get_bool(&flag, gguf, key))
			sum += flag;
	}
	if (sum == -0.5)
		__builtin_trap();
}

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

static void
use_vocabulary(const char *path)
{
	static const char text[] = " Once  a ab<x>, it's 12345 \xf0\x9f\x98\x80\n\n\xc3\xa9";
	struct tokenizer *tokenizer;
	size_t count, length;
	int32_t *ids;
	char *back;

	if (tokenizer_open(&tokenizer, path, 0))
		return;
	if (!tokenizer_encode(&ids, &count, tokenizer, text, strlen(text), true)) {
		for (size_t i = 0; i < count; i++)
			if (ids[i] < 0 || (size_t)ids[i] >= tokenizer_vocab(tokenizer))
				__builtin_trap();
		if (!tokenizer_decode(&back, &length, tokenizer, ids, count, false))
			buf_free(back);
		buf_free(ids);
	}
	tokenizer_free(tokenizer);
}

/* What opens as a model has every layer within its file. */
static void
use_model(const char *path)
{
	struct model *model;

	if (model_open(&model, path))
		return;
	for (size_t i = 0; i < model->layer_count; i++)
		read_ends(model->layers[i].tensor);
	if (model->inputs[model->input_count - 1].layers[0] != model->head)
		__builtin_trap();
	model_free(model);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file("model.gguf", data, size);
	struct checkpoint *checkpoint;
	struct gguf *gguf;

	if (gguf_open(&gguf, path))
		return 0;
	walk(gguf);
	gguf_free(gguf);
	use_vocabulary(path);
	if (checkpoint_open(&checkpoint, path))
		return 0;
	for (size_t i = 0; i < checkpoint->count; i++)
		read_ends(&checkpoint->tensors[i]);
	checkpoint_free(checkpoint);
	use_model(path);
	return 0;
}
