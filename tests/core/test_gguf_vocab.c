/* GGUF vocabularies made here: the kinds there are, and every refusal. */
#include "core/tokenizer.h"
#include "support/gguf_make.h"
#include "support/support.h"

#include "core/buf.h"

#include <stdio.h>
#include <string.h>

static struct gguf_make make;

static const char *const spm[] = { "<unk>", "<s>", "</s>", "\xe2\x96\x81", "a",
				   "b",     "ab",  "<x>",  "<xy>",         "\342\226\201a" };
static const int32_t spm_kinds[] = { 2, 3, 3, 1, 1, 1, 1, 4, 4, 1 };
static const float spm_scores[] = { 0, 0, 0, -3, -4, -5, -1, 0, 0, -2 };
enum { SPM_COUNT = sizeof(spm) / sizeof(spm[0]) };

/* A "llama" vocabulary without bytes. */
static void
start_spm(void)
{
	make_gguf(&make);
	make_gguf_string(&make, "general.architecture", "llama");
	make_gguf_string(&make, "tokenizer.ggml.model", "llama");
	make_gguf_strings(&make, "tokenizer.ggml.tokens", spm, SPM_COUNT);
	make_gguf_array(&make, "tokenizer.ggml.token_type", GGUF_I32, SPM_COUNT);
	make_gguf_bytes(&make, spm_kinds, sizeof(spm_kinds));
	make_gguf_array(&make, "tokenizer.ggml.scores", GGUF_F32, SPM_COUNT);
	make_gguf_bytes(&make, spm_scores, sizeof(spm_scores));
}

static const char *const bpe[] = { "a", "b", "ab", "\xc4\xa0", "\304\240a", "<x>", "<e>" };
static const char *const bpe_merges[] = { "a b", "\xc4\xa0 a", "a b" };
static const int32_t bpe_kinds[] = { 1, 1, 1, 1, 1, 4, 3 };
enum { BPE_COUNT = sizeof(bpe) / sizeof(bpe[0]) };

static void
start_bpe(const char *const *merges, size_t merge_count)
{
	make_gguf(&make);
	make_gguf_string(&make, "tokenizer.ggml.model", "gpt2");
	make_gguf_strings(&make, "tokenizer.ggml.tokens", bpe, BPE_COUNT);
	make_gguf_array(&make, "tokenizer.ggml.token_type", GGUF_I32, BPE_COUNT);
	make_gguf_bytes(&make, bpe_kinds, sizeof(bpe_kinds));
	if (merges)
		make_gguf_strings(&make, "tokenizer.ggml.merges", merges, merge_count);
}

static struct tokenizer *
open_made(void)
{
	struct tokenizer *tokenizer;

	assert_ok(tokenizer_open(&tokenizer, make_gguf_file(&make, "v.gguf"), 0));
	return tokenizer;
}

static void
expect_ids(const struct tokenizer *tokenizer, const char *text, bool special, const char *expected)
{
	char got[256] = "";
	size_t count, length = 0;
	int32_t *ids;

	assert_ok(tokenizer_encode(&ids, &count, tokenizer, text, strlen(text), special));
	for (size_t i = 0; i < count; i++)
		length += (size_t)snprintf(got + length, sizeof(got) - length, "%s%d", i ? " " : "",
					   ids[i]);
	buf_free(ids);
	assert_string_equal(got, expected);
}

static void
expect_text(const struct tokenizer *tokenizer, const int32_t *ids, size_t count, bool skip,
	    const char *expected)
{
	size_t length;
	char *text;

	assert_ok(tokenizer_decode(&text, &length, tokenizer, ids, count, skip));
	assert_string_equal(text, expected);
	buf_free(text);
}

static void
refuse(enum err code, const char *part)
{
	struct tokenizer *tokenizer;

	assert_err(code, part, tokenizer_open(&tokenizer, make_gguf_file(&make, "v.gguf"), 0));
	assert_err(code, "v.gguf", tokenizer_open(&tokenizer, make_gguf_file(&make, "v.gguf"), 0));
}

