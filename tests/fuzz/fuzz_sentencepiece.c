/* tokenizer.model of any bytes; one that opens must take text apart and put it together again. */
#include "fuzz/fuzz.h"

#include "core/buf.h"
#include "core/tokenizer.h"

#include <string.h>

static void
use(const struct tokenizer *tokenizer)
{
	static const char text[] =
		"Once  upon <s> a\xe2\x96\x81time, ab<x>ab 12 \xf0\x9f\x98\x80\n\n"
		"\xc3\xa9 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab  ";
	int32_t *ids;
	size_t count, length;
	char *back;

	if (tokenizer_encode(&ids, &count, tokenizer, text, strlen(text), true))
		return;
	for (size_t i = 0; i < count; i++)
		if (ids[i] < 0 || (size_t)ids[i] >= tokenizer_vocab(tokenizer))
			__builtin_trap();
	if (!tokenizer_decode(&back, &length, tokenizer, ids, count, false)) {
		if (strlen(back) > length)
			__builtin_trap();
		buf_free(back);
	}
	buf_free(ids);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tokenizer *tokenizer;

	if (!tokenizer_open(&tokenizer, fuzz_file("tokenizer.model", data, size), 0)) {
		use(tokenizer);
		tokenizer_free(tokenizer);
	}
	return 0;
}
