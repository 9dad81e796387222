/* Texts as people have them, as token ids. */
#include "core/corpus.h"
#include "support/support.h"

#include "core/buf.h"

#include <string.h>

/* The shipped model's tokenizer, opened once. */
static struct tokenizer *tokenizer;

static int
open_tokenizer(void **state)
{
	(void)state;
	return (int)tokenizer_open_beside(&tokenizer, support_source("models/shipped"), 0);
}

static int
close_tokenizer(void **state)
{
	(void)state;
	tokenizer_free(tokenizer);
	return 0;
}

static const char *
file_of(const char *name, const char *text)
{
	return support_file(name, text, strlen(text));
}

static void
test_corpus__a_text_becomes_ids(void **state)
{
	struct corpus *corpus;

	(void)state;
	assert_ok(corpus_open(&corpus, support_source("models/texts/stories.calibration.txt"), NULL,
			      tokenizer, 2048));
	assert_string_equal(corpus->name, "stories.calibration");
	assert_true(corpus->count > corpus->bytes / 8 && corpus->count < corpus->bytes);
	assert_int_equal(strlen(corpus->sha256), 64);
	assert_null(corpus->field);
	corpus_free(corpus);
}

static void
assert_same_ids(const struct corpus *corpus, const char *text)
{
	int32_t *ids;
	size_t count;

	assert_ok(tokenizer_encode(&ids, &count, tokenizer, text, strlen(text), false));
	assert_int_equal(corpus->count, count);
	assert_memory_equal(corpus->ids, ids, count * sizeof(*ids));
	buf_free(ids);
}

static void
test_corpus__documents_of_a_jsonl_are_joined_by_eos(void **state)
{
	struct corpus *corpus;

	(void)state;
	assert_ok(corpus_open(
		&corpus, file_of("a.jsonl", "{\"q\":\"One day\"}\n\r\n{\"q\":\"a cat\",\"x\":1}"),
		"q", tokenizer, 2048));
	assert_string_equal(corpus->field, "q");
	assert_same_ids(corpus, "One day<|endoftext|>a cat");
	corpus_free(corpus);
	assert_ok(corpus_open(&corpus, file_of("b.jsonl", "{\"text\":\"One\"}\n"), NULL, tokenizer,
			      2048));
	assert_string_equal(corpus->field, "text");
	assert_same_ids(corpus, "One");
	corpus_free(corpus);
}

static void
test_corpus__ids_come_from_npy_without_a_tokenizer(void **state)
{
	static const char npy[] = "\x93NUMPY\x01\x00\x39\x00{'descr': '<u2', 'fortran_order': "
				  "False, 'shape': (3,)}\n\n"
				  "\x01\x00\x02\x00\xff\x07";
	struct corpus *corpus;
	const char *path = support_file("ids.npy", npy, sizeof(npy) - 1);

	(void)state;
	assert_ok(corpus_open(&corpus, path, NULL, NULL, 2048));
	assert_int_equal(corpus->count, 3);
	assert_int_equal(corpus->ids[2], 2047);
	corpus_free(corpus);
	assert_err(ERR_RANGE, "token 2 is 2047, but the model has 2047",
		   corpus_open(&corpus, path, NULL, NULL, 2047));
	assert_null(corpus);
}

static void
test_corpus__what_is_wrong_is_named(void **state)
{
	struct corpus *corpus;

	(void)state;
	assert_err(ERR_RANGE, "empty.txt: it holds no text",
		   corpus_open(&corpus, file_of("empty.txt", ""), NULL, tokenizer, 2048));
	assert_err(ERR_RANGE, "it holds no text",
		   corpus_open(&corpus, file_of("empty.jsonl", "\n\n"), NULL, tokenizer, 2048));
	assert_err(ERR_FORMAT, "latin.txt: the text is not UTF-8 at byte 3 (0xe9)",
		   corpus_open(&corpus, file_of("latin.txt", "caf\xe9!"), NULL, tokenizer, 2048));
	assert_err(ERR_FORMAT, "line 2: it has no string \"text\"",
		   corpus_open(&corpus, file_of("c.jsonl", "{\"text\":\"a\"}\n{\"tekst\":\"b\"}\n"),
			       NULL, tokenizer, 2048));
	assert_err(ERR_FORMAT, "d.jsonl: line 1",
		   corpus_open(&corpus, file_of("d.jsonl", "{\"text\":\n"), NULL, tokenizer, 2048));
	assert_err(ERR_USAGE, "no tokenizer",
		   corpus_open(&corpus, file_of("e.txt", "abc"), NULL, NULL, 2048));
	assert_err(ERR_IO, "nowhere.txt",
		   corpus_open(&corpus, "/nowhere.txt", NULL, tokenizer, 2048));
	assert_err(ERR_RANGE, "do not belong together",
		   corpus_open(&corpus, file_of("f.txt", "Once upon a time"), NULL, tokenizer, 40));
}

/* Every allocation fails once; nothing leaks or is left half made. */
static void
test_corpus__memory_may_run_out_anywhere(void **state)
{
	const char *path = file_of("g.jsonl", "{\"text\":\"One day <|endoftext|> a cat\"}\n");
	struct corpus *corpus;
	enum err code = ERR_NOMEM;

	(void)state;
	for (unsigned long n = 1; code && n < 1000; n++) {
		buf_fail_at(n, 0);
		code = corpus_open(&corpus, path, NULL, tokenizer, 2048);
		buf_fail_at(0, 0);
		assert_true(!code || (code == ERR_NOMEM && !corpus));
	}
	assert_ok(code);
	corpus_free(corpus);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus__a_text_becomes_ids),
		cmocka_unit_test(test_corpus__documents_of_a_jsonl_are_joined_by_eos),
		cmocka_unit_test(test_corpus__ids_come_from_npy_without_a_tokenizer),
		cmocka_unit_test(test_corpus__what_is_wrong_is_named),
		cmocka_unit_test(test_corpus__memory_may_run_out_anywhere),
	};

	return cmocka_run_group_tests(tests, open_tokenizer, close_tokenizer);
}