static void
test_gguf_vocab__the_best_score_merges_first(void **state)
{
	static const int32_t ids[] = { 1, 9, 5, 2 };
	struct tokenizer *tokenizer;

	(void)state;
	start_spm();
	tokenizer = open_made();
	assert_string_equal(tokenizer_kind(tokenizer), "bpe_scored");
	assert_int_equal(tokenizer_vocab(tokenizer), SPM_COUNT);
	assert_int_equal(tokenizer_bos(tokenizer), 1);
	assert_true(tokenizer_adds_bos(tokenizer));
	expect_ids(tokenizer, "ab", false, "3 6");
	expect_ids(tokenizer, "a b", true, "1 9 3 5");
	expect_ids(tokenizer, "", true, "1");
	expect_ids(tokenizer, "a\xc3\xa9\xc3\xa9", false, "9 0"); /* one token for both */
	expect_text(tokenizer, ids, 4, true, "ab");
	expect_text(tokenizer, ids, 4, false, "<s> ab</s>");
	tokenizer_free(tokenizer);
}

static void
test_gguf_vocab__user_defined_tokens_are_found_the_longest_first(void **state)
{
	struct tokenizer *tokenizer;

	(void)state;
	start_spm();
	tokenizer = open_made();
	expect_ids(tokenizer, "<xy><x> a", false, "8 7 3 9");
	expect_ids(tokenizer, "a<x>a", false, "9 7 9");
	expect_ids(tokenizer, "<s>", false, "3 0"); /* control tokens are not */
	tokenizer_free(tokenizer);
	make_gguf_bool(&make, "tokenizer.ggml.add_space_prefix", false);
	make_gguf_bool(&make, "tokenizer.ggml.add_bos_token", false);
	make_gguf_bool(&make, "tokenizer.ggml.add_eos_token", true);
	tokenizer = open_made();
	assert_false(tokenizer_adds_bos(tokenizer));
	expect_ids(tokenizer, "ab<x> a", true, "6 7 9 2");
	tokenizer_free(tokenizer);
}

static void
test_gguf_vocab__phi_3s_tokens_take_the_blanks_behind_them(void **state)
{
	struct tokenizer *tokenizer;

	(void)state;
	start_spm();
	make_gguf_string(&make, "general.name", "Phi3 mini");
	tokenizer = open_made();
	expect_ids(tokenizer, "a<x> \n a<xy>  ", false, "9 7 9 8");
	tokenizer_free(tokenizer);
}

static void
test_gguf_vocab__merges_of_stand_ins_by_rank(void **state)
{
	static const int32_t ids[] = { 4, 2, 6 };
	struct tokenizer *tokenizer;

	(void)state;
	start_bpe(bpe_merges, 3);
	make_gguf_string(&make, "tokenizer.ggml.pre", "gpt-2");
	tokenizer = open_made();
	assert_string_equal(tokenizer_kind(tokenizer), "bpe_byte_level");
	assert_null(tokenizer_warning(tokenizer));
	assert_int_equal(tokenizer_bos(tokenizer), -1); /* llama.cpp's 11 is outside */
	expect_ids(tokenizer, " ab ab a", true, "3 2 3 2 4");
	expect_ids(tokenizer, "a<x>b", false, "0 5 1");
	expect_ids(tokenizer, "azb", false, "0 1"); /* what no piece has is dropped, and parts */
	expect_text(tokenizer, ids, 3, true, " aab");
	expect_text(tokenizer, ids, 3, false, " aab<e>");
	tokenizer_free(tokenizer);
}

