/* Tokenizers that lie, and texts that are out to waste time. */
#include "core/tokenizer.h"
#include "support/support.h"

#include "core/buf.h"
#include "core/tokenizers/parts.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* tokenizer.json around a vocabulary, merges and further members. */
static const char *
tokenizer_file(const char *vocab, const char *merges, const char *more)
{
	char text[4096];
	int n = snprintf(text, sizeof(text),
			 "{%s\"model\":{\"type\":\"BPE\",\"vocab\":%s,\"merges\":%s}}", more, vocab,
			 merges);

	return support_file("tokenizer.json", text, (size_t)n);
}

#define VOCAB "{\"a\":0,\"b\":1,\"ab\":2}"

static void
refuse(enum err code, const char *part, const char *path)
{
	struct tokenizer *tokenizer;

	assert_err(code, part, tokenizer_open(&tokenizer, path, 0));
	assert_err(code, "tokenizer.json", tokenizer_open(&tokenizer, path, 0));
	assert_null(tokenizer);
}

static void
test_tokenizer_hostile__ids_that_lie_are_named(void **state)
{
	(void)state;
	refuse(ERR_FORMAT, "id of \"a\" is -1", tokenizer_file("{\"a\":-1}", "[]", ""));
	refuse(ERR_FORMAT, "is 1.5", tokenizer_file("{\"a\":1.5}", "[]", ""));
	refuse(ERR_FORMAT, "outside 0", tokenizer_file("{\"a\":2000000000}", "[]", ""));
	refuse(ERR_FORMAT, "outside 0", tokenizer_file("{\"a\":70000}", "[]", ""));
	refuse(ERR_FORMAT, "two pieces have the id 1",
	       tokenizer_file("{\"a\":1,\"b\":1}", "[]", ""));
	refuse(ERR_FORMAT, "a", tokenizer_file("{\"a\":1,\"a\":2}", "[]", ""));
	refuse(ERR_FORMAT, "claims the id 7 where 3 is its place",
	       tokenizer_file(VOCAB, "[]", "\"added_tokens\":[{\"id\":7,\"content\":\"<s>\"}],"));
	refuse(ERR_FORMAT, "claims the id 1 where 0 is its place",
	       tokenizer_file(VOCAB, "[]", "\"added_tokens\":[{\"id\":1,\"content\":\"a\"}],"));
}

static void
test_tokenizer_hostile__merges_that_lie_are_named(void **state)
{
	(void)state;
	refuse(ERR_FORMAT, "rule 0, a q: the right piece is not",
	       tokenizer_file(VOCAB, "[\"a q\"]", ""));
	refuse(ERR_FORMAT, "rule 1, b a: the merged piece is not",
	       tokenizer_file(VOCAB, "[\"a b\",\"b a\"]", ""));
	refuse(ERR_FORMAT, "is no pair of pieces", tokenizer_file(VOCAB, "[\"a b c\"]", ""));
	refuse(ERR_FORMAT, "is no pair of pieces", tokenizer_file(VOCAB, "[[\"a\"]]", ""));
	refuse(ERR_FORMAT, "is no pair of pieces", tokenizer_file(VOCAB, "[7]", ""));
	refuse(ERR_FORMAT, "model.merges", tokenizer_file(VOCAB, "7", ""));
	refuse(ERR_FORMAT, "model.vocab", tokenizer_file("[]", "[]", ""));
}

