/* The scanner written by hand against the pattern it stands for, run by PCRE2; the pattern language
 * as its translation means it. */
#include "core/tokenizers/gpt2.h"
#include "support/support.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/text.h"
#include "core/tokenizers/pattern.h"
#include "core/tokenizers/unicode.h"

#include <string.h>

static struct pattern *gpt2;

static int
compile(void **state)
{
	(void)state;
	return (int)pattern_create_regex(&gpt2, GPT2_PATTERN, strlen(GPT2_PATTERN));
}

static int
drop(void **state)
{
	(void)state;
	pattern_free(gpt2);
	return 0;
}

static void
assert_equal_cuts(const char *text, size_t length)
{
	struct spans spans = { 0 };
	size_t at = 0;

	assert_ok(pattern_cover(&spans, gpt2, text, length));
	for (size_t i = 0; i < spans.count; i++) {
		assert_true(spans.list[i].matched);
		at = gpt2_next(text, length, at);
		if (at != spans.list[i].end)
			fail_msg("cut at %zu, the pattern cuts at %zu: %.*s", at, spans.list[i].end,
				 (int)(length < 200 ? length : 200), text);
	}
	assert_int_equal(at, length);
	spans_free(&spans);
}

/* Characters that the pattern tells apart, and some that look alike. */
static void
test_gpt2__random_text_is_cut_as_by_the_pattern(void **state)
{
	static const int32_t alphabet[] = {
		' ',   ' ',  '\n',   '\t',    '\r',    '\'',    '\'',   's',   't',    'r',
		'e',   'v',  'm',    'l',     'd',     'a',     'Z',    '0',   '9',    '.',
		'-',   0x1c, 0x85,   0xa0,    0x2003,  0x200b,  0x3000, 0xe9,  0x301,  0x4e00,
		0x663, 0xb2, 0x2167, 0x1f600, 0x1d7d8, 0x10d40, 0x1c89, 0x17f, 0x212a, 0xfeff
	};
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		char text[200];
		size_t length = 0, count = (size_t)(support_uniform(&seed) * 40);

		for (size_t i = 0; i < count; i++) {
			double pick =
				support_uniform(&seed) * (sizeof(alphabet) / sizeof(alphabet[0]));

			length += text_encode(text + length, alphabet[(size_t)pick]);
		}
		assert_equal_cuts(text, length);
	}
}

static void
test_gpt2__every_character_is_cut_as_by_the_pattern(void **state)
{
	(void)state;
	for (int32_t code = 1; code < 0x110000; code += code < 0x3000 ? 1 : 23) {
		char text[16] = "a";
		size_t length = 1;

		if (code >= 0xd800 && code < 0xe000)
			continue;
		length += text_encode(text + length, code);
		text[length++] = '1';
		length += text_encode(text + length, code);
		text[length++] = ' ';
		length += text_encode(text + length, code);
		assert_equal_cuts(text, length);
	}
}

static void
test_gpt2__a_shipped_text_is_cut_as_by_the_pattern(void **state)
{
	char *text;
	size_t length;

	(void)state;
	assert_ok(file_read(&text, &length, support_source("models/texts/records.evaluation.txt"),
			    1 << 24));
	assert_equal_cuts(text, length);
	buf_free(text);
}

static void
assert_cover(const char *regex, const char *text, const char *expected)
{
	struct pattern *pattern;
	struct spans spans = { 0 };
	char out[256] = "";

	assert_ok(pattern_create_regex(&pattern, regex, strlen(regex)));
	assert_ok(pattern_cover(&spans, pattern, text, strlen(text)));
	for (size_t i = 0; i < spans.count; i++) {
		const struct span *span = &spans.list[i];

		strcat(out, span->matched ? "[" : "(");
		strncat(out, text + span->start, span->end - span->start);
		strcat(out, span->matched ? "]" : ")");
	}
	assert_string_equal(out, expected);
	spans_free(&spans);
	pattern_free(pattern);
}

static void
test_gpt2__patterns_mean_what_oniguruma_means(void **state)
{
	(void)state;
	assert_cover("\\s", "a\xc2\x85 b", "(a)[\xc2\x85][ ](b)");
	assert_cover("\\S+", "a \xe1\xa0\x8e", "[a]( )[\xe1\xa0\x8e]"); /* U+180E is no space */
	assert_cover("[^\\s\\p{L}]+", "a1- b", "(a)[1-]( b)");
	assert_cover("[\\D]", "1a", "(1)[a]");
	assert_cover("\\P{N}", "1a", "(1)[a]");
	assert_cover("\\p{^N}", "1a", "(1)[a]");
	assert_cover("(?i:S)", "s\xc5\xbf", "[s][\xc5\xbf]");
	assert_cover("(?m:a.)", "a\nb", "[a\n](b)");
	assert_cover("^b", "a\nb", "(a\n)[b]");
	assert_cover("a{,2}", "aaa", "[aa][a]");
	assert_cover("(?<=a)b", "ab b", "(a)[b]( b)");
	assert_cover("x*", "axb", "[](a)[x](b)[]");
	assert_cover("\\p{Han}+", "a\xe4\xb8\x80", "(a)[\xe4\xb8\x80]");
	assert_cover("[\\p{Lu}x]", "aXx", "(a)[X][x]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gpt2__random_text_is_cut_as_by_the_pattern),
		cmocka_unit_test(test_gpt2__every_character_is_cut_as_by_the_pattern),
		cmocka_unit_test(test_gpt2__a_shipped_text_is_cut_as_by_the_pattern),
		cmocka_unit_test(test_gpt2__patterns_mean_what_oniguruma_means),
	};

	return cmocka_run_group_tests(tests, compile, drop);
}
