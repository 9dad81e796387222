/* labels: slow
 * A text of one character over and over is the worst for every loop that looks back or ahead:
 * merging, matching, normalizing, finding the best path. All fixtures take it in linear time and
 * without a stack that grows with it. */
#include "core/tokenizer.h"
#include "support/support.h"

#include "core/buf.h"

#include <glob.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A letter, a blank, a newline, a digit, punctuation, an emoji, combining accents, Chinese, Hangul,
 * a character that decomposes, what SentencePiece writes for a blank, and one nobody has. */
static const char *const characters[] = {
	"a",
	" ",
	"\n",
	"1",
	"!",
	"\xf0\x9f\x98\x80",
	"\xcc\x81",
	"\xe6\xbc\xa2",
	"\xea\xb0\x80",
	"\xc3\xa9",
	"\xe2\x96\x81",
	"\xf0\xb0\x80\x80",
};

enum { CHARACTERS = sizeof(characters) / sizeof(characters[0]) };

/* Generous: a tenth of it without sanitizers and company; a quadratic loop takes hours. */
enum { SECONDS = 20 };

static char *
repeated(const char *part, size_t count)
{
	size_t length = strlen(part);
	char *text = buf_alloc(length * count + 1, 1);

	assert_non_null(text);
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * length, part, length);
	return text;
}

/* A tokenizer without an unknown token may refuse the text, but must do so in time. */
static void
encode_run(const struct tokenizer *tokenizer, const char *character, size_t count)
{
	char *text = repeated(character, count), *back;
	clock_t start = clock();
	size_t length, ids_count;
	int32_t *ids = NULL;

	alarm(SECONDS * 10); /* should it never come back */
	if (!tokenizer_encode(&ids, &ids_count, tokenizer, text, strlen(text), true)) {
		assert_ok(tokenizer_decode(&back, &length, tokenizer, ids, ids_count, false));
		buf_free(back);
	}
	alarm(0);
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < SECONDS);
	buf_free(ids);
	buf_free(text);
}

static void
encode_runs(const char *path, size_t count)
{
	struct tokenizer *tokenizer;

	assert_ok(tokenizer_open(&tokenizer, path, 0));
	for (size_t i = 0; i < CHARACTERS; i++)
		encode_run(tokenizer, characters[i], count);
	tokenizer_free(tokenizer);
}

static void
test_tokenizer_runs__all_fixtures_take_a_run_of_each_character(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(
		glob(support_source("tests/core/fixtures/tokenizers/*.json"), 0, NULL, &found), 0);
	assert_true(found.gl_pathc > 50);
	for (size_t i = 0; i < found.gl_pathc; i++)
		encode_runs(found.gl_pathv[i], 50000);
	globfree(&found);
}

/* One of each model, and those with the most to do before it. */
static void
test_tokenizer_runs__a_million_characters_are_no_worse(void **state)
{
	static const char *const names[] = { "gpt2", "llama3",       "llama2",     "unigram_bytes",
					     "bert", "digits_forms", "precompiled" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *name = buf_printf("tests/core/fixtures/tokenizers/%s.json", names[i]);

		encode_runs(support_source(name), 1000000);
		buf_free(name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokenizer_runs__all_fixtures_take_a_run_of_each_character),
		cmocka_unit_test(test_tokenizer_runs__a_million_characters_are_no_worse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
