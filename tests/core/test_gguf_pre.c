/* How GGUF vocabularies cut text: every name of a pre-tokenizer, and the vocabularies of the test
 * data against the ids that llama.cpp keeps beside them. */
#include "core/tokenizer.h"
#include "support/gguf_make.h"
#include "support/models.h"
#include "support/support.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/text.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct gguf_make make;

#define SEPARATOR "\n__ggml_vocab_test__\n"

/* One text against one line of ids; false when they differ. */
static bool
agrees(const struct tokenizer *tokenizer, const char *text, size_t length, const char *line)
{
	int32_t *ids;
	size_t count, i = 0;
	char *end;
	bool same = true;

	assert_ok(tokenizer_encode(&ids, &count, tokenizer, text, length, false));
	for (long id = strtol(line, &end, 10); same && end != line && *line != '\n';
	     id = strtol(line, &end, 10)) {
		same = i < count && ids[i++] == id;
		line = end;
		while (*line == ' ')
			line++;
		if (*line == '\n' || !*line)
			break;
	}
	buf_free(ids);
	return same && i == count;
}

static bool
decodes_back(const struct tokenizer *tokenizer, const char *text, size_t length)
{
	int32_t *ids;
	size_t count, back_length;
	char *back;
	bool same;

	assert_ok(tokenizer_encode(&ids, &count, tokenizer, text, length, false));
	assert_ok(tokenizer_decode(&back, &back_length, tokenizer, ids, count, true));
	same = back_length == length && !memcmp(back, text, length);
	buf_free(ids);
	buf_free(back);
	return same;
}

static size_t
check_vocab(const char *path)
{
	char name[1024], *texts, *lines;
	size_t texts_length, lines_length, tests = 0, wrong = 0;
	struct tokenizer *tokenizer;

	assert_ok(tokenizer_open(&tokenizer, path, 0));
	snprintf(name, sizeof(name), "%s.inp", path);
	assert_ok(file_read(&texts, &texts_length, name, 1 << 20));
	snprintf(name, sizeof(name), "%s.out", path);
	assert_ok(file_read(&lines, &lines_length, name, 1 << 20));
	for (const char *text = texts, *line = lines, *next; text; text = next, tests++) {
		const char *end = strstr(text, SEPARATOR);
		size_t length = end ? (size_t)(end - text) : strlen(text);

		next = end ? end + strlen(SEPARATOR) : NULL;
		assert_non_null(line);
		if (next && !agrees(tokenizer, text, length, line)) {
			print_message("%s: \"%.*s\" differs from %.60s\n", path, (int)length, text,
				      line);
			wrong++;
		}
		if (next && strcmp(tokenizer_kind(tokenizer), "wordpiece") &&
		    !decodes_back(tokenizer, text, length)) {
			print_message("%s: \"%.*s\" comes back otherwise\n", path, (int)length,
				      text);
			wrong++;
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	assert_true(tests > 40);
	buf_free(texts);
	buf_free(lines);
	tokenizer_free(tokenizer);
	return wrong;
}

static void
test_gguf_pre__published_vocabularies_give_llama_cpps_ids(void **state)
{
	char pattern[1024];
	size_t wrong = 0;
	glob_t found;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/*.gguf", support_need_data("gguf-vocab"));
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 5);
	for (size_t i = 0; i < found.gl_pathc; i++)
		wrong += check_vocab(found.gl_pathv[i]);
	globfree(&found);
	assert_int_equal(wrong, 0);
}

/* A vocabulary of GPT-2's 256 stand-ins alone, to be cut by `pre`. */
static struct tokenizer *
open_stand_ins(const char *pre)
{
	const char *tokens[256];
	struct tokenizer *tokenizer;
	char bytes[256][8];

	for (int i = 0; i < 256; i++) {
		/* The stand-ins, in any order. */
		int32_t code = i < 188 ? (i < 94 ? 33 + i : i < 106 ? 67 + i : 68 + i) : 68 + i;

		bytes[i][text_encode(bytes[i], code)] = '\0';
		tokens[i] = bytes[i];
	}
	make_gguf(&make);
	make_gguf_string(&make, "tokenizer.ggml.model", "gpt2");
	make_gguf_string(&make, "tokenizer.ggml.pre", pre);
	make_gguf_strings(&make, "tokenizer.ggml.tokens", tokens, 256);
	make_gguf_strings(&make, "tokenizer.ggml.merges", NULL, 0);
	assert_ok(tokenizer_open(&tokenizer, make_gguf_file(&make, "v.gguf"), 0));
	return tokenizer;
}

/* Every way of cutting covers every text: nothing is lost or doubled. */
static void
test_gguf_pre__all_pre_tokenizers_keep_every_byte(void **state)
{
	static const char *const names[] = {
#define PRE(name, steps, flags) name,
#include "core/tokenizers/gguf_pre.def"
#undef PRE
	};
	static const char text[] = " ab12345 'S I'LL\r\n\n\t x\xc3\x89T\xc3\xa9 3\xc2\xb2\xc2\xb3 "
				   "\xe4\xb8\xad\xe6\x96\x87\xec\x95\x88 $<=>^~|`!?  <sentinel:7>"
				   "IMGIMGABZ e\xcc\x81 a\xc2\xa0\xe2\x80\xa6\xf0\x9f\x98\x80  ";

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct tokenizer *tokenizer = open_stand_ins(names[i]);

		if (!strcmp(tokenizer_kind(tokenizer), "bpe_byte_level") &&
		    !decodes_back(tokenizer, text, strlen(text)))
			fail_msg("%s loses or doubles bytes", names[i]);
		tokenizer_free(tokenizer);
	}
}

static void
test_gguf_pre__a_million_equal_characters_take_no_time(void **state)
{
	enum { MILLION = 1000000 };
	static const char *const names[] = { "llama-bpe", "gpt-4o", "deepseek-llm", "afmoe" };
	static const char characters[] = "A 1\n!";
	char *text = buf_alloc(MILLION, 1);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct tokenizer *tokenizer = open_stand_ins(names[i]);

		for (const char *c = characters; *c; c++) {
			double start = support_seconds();
			int32_t *ids;
			size_t count;

			memset(text, *c, MILLION);
			assert_ok(tokenizer_encode(&ids, &count, tokenizer, text, MILLION, false));
			assert_int_equal(count, MILLION);
			/* A second, with room for sanitizers and a busy machine. */
			assert_true(support_seconds() - start < 20);
			buf_free(ids);
		}
		tokenizer_free(tokenizer);
	}
	buf_free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gguf_pre__all_pre_tokenizers_keep_every_byte),
		cmocka_unit_test(test_gguf_pre__a_million_equal_characters_take_no_time),
		cmocka_unit_test(test_gguf_pre__published_vocabularies_give_llama_cpps_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
