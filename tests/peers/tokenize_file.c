/* For live_tokenizers.py. tokenize_file TOKENIZER TEXT prints the ids of a whole file on one line,
 * then what they decode to, in hexadecimal. tokenize_file TOKENIZER reads texts from standard
 * input, each behind its length, and answers each with the count of its ids, the ids, the length of
 * what they decode to, and that; a failure is the count -1, the length of its message, and that.
 * Numbers are 32 bits in the machine's order. */
#include "core/buf.h"
#include "core/file.h"
#include "core/tokenizer.h"

#include <stdio.h>
#include <string.h>

struct answer {
	int32_t *ids;
	size_t count, length;
	char *text;
};

static enum err
round_trip(struct answer *out, const struct tokenizer *tokenizer, const char *text, size_t length)
{
	enum err code = tokenizer_encode(&out->ids, &out->count, tokenizer, text, length, false);

	return code ? code
		    : tokenizer_decode(&out->text, &out->length, tokenizer, out->ids, out->count,
				       true);
}

static void
free_answer(struct answer *answer)
{
	buf_free(answer->ids);
	buf_free(answer->text);
}

static enum err
show(const struct tokenizer *tokenizer, const char *path)
{
	struct answer answer = { 0 };
	char *text = NULL;
	size_t length = 0;
	enum err code = file_read(&text, &length, path, 1 << 30);

	code = code ? code : round_trip(&answer, tokenizer, text, length);
	for (size_t i = 0; i < answer.count && !code; i++)
		printf("%d ", answer.ids[i]);
	putchar('\n');
	for (size_t i = 0; i < answer.length && !code; i++)
		printf("%02x", (unsigned)(unsigned char)answer.text[i]);
	putchar('\n');
	free_answer(&answer);
	buf_free(text);
	return code;
}

static void
put_number(int32_t number)
{
	fwrite(&number, sizeof(number), 1, stdout);
}

static void
put_text(const char *text, size_t length)
{
	put_number((int32_t)length);
	fwrite(text, 1, length, stdout);
}

static void
answer_text(const struct tokenizer *tokenizer, const char *text, size_t length)
{
	struct answer answer = { 0 };
	enum err code = round_trip(&answer, tokenizer, text, length);

	if (code) {
		put_number(-1);
		put_text(err_line(), strlen(err_line()));
	} else {
		put_number((int32_t)answer.count);
		fwrite(answer.ids, sizeof(*answer.ids), answer.count, stdout);
		put_text(answer.text, answer.length);
	}
	fflush(stdout);
	free_answer(&answer);
}

static enum err
serve(const struct tokenizer *tokenizer)
{
	char *text = NULL;
	size_t capacity = 0;
	uint32_t length;
	enum err code = OK;

	while (!code && fread(&length, sizeof(length), 1, stdin) == 1) {
		if (buf_grow(&text, &capacity, (size_t)length + 1, 1))
			code = ERR_NOMEM;
		else if (fread(text, 1, length, stdin) != length)
			code = err_set(ERR_IO, "a text ends early");
		else
			answer_text(tokenizer, text, length);
	}
	buf_free(text);
	return code;
}

int
main(int argc, char **argv)
{
	struct tokenizer *tokenizer = NULL;
	enum err code =
		argc == 2 || argc == 3 ? OK : err_set(ERR_USAGE, "tokenize_file TOKENIZER [TEXT]");

	code = code ? code : tokenizer_open(&tokenizer, argv[1], 0);
	if (!code)
		code = argc == 3 ? show(tokenizer, argv[2]) : serve(tokenizer);
	if (code)
		fprintf(stderr, "%s\n", err_line());
	tokenizer_free(tokenizer);
	return code ? 1 : 0;
}