static void
test_gguf_vocab__words_are_cut_small_and_bare(void **state)
{
	static const char *const tokens[] = {
		"[UNK]", "[CLS]",         "[SEP]",         "\xe2\x96\x81hel",
		"lo",    "\xe2\x96\x81!", "\342\226\201e", "\xe2\x96\x81\xe4\xb8\xad"
	};
	static const int32_t kinds[] = { 3, 3, 3, 1, 1, 1, 1, 1 };
	struct tokenizer *tokenizer;

	(void)state;
	make_gguf(&make);
	make_gguf_string(&make, "tokenizer.ggml.model", "bert");
	make_gguf_strings(&make, "tokenizer.ggml.tokens", tokens, 8);
	make_gguf_array(&make, "tokenizer.ggml.token_type", GGUF_I32, 8);
	make_gguf_bytes(&make, kinds, sizeof(kinds));
	make_gguf_u32(&make, "tokenizer.ggml.bos_token_id", 1);
	make_gguf_u32(&make, "tokenizer.ggml.seperator_token_id", 2);
	make_gguf_u32(&make, "tokenizer.ggml.unknown_token_id", 0);
	tokenizer = open_made();
	assert_string_equal(tokenizer_kind(tokenizer), "wordpiece");
	expect_ids(tokenizer, "HELLO!\303\211 \t\344\270\255e\314\201 hell", true,
		   "1 3 4 5 6 7 6 0 2");
	tokenizer_free(tokenizer);
	make_gguf_bool(&make, "tokenizer.ggml.normalizer.lowercase", false);
	tokenizer = open_made();
	expect_ids(tokenizer, "hello Hello \xc3\xa9", false, "3 4 0 0");
	tokenizer_free(tokenizer);
}

static void
test_gguf_vocab__a_file_that_does_not_say_how_it_cuts_is_warned_of(void **state)
{
	struct tokenizer *tokenizer;

	(void)state;
	start_bpe(bpe_merges, 3);
	tokenizer = open_made();
	assert_non_null(tokenizer_warning(tokenizer));
	tokenizer_free(tokenizer);
	make_gguf_string(&make, "tokenizer.ggml.pre", "someone-else");
	refuse(ERR_UNSUPPORTED, "tokenizer.ggml.pre: is \"someone-else\"");
}

static void
test_gguf_vocab__what_is_wrong_is_refused_by_key(void **state)
{
	static const char *const twice[] = { "a", "b", "a" };
	static const char *const bad_merges[][2] = {
		{ "a q", "right piece" }, { "q a", "left piece" }, { "b a", "merged piece" },
		{ "ab", "no pair" },      { "a ", "no pair" },     { "", "no pair" }
	};

	(void)state;
	make_gguf(&make);
	refuse(ERR_UNSUPPORTED, "holds no vocabulary");
	make_gguf_string(&make, "tokenizer.ggml.model", "rwkv");
	refuse(ERR_UNSUPPORTED, "tokenizer.ggml.model: is \"rwkv\"");
	make_gguf(&make);
	make_gguf_string(&make, "tokenizer.ggml.model", "llama");
	refuse(ERR_FORMAT, "tokenizer.ggml.tokens: is missing");
	make_gguf_strings(&make, "tokenizer.ggml.tokens", twice, 3);
	refuse(ERR_FORMAT, "the piece \"a\" occurs twice");
	start_bpe(NULL, 0);
	make_gguf_string(&make, "tokenizer.ggml.pre", "gpt-2");
	refuse(ERR_FORMAT, "tokenizer.ggml.merges: is missing");
	for (size_t i = 0; i < sizeof(bad_merges) / sizeof(bad_merges[0]); i++) {
		start_bpe(bad_merges[i], 1);
		make_gguf_string(&make, "tokenizer.ggml.pre", "gpt-2");
		refuse(ERR_FORMAT, bad_merges[i][1]);
	}
}

static void
test_gguf_vocab__a_file_without_one_takes_what_lies_beside_it(void **state)
{
	static const char json[] =
		"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}";
	struct tokenizer *tokenizer;
	const char *path;

	(void)state;
	support_clean();
	make_gguf(&make);
	make_gguf_string(&make, "general.architecture", "llama");
	path = make_gguf_file(&make, "v.gguf");
	assert_ok(tokenizer_open_beside(&tokenizer, path, 0));
	assert_null(tokenizer);
	support_file("tokenizer.json", json, strlen(json));
	assert_ok(tokenizer_open_beside(&tokenizer, path, 0));
	assert_string_equal(tokenizer_kind(tokenizer), "bpe");
	tokenizer_free(tokenizer);
	start_spm();
	path = make_gguf_file(&make, "v.gguf");
	assert_ok(tokenizer_open_beside(&tokenizer, path, 0));
	assert_string_equal(tokenizer_kind(tokenizer), "bpe_scored");
	tokenizer_free(tokenizer);
	assert_err(ERR_FORMAT, "embedding 9 rows", tokenizer_open_beside(&tokenizer, path, 9));
	support_clean();
}

