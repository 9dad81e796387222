/* SentencePiece models: every option against what the library made of the same texts
 * (tests/peers/make_sentencepiece_fixtures.py), and models made here that are wrong. */
#include "core/tokenizer.h"
#include "support/models.h"
#include "support/support.h"
#include "support/tokenizers.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/json.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

static int failures;

static bool
same_ids(const struct json *expected, const int32_t *ids, size_t count)
{
	const struct json *id = expected->first;

	for (size_t i = 0; i < count && id; i++, id = id->next)
		if (id->magnitude != (uint64_t)ids[i])
			return false;
	return expected->length == count;
}

static void
check_case(const char *file, const struct tokenizer *tokenizer, const struct json *test)
{
	const struct json *text = json_get(test, "text"), *wanted = json_get(test, "decoded");
	size_t count, length;
	int32_t *ids;
	char *back;

	assert_ok(tokenizer_encode(&ids, &count, tokenizer, text->string, text->length, false));
	assert_ok(tokenizer_decode(&back, &length, tokenizer, ids, count, true));
	if (!same_ids(json_get(test, "ids"), ids, count) || length != wanted->length ||
	    memcmp(back, wanted->string, length)) {
		print_message("%s: \"%s\" differs, decoded \"%s\"\n", strrchr(file, '/') + 1,
			      text->string, back);
		failures++;
	}
	buf_free(ids);
	buf_free(back);
}

static void
check_fixture(const char *cases)
{
	char file[1024];
	struct json_document *document;
	struct tokenizer *tokenizer;

	snprintf(file, sizeof(file), "%.*s.model", (int)(strlen(cases) - strlen(".cases")), cases);
	assert_ok(tokenizer_open(&tokenizer, file, 0));
	assert_ok(json_read(&document, cases, 1 << 20));
	for (const struct json *test = json_root(document)->first; test; test = test->next)
		check_case(file, tokenizer, test);
	json_free(document);
	tokenizer_free(tokenizer);
}

static void
test_sentencepiece__all_options_agree_with_the_library(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(
		glob(support_source("tests/core/fixtures/sentencepiece/*.cases"), 0, NULL, &found),
		0);
	assert_true(found.gl_pathc > 15);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_fixture(found.gl_pathv[i]);
	globfree(&found);
	assert_int_equal(failures, 0);
}

/* A model byte by byte. */
static unsigned char bytes[8192];
static size_t length;

static void
put(const void *data, size_t size)
{
	assert_true(size <= sizeof(bytes) - length);
	memcpy(bytes + length, data, size);
	length += size;
}

static void
put_field(unsigned char number, const void *data, size_t size)
{
	assert_true(number < 16 && size < 128);
	put((unsigned char[]){ (unsigned char)(number << 3 | 2), (unsigned char)size }, 2);
	put(data, size);
}

static void
put_piece(const char *text, float score, unsigned char kind)
{
	unsigned char piece[128] = { 1 << 3 | 2, (unsigned char)strlen(text) };
	size_t at = 2 + strlen(text);

	memcpy(piece + 2, text, strlen(text));
	piece[at++] = 2 << 3 | 5;
	memcpy(piece + at, &score, sizeof(score));
	at += sizeof(score);
	piece[at++] = 3 << 3;
	piece[at++] = kind;
	put_field(1, piece, at);
}

/* <unk> <s> </s> and a few pieces, of this model type. */
static void
start_model(unsigned char type)
{
	length = 0;
	put_piece("<unk>", 0, 2);
	put_piece("<s>", 0, 3);
	put_piece("</s>", 0, 3);
	put_piece("\xe2\x96\x81", -1, 1);
	put_piece("a", -2, 1);
	put_piece("\342\226\201a", -0.5F, 1);
	put_field(2, (unsigned char[]){ 3 << 3, type }, 2);
}

static const char *
model_file(void)
{
	return support_file("tokenizer.model", bytes, length);
}

static void
refuse(enum err code, const char *part)
{
	struct tokenizer *tokenizer;

	assert_err(code, part, tokenizer_open(&tokenizer, model_file(), 0));
	assert_err(code, "tokenizer.model", tokenizer_open(&tokenizer, model_file(), 0));
}

