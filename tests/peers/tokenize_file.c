/* For live_tokenizers.py: tokenize_file TOKENIZER TEXT prints the ids of a whole file on one line,
 * then what they decode to, in hexadecimal. */
#include "core/buf.h"
#include "core/file.h"
#include "core/tokenizer.h"

#include <stdio.h>

static enum err
show(const struct tokenizer *tokenizer, const char *text, size_t length)
{
	int32_t *ids;
	size_t count, back_length;
	char *back;
	enum err code = tokenizer_encode(&ids, &count, tokenizer, text, length, false);

	if (code)
		return code;
	for (size_t i = 0; i < count; i++)
		printf("%d ", ids[i]);
	putchar('\n');
	code = tokenizer_decode(&back, &back_length, tokenizer, ids, count, true);
	buf_free(ids);
	if (code)
		return code;
	for (size_t i = 0; i < back_length; i++)
		printf("%02x", (unsigned)(unsigned char)back[i]);
	putchar('\n');
	buf_free(back);
	return OK;
}

int
main(int argc, char **argv)
{
	struct tokenizer *tokenizer = NULL;
	char *text = NULL;
	size_t length = 0;
	enum err code = argc == 3 ? OK : err_set(ERR_USAGE, "tokenize_file TOKENIZER TEXT");

	code = code ? code : tokenizer_open(&tokenizer, argv[1], 0);
	code = code ? code : file_read(&text, &length, argv[2], 1 << 30);
	code = code ? code : show(tokenizer, text, length);
	if (code)
		fprintf(stderr, "%s\n", err_line());
	buf_free(text);
	tokenizer_free(tokenizer);
	return code ? 1 : 0;
}
