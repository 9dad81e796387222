/* Tokenizers against vectors that the Hugging Face library and SentencePiece made. */
#include "core/tokenizer.h"
#include "support/support.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/json.h"

#include <stdio.h>
#include <string.h>

/* The greedy story of a real model, there and back. */
static void
check_reference(const char *model, const char *file, size_t vocab)
{
	char path[256];
	struct json_document *document;
	struct tokenizer *tokenizer;
	const struct json *prompt, *ids, *id;
	int32_t *got;
	size_t count, i = 0;

	snprintf(path, sizeof(path), "models/%s/reference.json", model);
	assert_ok(json_read(&document, support_need_data(path), 1 << 20));
	snprintf(path, sizeof(path), "models/%s%s%s", model, *file ? "/" : "", file);
	assert_ok(tokenizer_open_beside(&tokenizer, support_need_data(path), vocab));
	assert_non_null(tokenizer);
	prompt = json_get(json_root(document), "prompt");
	ids = json_get(json_root(document), "prompt_ids");
	assert_ok(tokenizer_encode(&got, &count, tokenizer, prompt->string, prompt->length, true));
	assert_int_equal(count, ids->length);
	for (id = ids->first; id; id = id->next)
		assert_int_equal(got[i++], id->magnitude);
	assert_true(tokenizer_adds_bos(tokenizer));
	assert_int_equal(tokenizer_bos(tokenizer), 1);
	assert_int_equal(tokenizer_eos(tokenizer), 2);
	assert_int_equal(tokenizer_vocab(tokenizer), vocab);
	buf_free(got);
	tokenizer_free(tokenizer);
	json_free(document);
}

static void
test_tokenizer__prompts_of_real_models_have_their_ids(void **state)
{
	(void)state;
	check_reference("tinystories-656k", "", 2048);
	check_reference("stories260K", "stories260K.bin", 512);
	check_reference("babyllama-105", "model5000.bin", 105);
}

static void
test_tokenizer__the_shipped_text_survives_the_journey(void **state)
{
	struct tokenizer *tokenizer;
	char *text, *back;
	size_t length, back_length, count;
	int32_t *ids;

	(void)state;
	assert_ok(tokenizer_open_beside(&tokenizer, support_source("models/shipped"), 2048));
	assert_string_equal(tokenizer_kind(tokenizer), "bpe_byte_level");
	assert_false(tokenizer_adds_bos(tokenizer));
	assert_int_equal(tokenizer_bos(tokenizer), 0);
	assert_ok(file_read(&text, &length, support_source("models/texts/code.evaluation.txt"),
			    1 << 24));
	assert_ok(tokenizer_encode(&ids, &count, tokenizer, text, length, true));
	assert_true(count < length / 2);
	assert_ok(tokenizer_decode(&back, &back_length, tokenizer, ids, count, true));
	assert_int_equal(back_length, length);
	assert_memory_equal(back, text, length);
	buf_free(text);
	buf_free(back);
	buf_free(ids);
	tokenizer_free(tokenizer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokenizer__prompts_of_real_models_have_their_ids),
		cmocka_unit_test(test_tokenizer__the_shipped_text_survives_the_journey),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
