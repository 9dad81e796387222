/* Patterns of published models, and each piece of syntax, against where the Hugging Face library
 * cuts the same texts (tests/peers/make_tokenizer_fixtures.py). */
#include "core/tokenizers/pattern.h"
#include "support/support.h"

#include "core/buf.h"
#include "core/json.h"

#include <stdio.h>
#include <string.h>

/* Characters from the start of the text to byte `at`. */
static size_t
characters(const char *text, size_t at)
{
	size_t n = 0;

	for (size_t i = 0; i < at; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

static bool
same_ends(const struct json *ends, const struct spans *spans, const struct json *text)
{
	const struct json *end = ends->first;

	for (size_t i = 0; i < spans->count; i++) {
		const struct span *span = &spans->list[i];

		if (span->start == span->end)
			continue;
		if (!end || end->magnitude != characters(text->string, span->end))
			return false;
		end = end->next;
	}
	return !end;
}

static int
count_wrong(const struct json *entry, const struct json *texts)
{
	const struct json *regex = json_get(entry, "pattern"), *text = texts->first;
	struct pattern *pattern;
	struct spans spans = { 0 };
	int wrong = 0;

	assert_ok(pattern_create_regex(&pattern, regex->string, regex->length));
	for (const struct json *ends = json_get(entry, "ends")->first; ends; ends = ends->next) {
		assert_ok(pattern_cover(&spans, pattern, text->string, text->length));
		if (!same_ends(ends, &spans, text)) {
			print_message("%s cuts \"%s\" elsewhere\n", regex->string, text->string);
			wrong++;
		}
		text = text->next;
	}
	spans_free(&spans);
	pattern_free(pattern);
	return wrong;
}

static void
test_pattern__cuts_where_the_library_does(void **state)
{
	struct json_document *document;
	const struct json *root;
	int wrong = 0, count = 0;

	(void)state;
	assert_ok(json_read(&document, support_source("tests/core/fixtures/patterns.json"),
			    16 << 20));
	root = json_root(document);
	for (const struct json *entry = json_get(root, "patterns")->first; entry;
	     entry = entry->next, count++)
		wrong += count_wrong(entry, json_get(root, "texts"));
	json_free(document);
	assert_int_equal(wrong, 0);
	assert_true(count > 80);
}

static void
refuse(const char *what, const char *regex)
{
	struct pattern *pattern;

	assert_err(ERR_UNSUPPORTED, what, pattern_create_regex(&pattern, regex, strlen(regex)));
	assert_null(pattern);
}

static void
test_pattern__what_cannot_be_expressed_is_refused_by_name(void **state)
{
	(void)state;
	refuse("\\1", "(a)\\1");
	refuse("\\G", "\\Ga");
	refuse("\\K", "a\\Kb");
	refuse("\\X", "\\X");
	refuse("\\y", "\\y");
	refuse("\\k", "(?<n>a)\\k<n>");
	refuse("a group of its own kind", "(?~abc)");
	refuse("a group of its own kind", "(?W:a)");
	refuse("a group of its own kind", "(?");
	refuse("a name without an end", "(?<n");
	refuse("a comment without an end", "(?#");
	refuse("a verb", "(*FAIL)");
	refuse("a property whose name is not known", "\\p{Klingon}");
	refuse("a property without an end", "\\p{L");
	refuse("a property of letters whose case", "(?i)\\p{L}");
	refuse("a letter beyond ASCII whose case", "(?i)\xc3\xa9");
	refuse("a pair of letters that is also one", "(?i:off)");
	refuse("a class without an end", "[a");
	refuse("a class without an end", "[a[b]");
	refuse("a class without an end", "[a-");
	refuse("an empty class", "a[]");
	refuse("a range whose end", "[b-a]");
	refuse("a range that ends with a class", "[a-\\d]");
	refuse("a range that starts with a class", "[\\d-z]");
	refuse("a backslash at its end", "a\\");
	refuse("a number that is no character", "\\xzz");
	refuse("a byte or number", "\\xff");
	refuse("a byte or number", "\\x{d800}");
	refuse("a byte or number", "\\x{110000}");
	refuse("bytes that are not UTF-8", "\xff");
	refuse("a repetition of nothing", "*a");
	refuse("a repetition of nothing", "a|+");
	refuse("a repetition of nothing", "^*");
	refuse("an interval whose end", "a{3,1}");
	refuse("a closing parenthesis", "a)");
	refuse("a group without its end", "(a");
	refuse("not fixed length", "(?<=a+)b");
}

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

static void
test_pattern__depth_and_numbers_are_bounded(void **state)
{
	char *groups = repeated("(", 100000), *classes = repeated("[", 100000);
	char sets[4096] = "";
	size_t n = 0;

	(void)state;
	refuse("groups too deep", groups);
	refuse("classes too deep", classes);
	for (int c = 0x4e00; c < 0x4e00 + 300; c++)
		n += (size_t)snprintf(sets + n, sizeof(sets) - n, "\\x{%x}", (unsigned)c);
	refuse("more than 256 kinds", sets);
	buf_free(groups);
	buf_free(classes);
}

/* Where one match backtracks through the whole text, and where a group repeats as often. */
static void
test_pattern__a_million_equal_characters_stay_within_the_limits(void **state)
{
	static const char *const regexes[] = { "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+", "\\p{N}{1,3}+",
					       "(?:\\d\\d)+", "[\\p{Lu}\\p{Lo}]*\\p{Ll}+|\\p{Lu}+",
					       "(?:a|b)*c|a+" };
	static const char letters[] = " 1aA";

	(void)state;
	for (size_t i = 0; i < sizeof(regexes) / sizeof(regexes[0]); i++)
		for (const char *letter = letters; *letter; letter++) {
			char part[2] = { *letter, '\0' }, *text = repeated(part, 1000000);
			struct spans spans = { 0 };
			struct pattern *pattern;

			assert_ok(pattern_create_regex(&pattern, regexes[i], strlen(regexes[i])));
			assert_ok(pattern_cover(&spans, pattern, text, 1000000));
			spans_free(&spans);
			pattern_free(pattern);
			buf_free(text);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pattern__cuts_where_the_library_does),
		cmocka_unit_test(test_pattern__what_cannot_be_expressed_is_refused_by_name),
		cmocka_unit_test(test_pattern__depth_and_numbers_are_bounded),
		cmocka_unit_test(test_pattern__a_million_equal_characters_stay_within_the_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
