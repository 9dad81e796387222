/* tok*.bin of llama2.c; the first byte says how much of the input is the .model beside it. */
#include "fuzz/fuzz.h"

#include "core/buf.h"
#include "core/tokenizer.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char text[] = "Once  upon \xf0\x9f\x98\x80 a time\n";
	struct tokenizer *tokenizer;
	size_t model = size && data[0] < size ? data[0] : 0, count, length;
	const char *path;
	int32_t *ids;
	char *back;

	fuzz_file("tok.model", data + (size ? 1 : 0), model);
	path = fuzz_file("tok.bin", data + model, size - model);
	if (tokenizer_open(&tokenizer, path, 0))
		return 0;
	if (!tokenizer_encode(&ids, &count, tokenizer, text, strlen(text), true)) {
		for (size_t i = 0; i < count; i++)
			if (ids[i] < 0 || (size_t)ids[i] >= tokenizer_vocab(tokenizer))
				__builtin_trap();
		if (!tokenizer_decode(&back, &length, tokenizer, ids, count, false))
			buf_free(back);
		buf_free(ids);
	}
	tokenizer_free(tokenizer);
	return 0;
}
