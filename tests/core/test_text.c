/* Text from outside, made fit for a terminal; patterns; near names. */
#include "core/text.h"
#include "support/support.h"

#include <string.h>

static void
assert_visible(const char *expected, const char *text, size_t length)
{
	char out[256];
	size_t n = text_visible(out, sizeof(out), text, length);

	assert_int_equal(n, strlen(out));
	assert_string_equal(out, expected);
}

static void
test_text__controls_become_visible(void **state)
{
	(void)state;
	assert_visible("plain \xc3\xa9", "plain \xc3\xa9", 8);
	assert_visible("^[[31mred", "\033[31mred", 8);
	assert_visible("a^@b", "a\0b", 3);
	assert_visible("^?", "\x7f", 1);
	assert_visible("\\x9b31m",
		       "\x9b"
		       "31m",
		       4);
	assert_visible("\\x9b", "\xc2\x9b", 2);
	assert_visible("<U+202E>x", "\xe2\x80\xaex", 4);
	assert_visible("\\xc0\\xaf", "\xc0\xaf", 2);
	assert_visible("\\xed\\xa0\\x80", "\xed\xa0\x80", 3);
	assert_visible("\\xe2\\x82", "\xe2\x82", 2);
}

static void
test_text__output_is_cut_between_characters(void **state)
{
	char out[5];

	(void)state;
	assert_int_equal(text_visible(out, sizeof(out), "ab\xe2\x82\xac", 5), 2);
	assert_string_equal(out, "ab");
}

static void
test_text__every_code_point_survives_encode_and_decode(void **state)
{
	(void)state;
	for (int32_t code = 0; code <= 0x10ffff; code++) {
		char bytes[4];
		size_t at = 0, n;

		if (code >= 0xd800 && code < 0xe000)
			continue;
		n = text_encode(bytes, code);
		assert_int_equal(text_decode(bytes, n, &at), code);
		assert_int_equal(at, n);
	}
}

static void
test_text__patterns_stay_within_a_component_unless_doubled(void **state)
{
	(void)state;
	assert_true(text_match("layers.*.attn.q", "layers.12.attn.q"));
	assert_false(text_match("layers.*.q", "layers.12.attn.q"));
	assert_true(text_match("layers.**.q", "layers.12.attn.q"));
	assert_true(text_match("**", "layers.12.attn.q"));
	assert_true(text_match("**.mlp.*", "layers.1.mlp.down"));
	assert_true(text_match("layers.1*.mlp.*", "layers.11.mlp.up"));
	assert_false(text_match("layers.1.mlp.u", "layers.1.mlp.up"));
	assert_false(text_match("", "head"));
	assert_true(text_match("**a*b**", "x.aab.c"));
	assert_false(text_match("*****************************************b",
				"aaaaaaaaaaaaaaaaaaaaaaaaa.b.c"));
}

static void
test_text__a_near_name_is_offered_and_a_far_one_is_not(void **state)
{
	static const char *const names[] = { "bits", "group_size", "symmetric", NULL };

	(void)state;
	assert_string_equal(text_nearest("grop_size", names), "group_size");
	assert_string_equal(text_nearest("bit", names), "bits");
	assert_null(text_nearest("xyzzyplugh", names));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text__controls_become_visible),
		cmocka_unit_test(test_text__output_is_cut_between_characters),
		cmocka_unit_test(test_text__every_code_point_survives_encode_and_decode),
		cmocka_unit_test(test_text__patterns_stay_within_a_component_unless_doubled),
		cmocka_unit_test(test_text__a_near_name_is_offered_and_a_far_one_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
