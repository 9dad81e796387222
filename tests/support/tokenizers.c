#include "support/support.h"

#include "support/tokenizers.h"

#include "core/buf.h"
#include "core/tokenizer.h"

#include <string.h>

static enum err
round_trip(const char *path, const char *text)
{
	struct tokenizer *tokenizer;
	int32_t *ids = NULL;
	size_t count, size;
	char *back = NULL;
	enum err code = tokenizer_open(&tokenizer, path, 0);

	if (!code) {
		code = tokenizer_encode(&ids, &count, tokenizer, text, strlen(text), true);
		code = code ? code : tokenizer_decode(&back, &size, tokenizer, ids, count, false);
	}
	buf_free(ids);
	buf_free(back);
	tokenizer_free(tokenizer);
	return code;
}

/* Every request for memory is denied once, the later ones of a long row only now and then. */
void
tokenizers_survive_no_memory(const char *path, const char *text)
{
	enum err code = ERR_NOMEM;
	unsigned long n = 1;

	for (; code && n < 100000; n += n < 400 ? 1 : 7) {
		buf_fail_at(n, 0);
		code = round_trip(path, text);
		buf_fail_at(0, 0);
		assert_true(!code || code == ERR_NOMEM);
	}
	assert_ok(code);
	assert_true(n > 20);
}