static void
test_gguf_vocab__lists_that_are_too_short_are_refused(void **state)
{
	static const char *const tokens[] = { "a", "b" };
	static const float scores[] = { 1, __builtin_nanf("") };

	(void)state;
	make_gguf(&make);
	make_gguf_string(&make, "tokenizer.ggml.model", "llama");
	make_gguf_strings(&make, "tokenizer.ggml.tokens", tokens, 2);
	make_gguf_array(&make, "tokenizer.ggml.scores", GGUF_F32, 1);
	make_gguf_bytes(&make, scores, 4);
	refuse(ERR_FORMAT, "tokenizer.ggml.scores: has 1 elements for 2 tokens");
	make_gguf(&make);
	make_gguf_string(&make, "tokenizer.ggml.model", "llama");
	make_gguf_strings(&make, "tokenizer.ggml.tokens", tokens, 2);
	make_gguf_array(&make, "tokenizer.ggml.scores", GGUF_F32, 2);
	make_gguf_bytes(&make, scores, 8);
	refuse(ERR_FORMAT, "the score of token 1 is not finite");
	make_gguf(&make);
	make_gguf_string(&make, "tokenizer.ggml.model", "llama");
	make_gguf_strings(&make, "tokenizer.ggml.tokens", tokens, 2);
	make_gguf_strings(&make, "tokenizer.ggml.token_type", tokens, 2);
	refuse(ERR_FORMAT, "an array of numbers is expected");
}

static enum err
round_trip(const char *path)
{
	struct tokenizer *tokenizer;
	int32_t *ids = NULL;
	size_t count, length;
	char *text = NULL;
	enum err code = tokenizer_open(&tokenizer, path, 0);

	if (!code) {
		code = tokenizer_encode(&ids, &count, tokenizer, "ab <x> 12 b", 11, true);
		code = code ? code : tokenizer_decode(&text, &length, tokenizer, ids, count, false);
	}
	buf_free(ids);
	buf_free(text);
	tokenizer_free(tokenizer);
	return code;
}

static void
test_gguf_vocab__memory_may_run_out_anywhere(void **state)
{
	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		const char *path;
		enum err code = ERR_NOMEM;
		unsigned long n = 1;

		if (kind) {
			start_bpe(bpe_merges, 3);
			make_gguf_string(&make, "tokenizer.ggml.pre", "deepseek-llm");
		} else {
			start_spm();
		}
		path = make_gguf_file(&make, "v.gguf");
		for (; code && n < 5000; n++) {
			buf_fail_at(n, 0);
			code = round_trip(path);
			buf_fail_at(0, 0);
			assert_true(!code || code == ERR_NOMEM);
		}
		assert_ok(code);
		assert_true(n > 20);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gguf_vocab__the_best_score_merges_first),
		cmocka_unit_test(test_gguf_vocab__user_defined_tokens_are_found_the_longest_first),
		cmocka_unit_test(test_gguf_vocab__phi_3s_tokens_take_the_blanks_behind_them),
		cmocka_unit_test(test_gguf_vocab__merges_of_stand_ins_by_rank),
		cmocka_unit_test(test_gguf_vocab__words_are_cut_small_and_bare),
		cmocka_unit_test(
			test_gguf_vocab__a_file_that_does_not_say_how_it_cuts_is_warned_of),
		cmocka_unit_test(test_gguf_vocab__what_is_wrong_is_refused_by_key),
		cmocka_unit_test(test_gguf_vocab__a_file_without_one_takes_what_lies_beside_it),
		cmocka_unit_test(test_gguf_vocab__lists_that_are_too_short_are_refused),
		cmocka_unit_test(test_gguf_vocab__memory_may_run_out_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