static void
test_tokenizer_hostile__unknown_kinds_are_refused_by_name(void **state)
{
	static const char model[] = "{\"model\":{\"type\":\"Trigram\",\"vocab\":[]}}";

	(void)state;
	refuse(ERR_UNSUPPORTED, "\"Trigram\"",
	       support_file("tokenizer.json", model, strlen(model)));
	refuse(ERR_UNSUPPORTED, "pre_tokenizer: the type \"Letters\"",
	       tokenizer_file(VOCAB, "[]", "\"pre_tokenizer\":{\"type\":\"Letters\"},"));
	refuse(ERR_UNSUPPORTED, "normalizer: the type \"Rot13\"",
	       tokenizer_file(VOCAB, "[]", "\"normalizer\":{\"type\":\"Rot13\"},"));
	refuse(ERR_FORMAT, "special_tokens has no ids for \"x\"",
	       tokenizer_file(VOCAB, "[]",
			      "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":["
			      "{\"SpecialToken\":{\"id\":\"x\"}}],\"special_tokens\":{}},"));
	refuse(ERR_FORMAT, "the id 99 is not in the vocabulary",
	       tokenizer_file(VOCAB, "[]",
			      "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":["
			      "{\"SpecialToken\":{\"id\":\"x\"}},{\"Sequence\":{\"id\":\"A\"}}],"
			      "\"special_tokens\":{\"x\":{\"ids\":[99]}}},"));
}

static const char *
model_file(const char *model)
{
	char text[4096];
	int n = snprintf(text, sizeof(text), "{\"model\":{%s}}", model);

	return support_file("tokenizer.json", text, (size_t)n);
}

static void
test_tokenizer_hostile__unigram_vocabularies_are_checked(void **state)
{
	struct tokenizer *tokenizer;
	int32_t *ids;
	size_t count;

	(void)state;
	refuse(ERR_FORMAT, "model.vocab", model_file("\"type\":\"Unigram\""));
	refuse(ERR_FORMAT, "entry 1",
	       model_file("\"type\":\"Unigram\",\"vocab\":[[\"a\",0],[\"b\"]]"));
	refuse(ERR_FORMAT, "entry 0", model_file("\"type\":\"Unigram\",\"vocab\":[[\"a\",1e999]]"));
	refuse(ERR_FORMAT, "1 is no id",
	       model_file("\"type\":\"Unigram\",\"unk_id\":1,\"vocab\":[[\"a\",0]]"));
	assert_ok(tokenizer_open(&tokenizer,
				 model_file("\"type\":\"Unigram\",\"vocab\":[[\"a\",0]]"), 0));
	assert_err(ERR_RANGE, "no unknown token",
		   tokenizer_encode(&ids, &count, tokenizer, "aab", 3, false));
	tokenizer_free(tokenizer);
}

static void
test_tokenizer_hostile__wordpiece_vocabularies_are_checked(void **state)
{
	struct tokenizer *tokenizer;
	int32_t *ids;
	size_t count;

	(void)state;
	refuse(ERR_FORMAT, "-1 is negative",
	       model_file("\"type\":\"WordPiece\",\"max_input_chars_per_word\":-1,\"vocab\":{}"));
	assert_ok(tokenizer_open(
		&tokenizer, model_file("\"type\":\"WordPiece\",\"vocab\":{\"a\":0,\"##b\":1}"), 0));
	assert_err(ERR_RANGE, "the word \"aa\"",
		   tokenizer_encode(&ids, &count, tokenizer, "aa", 2, false));
	tokenizer_free(tokenizer);
}

/* A charsmap in base64 as the normalizer. */
static const char *
with_charsmap(const char *base64)
{
	char more[1024];

	snprintf(more, sizeof(more),
		 "\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"%s\"},",
		 base64);
	return tokenizer_file(VOCAB, "[]", more);
}

static void
test_tokenizer_hostile__charsmaps_are_checked(void **state)
{
	/* One unit for the trie, whose root leads far outside; then "a" and NUL. */
	static const char far[] = "BAAAAAD+//9hAA==";
	struct tokenizer *tokenizer;
	int32_t *ids;
	size_t count;

	(void)state;
	refuse(ERR_FORMAT, "is not base64", with_charsmap("!!!!"));
	refuse(ERR_FORMAT, "0 bytes", with_charsmap(""));
	refuse(ERR_FORMAT, "claims 0", with_charsmap("AAA="));
	refuse(ERR_FORMAT, "claims 8", with_charsmap("CAAAAAAAAAA="));
	refuse(ERR_FORMAT, "claims 4294967295", with_charsmap("/////wAAAAA="));
	refuse(ERR_FORMAT, "not UTF-8", with_charsmap("BAAAAAAAAAD/AA=="));
	refuse(ERR_FORMAT, "missing",
	       tokenizer_file(VOCAB, "[]", "\"normalizer\":{\"type\":\"Precompiled\"},"));
	assert_ok(tokenizer_open(&tokenizer, with_charsmap(far), 0));
	assert_ok(tokenizer_encode(&ids, &count, tokenizer, "ab", 2, false));
	assert_int_equal(count, 2);
	buf_free(ids);
	tokenizer_free(tokenizer);
}

/* A file in which one stage has this part. */
static const char *
with_part(const char *stage, const char *part)
{
	char more[1024];

	snprintf(more, sizeof(more), "\"%s\":{%s},", stage, part);
	return tokenizer_file(VOCAB, "[]", more);
}

static void
test_tokenizer_hostile__settings_of_parts_are_checked(void **state)
{
	static const char text[] = "{\"Sequence\":{\"id\":\"A\"}}";
	char twice[256];

	(void)state;
	refuse(ERR_FORMAT, "length 0 is not above 0",
	       with_part("pre_tokenizer", "\"type\":\"FixedLength\",\"length\":0"));
	refuse(ERR_FORMAT, "delimiter is not one character",
	       with_part("pre_tokenizer", "\"type\":\"CharDelimiterSplit\",\"delimiter\":\"ab\""));
	refuse(ERR_FORMAT, "delimiter is not one character",
	       with_part("pre_tokenizer", "\"type\":\"CharDelimiterSplit\""));
	refuse(ERR_UNSUPPORTED, "Punctuation: the behavior \"Swapped\"",
	       with_part("pre_tokenizer", "\"type\":\"Punctuation\",\"behavior\":\"Swapped\""));
	refuse(ERR_FORMAT, "\"cls\" is no pair",
	       with_part("post_processor", "\"type\":\"BertProcessing\",\"sep\":[\"a\",0]"));
	refuse(ERR_FORMAT, "\"sep\" is no pair",
	       with_part("post_processor",
			 "\"type\":\"RobertaProcessing\",\"cls\":[\"a\",0],\"sep\":[\"a\",-1]"));
	refuse(ERR_FORMAT, "the id 9 is not in the vocabulary",
	       with_part("post_processor",
			 "\"type\":\"BertProcessing\",\"cls\":[\"a\",9],\"sep\":[\"a\",0]"));
	snprintf(twice, sizeof(twice), "\"type\":\"TemplateProcessing\",\"single\":[%s,%s]", text,
		 text);
	refuse(ERR_UNSUPPORTED, "holds the text twice", with_part("post_processor", twice));
	refuse(ERR_FORMAT, "prefix", with_part("decoder", "\"type\":\"WordPiece\",\"prefix\":7"));
	refuse(ERR_FORMAT, "clean_text",
	       with_part("normalizer", "\"type\":\"BertNormalizer\",\"clean_text\":1"));
}

static void
test_tokenizer_hostile__a_text_cannot_grow_without_end(void **state)
{
	struct bytes text = { .length = ((size_t)1 << 31) - 1 };

	(void)state;
	assert_err(ERR_RANGE, "has grown to more than", bytes_add(&text, "ab", 2));
	assert_null(text.data);
}

static const char *
with_pattern(const char *regex)
{
	char more[1024];

	snprintf(more, sizeof(more),
		 "\"pre_tokenizer\":{\"type\":\"Split\",\"behavior\":\"Isolated\","
		 "\"pattern\":{\"Regex\":\"%s\"}},",
		 regex);
	return tokenizer_file(VOCAB, "[]", more);
}

static void
test_tokenizer_hostile__patterns_are_refused_or_limited(void **state)
{
	struct tokenizer *tokenizer;
	char text[64];
	int32_t *ids;
	size_t count;

	(void)state;
	refuse(ERR_UNSUPPORTED, "a group without its end", with_pattern("(a"));
	refuse(ERR_UNSUPPORTED, "cannot be compiled", with_pattern("(?<=a+)b"));
	refuse(ERR_UNSUPPORTED, "a verb", with_pattern("(*ACCEPT)"));
	assert_ok(tokenizer_open(&tokenizer, with_pattern("(a+)+$"), 0));
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = 'b';
	assert_err(ERR_RANGE, "reached the match limit",
		   tokenizer_encode(&ids, &count, tokenizer, text, sizeof(text), false));
	assert_null(ids);
	tokenizer_free(tokenizer);
}

static void
test_tokenizer_hostile__a_tokenizer_must_fit_its_model(void **state)
{
	struct tokenizer *tokenizer;

	(void)state;
	assert_err(ERR_FORMAT, "has 3 tokens but the model's embedding 2 rows",
		   tokenizer_open(&tokenizer, tokenizer_file(VOCAB, "[]", ""), 2));
	assert_ok(tokenizer_open(&tokenizer, tokenizer_file(VOCAB, "[]", ""), 3));
	tokenizer_free(tokenizer);
	assert_ok(tokenizer_open_beside(&tokenizer, support_source("models/texts"), 3));
	assert_null(tokenizer);
}

static void
test_tokenizer_hostile__text_and_ids_are_checked(void **state)
{
	struct tokenizer *tokenizer;
	int32_t *ids, far = 3, below = -1;
	size_t count;
	char *text;

	(void)state;
	assert_ok(tokenizer_open(&tokenizer, tokenizer_file(VOCAB, "[]", ""), 3));
	assert_err(ERR_FORMAT, "not UTF-8 at byte 2 (0xff)",
		   tokenizer_encode(&ids, &count, tokenizer, "ab\xff", 3, false));
	assert_err(ERR_RANGE, "token id 3 is not in the tokenizer",
		   tokenizer_decode(&text, &count, tokenizer, &far, 1, false));
	assert_err(ERR_RANGE, "token id -1",
		   tokenizer_decode(&text, &count, tokenizer, &below, 1, false));
	assert_null(tokenizer_piece(tokenizer, 3, &count));
	assert_string_equal(tokenizer_piece(tokenizer, 2, &count), "ab");
	tokenizer_free(tokenizer);
}

/* Pieces of 1, 2, 4, ... 64 a's: the heap has work at every level. */
static void
test_tokenizer_hostile__a_megabyte_of_one_letter_takes_no_time(void **state)
{
	enum { MEGABYTE = 1 << 20 };
	char vocab[512] = "{\"a\":0", merges[1024] = "[", piece[129] = "a";
	char *text = buf_alloc(MEGABYTE, 1);
	struct tokenizer *tokenizer;
	int32_t *ids;
	size_t count;
	clock_t start;

	(void)state;
	for (int id = 1; id < 7; id++) {
		size_t half = strlen(piece), v = strlen(vocab), m = strlen(merges);

		snprintf(merges + m, sizeof(merges) - m, "%s\"%s %s\"", id > 1 ? "," : "", piece,
			 piece);
		memset(piece, 'a', half * 2);
		snprintf(vocab + v, sizeof(vocab) - v, ",\"%s\":%d", piece, id);
	}
	strcat(vocab, "}");
	strcat(merges, "]");
	assert_ok(tokenizer_open(&tokenizer, tokenizer_file(vocab, merges, ""), 0));
	memset(text, 'a', MEGABYTE);
	start = clock();
	assert_ok(tokenizer_encode(&ids, &count, tokenizer, text, MEGABYTE, false));
	assert_int_equal(count, MEGABYTE / 64);
	/* A tenth of this without sanitizers; a quadratic loop takes minutes. */
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 5);
	buf_free(ids);
	buf_free(text);
	tokenizer_free(tokenizer);
}

static void
test_tokenizer_hostile__llama2c_files_are_checked(void **state)
{
	static const char huge[] =
		"\0\0\0\0\0\0\0\0\xff\xff\xff\x7f\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
	static const char nan[] = "\0\0\0\0\0\0\xc0\x7f\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
	struct tokenizer *tokenizer;

	(void)state;
	assert_err(ERR_FORMAT, "too few",
		   tokenizer_open(&tokenizer, support_file("tok1.bin", "abcd", 4), 0));
	assert_err(ERR_FORMAT, "token 0 claims 2147483647 bytes",
		   tokenizer_open(&tokenizer, support_file("tok1.bin", huge, 28), 0));
	assert_err(ERR_FORMAT, "score of token 0 is not finite",
		   tokenizer_open(&tokenizer, support_file("tok1.bin", nan, 28), 0));
	assert_err(ERR_FORMAT, "none of the tok*.bin beside it holds the model's 9 tokens",
		   tokenizer_open_beside(&tokenizer, support_file("m.bin", "x", 1), 9));
	assert_null(tokenizer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokenizer_hostile__ids_that_lie_are_named),
		cmocka_unit_test(test_tokenizer_hostile__merges_that_lie_are_named),
		cmocka_unit_test(test_tokenizer_hostile__unknown_kinds_are_refused_by_name),
		cmocka_unit_test(test_tokenizer_hostile__unigram_vocabularies_are_checked),
		cmocka_unit_test(test_tokenizer_hostile__wordpiece_vocabularies_are_checked),
		cmocka_unit_test(test_tokenizer_hostile__charsmaps_are_checked),
		cmocka_unit_test(test_tokenizer_hostile__settings_of_parts_are_checked),
		cmocka_unit_test(test_tokenizer_hostile__a_text_cannot_grow_without_end),
		cmocka_unit_test(test_tokenizer_hostile__patterns_are_refused_or_limited),
		cmocka_unit_test(test_tokenizer_hostile__a_tokenizer_must_fit_its_model),
		cmocka_unit_test(test_tokenizer_hostile__text_and_ids_are_checked),
		cmocka_unit_test(test_tokenizer_hostile__a_megabyte_of_one_letter_takes_no_time),
		cmocka_unit_test(test_tokenizer_hostile__llama2c_files_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
