/* Every option of tokenizer.json against what the Hugging Face library made of the same texts
 * (tests/peers/make_tokenizer_fixtures.py). */
#include "core/tokenizer.h"
#include "support/support.h"
#include "support/tokenizers.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/json.h"
#include "core/tokenizers/kinds.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

static int failures;

static void
complain(const char *file, const struct json *text, const char *what)
{
	print_message("%s: \"%s\": %s differs\n", strrchr(file, '/') + 1, text->string, what);
	failures++;
}

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
check_ids(const char *file, const struct tokenizer *tokenizer, const struct json *test,
	  const char *key)
{
	const struct json *text = json_get(test, "text");
	int32_t *ids;
	size_t count;

	assert_ok(tokenizer_encode(&ids, &count, tokenizer, text->string, text->length,
				   !strcmp(key, "special_ids")));
	if (!same_ids(json_get(test, key), ids, count))
		complain(file, text, key);
	buf_free(ids);
}

static void
check_text(const char *file, const struct tokenizer *tokenizer, const struct json *test,
	   const char *key)
{
	const struct json *wanted = json_get(test, key), *id = json_get(test, "special_ids")->first;
	int32_t ids[256];
	size_t count = 0, length;
	char *text;

	for (; id; id = id->next)
		ids[count++] = (int32_t)id->magnitude;
	assert_ok(tokenizer_decode(&text, &length, tokenizer, ids, count, !strcmp(key, "decoded")));
	if (length != wanted->length || memcmp(text, wanted->string, length))
		complain(file, json_get(test, "text"), key);
	buf_free(text);
}

static void
check_fixture(const char *cases)
{
	char file[1024];
	struct json_document *document;
	struct tokenizer *tokenizer;

	snprintf(file, sizeof(file), "%.*s.json", (int)(strlen(cases) - strlen(".cases")), cases);
	assert_ok(tokenizer_open(&tokenizer, file, 0));
	assert_ok(json_read(&document, cases, 1 << 20));
	for (const struct json *test = json_root(document)->first; test; test = test->next) {
		check_ids(file, tokenizer, test, "ids");
		check_ids(file, tokenizer, test, "special_ids");
		check_text(file, tokenizer, test, "decoded");
		check_text(file, tokenizer, test, "decoded_all");
	}
	json_free(document);
	tokenizer_free(tokenizer);
}

static void
test_tokenizer_fixtures__all_options_agree_with_the_library(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(
		glob(support_source("tests/core/fixtures/tokenizers/*.cases"), 0, NULL, &found), 0);
	assert_true(found.gl_pathc > 20);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_fixture(found.gl_pathv[i]);
	globfree(&found);
	assert_int_equal(failures, 0);
}

static char *all_fixtures;

static void
find_type(const char *type)
{
	char *wanted = buf_printf("\"type\":\"%s\"", type);

	if (!strstr(all_fixtures, wanted))
		fail_msg("no fixture has a part of the type %s", type);
	buf_free(wanted);
}

/* What stands on a list is tested. */
static void
test_tokenizer_fixtures__each_kind_has_one(void **state)
{
	size_t length = 0, capacity = 0;
	glob_t found;

	(void)state;
	assert_int_equal(
		glob(support_source("tests/core/fixtures/tokenizers/*.json"), 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *text;
		size_t size;

		assert_ok(file_read(&text, &size, found.gl_pathv[i], 1 << 20));
		assert_int_equal(buf_grow(&all_fixtures, &capacity, length + size + 1, 1), 0);
		memcpy(all_fixtures + length, text, size);
		length += size;
		buf_free(text);
	}
	globfree(&found);
#define PART(name) find_type(normalizer_##name.type);
#include "core/tokenizers/normalizers.def"
#undef PART
#define PART(name) find_type(pre_tokenizer_##name.type);
#include "core/tokenizers/pre_tokenizers.def"
#undef PART
#define PART(name) find_type(post_processor_##name.type);
#include "core/tokenizers/post_processors.def"
#undef PART
#define PART(name) find_type(decoder_##name.type);
#include "core/tokenizers/decoders.def"
#undef PART
#define MODEL(name) find_type(model_##name.type);
#include "core/tokenizers/models.def"
#undef MODEL
	buf_free(all_fixtures);
}

static void
test_tokenizer_fixtures__memory_may_run_out_anywhere(void **state)
{
	static const char *const files[] = { "llama2",     "digits_forms",  "metaspace_first",
					     "suffix",     "unigram_bytes", "wordpiece",
					     "precompiled" };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[256];

		snprintf(path, sizeof(path), "tests/core/fixtures/tokenizers/%s.json", files[i]);
		tokenizers_survive_no_memory(support_source(path), "Once <s> \xf0\x9f\x98\x80");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokenizer_fixtures__all_options_agree_with_the_library),
		cmocka_unit_test(test_tokenizer_fixtures__each_kind_has_one),
		cmocka_unit_test(test_tokenizer_fixtures__memory_may_run_out_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