static void
expect_ids(const char *text, bool special, const char *expected)
{
	struct tokenizer *tokenizer;
	char got[256] = "";
	size_t count, used = 0;
	int32_t *ids;

	assert_ok(tokenizer_open(&tokenizer, model_file(), 0));
	assert_ok(tokenizer_encode(&ids, &count, tokenizer, text, strlen(text), special));
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(got + used, sizeof(got) - used, "%s%d", i ? " " : "",
					 ids[i]);
	buf_free(ids);
	tokenizer_free(tokenizer);
	assert_string_equal(got, expected);
}

static void
test_sentencepiece__wrong_pieces_are_refused(void **state)
{
	(void)state;
	start_model(2);
	expect_ids("a a", true, "1 5 5");
	put_piece("a", 0, 1);
	refuse(ERR_FORMAT, "the piece \"a\" occurs twice");
	start_model(2);
	put_piece("", 0, 1);
	refuse(ERR_FORMAT, "pieces: piece 6 is empty");
	start_model(2);
	put_piece("b", __builtin_nanf(""), 1);
	refuse(ERR_FORMAT, "the score of piece 6 is not finite");
	start_model(2);
	put_piece("b", 0, 7);
	refuse(ERR_FORMAT, "piece 6 is of type 7");
	start_model(2);
	put_piece("b", 0, 2);
	refuse(ERR_FORMAT, "piece 6 is a second unknown token beside piece 0");
	start_model(2);
	put_piece("<0x41>", 0, 6);
	refuse(ERR_FORMAT, "is a byte, but byte_fallback is off");
	start_model(2);
	put_field(2, (unsigned char[]){ 0x98, 2, 1 }, 3); /* byte_fallback */
	refuse(ERR_FORMAT, "<0x00> is missing");
	put_piece("<0x4>", 0, 6);
	refuse(ERR_FORMAT, "is a byte, which its text does not spell");
	length = 0;
	refuse(ERR_FORMAT, "none is the unknown token");
}

static void
test_sentencepiece__other_kinds_of_model_are_refused_by_name(void **state)
{
	(void)state;
	start_model(3);
	refuse(ERR_UNSUPPORTED, "the model type is WORD");
	start_model(4);
	refuse(ERR_UNSUPPORTED, "the model type is CHAR");
	start_model(5);
	refuse(ERR_FORMAT, "the model type 5 is unknown");
	start_model(1);
	put_field(3, "\x12\x05\xff\xff\xff\xffx", 7);
	refuse(ERR_FORMAT, "charsmap");
}

/* A model cut anywhere is refused or stands without its last fields; nothing else happens. */
static void
test_sentencepiece__a_file_cut_or_damaged_anywhere_is_survived(void **state)
{
	size_t whole;

	(void)state;
	start_model(2);
	whole = length;
	for (length = 0; length < whole; length++) {
		struct tokenizer *tokenizer;
		enum err code = tokenizer_open(&tokenizer, model_file(), 0);

		assert_true(code == OK || code == ERR_FORMAT);
		tokenizer_free(tokenizer);
	}
	for (size_t i = 0; i < whole; i++) {
		struct tokenizer *tokenizer;
		enum err code;

		bytes[i] ^= 0x85;
		code = tokenizer_open(&tokenizer, model_file(), 0);
		assert_true(code == OK || code == ERR_FORMAT || code == ERR_UNSUPPORTED);
		tokenizer_free(tokenizer);
		bytes[i] ^= 0x85;
	}
}

static void
test_sentencepiece__a_folder_adds_tokens_and_says_which_ends(void **state)
{
	static const char config[] =
		"{\"add_bos_token\":false,\"add_eos_token\":true,\"bos_token\":\"<s>\","
		"\"added_tokens_decoder\":{\"1\":{\"content\":\"<s>\",\"special\":true},"
		"\"6\":{\"content\":\"<x>\",\"rstrip\":true}}}";
	static const char added[] = "{\"<y>\": 9, \"<x>\": 6}";

	(void)state;
	support_clean();
	start_model(2);
	support_file("tokenizer_config.json", config, strlen(config));
	support_file("added_tokens.json", added, strlen(added));
	expect_ids("a<s>a<x>  a<y>", true, "5 1 5 6 5 9 2");
	support_file("tokenizer_config.json", "{\"legacy\":false}", 16);
	expect_ids("a<y>a", true, "1 5 9 4");
	support_file("tokenizer_config.json", "{\"tokenizer_class\":\"T5Tokenizer\"}", 33);
	expect_ids("a", true, "5 2");
	support_clean();
}

static void
test_sentencepiece__a_folder_that_numbers_pieces_anew_is_refused(void **state)
{
	static const char renumbered[] =
		"{\"added_tokens_decoder\":{\"1\":{\"content\":\"<pad>\"}}}";
	static const char no_id[] = "{\"added_tokens_decoder\":{\"one\":{\"content\":\"<p>\"}}}";
	static const char huge[] =
		"{\"added_tokens_decoder\":{\"2147483647\":{\"content\":\"<p>\"}}}";

	(void)state;
	support_clean();
	start_model(2);
	support_file("tokenizer_config.json", renumbered, strlen(renumbered));
	refuse(ERR_UNSUPPORTED, "\"<pad>\" has the id 1, which is the piece \"<s>\"");
	support_file("tokenizer_config.json", no_id, strlen(no_id));
	refuse(ERR_FORMAT, "\"one\" is no id");
	support_file("tokenizer_config.json", huge, strlen(huge));
	refuse(ERR_FORMAT, "which is outside");
	support_file("tokenizer_config.json", "{}", 2);
	support_file("added_tokens.json", "{\"<y>\": -1}", 11);
	refuse(ERR_FORMAT, "\"<y>\" has no token id");
	support_clean();
}

static void
test_sentencepiece__a_folders_tokenizer_json_comes_first(void **state)
{
	static const char json[] =
		"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}";
	struct tokenizer *tokenizer;

	(void)state;
	support_clean();
	start_model(1);
	model_file();
	assert_ok(tokenizer_open_beside(&tokenizer, support_folder(), 0));
	assert_string_equal(tokenizer_kind(tokenizer), "unigram");
	tokenizer_free(tokenizer);
	support_file("tokenizer.json", json, strlen(json));
	assert_ok(tokenizer_open_beside(&tokenizer, support_folder(), 0));
	assert_string_equal(tokenizer_kind(tokenizer), "bpe");
	tokenizer_free(tokenizer);
	support_clean();
}

static void
encode_a_million(const char *path, char c)
{
	enum { MILLION = 1000000 };
	char *text = buf_alloc(MILLION, 1);
	struct tokenizer *tokenizer;
	double start;
	int32_t *ids;
	size_t count;

	assert_non_null(text);
	memset(text, c, MILLION);
	assert_ok(tokenizer_open(&tokenizer, path, 0));
	start = support_seconds();
	assert_ok(tokenizer_encode(&ids, &count, tokenizer, text, MILLION, false));
	/* A second, with room for sanitizers and a busy machine. */
	assert_true(support_seconds() - start < 10);
	buf_free(ids);
	buf_free(text);
	tokenizer_free(tokenizer);
}

static void
test_sentencepiece__a_million_equal_characters_take_no_time(void **state)
{
	static const char *const names[] = { "bpe",      "bpe_symbols", "bpe_unused",
					     "bpe_kept", "unigram",     "unigram_bytes" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[256];

		snprintf(path, sizeof(path), "tests/core/fixtures/sentencepiece/%s.model",
			 names[i]);
		encode_a_million(support_source(path), 'a');
		encode_a_million(support_source(path), ' ');
		encode_a_million(support_source(path), '\n');
	}
}

static void
test_sentencepiece__memory_may_run_out_anywhere(void **state)
{
	static const char *const names[] = { "bpe_unused", "unigram_symbols", "bpe_back" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[256];

		snprintf(path, sizeof(path), "tests/core/fixtures/sentencepiece/%s.model",
			 names[i]);
		tokenizers_survive_no_memory(support_source(path), "Once <x> \xf0\x9f\x98\x80");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentencepiece__all_options_agree_with_the_library),
		cmocka_unit_test(test_sentencepiece__wrong_pieces_are_refused),
		cmocka_unit_test(test_sentencepiece__other_kinds_of_model_are_refused_by_name),
		cmocka_unit_test(test_sentencepiece__a_file_cut_or_damaged_anywhere_is_survived),
		cmocka_unit_test(test_sentencepiece__a_folder_adds_tokens_and_says_which_ends),
		cmocka_unit_test(test_sentencepiece__a_folder_that_numbers_pieces_anew_is_refused),
		cmocka_unit_test(test_sentencepiece__a_folders_tokenizer_json_comes_first),
		cmocka_unit_test(test_sentencepiece__a_million_equal_characters_take_no_time),
		cmocka_unit_test(test_sentencepiece__memory_may_run_out_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
