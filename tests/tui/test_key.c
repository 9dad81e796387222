#include "support/support.h"

#include "tui/key.h"

#include <curses.h>
#include <string.h>

static void
test_key__names_and_keys_are_each_others_inverse(void **state)
{
	char name[16];

	(void)state;
	for (int32_t key = INPUT_FIRST + 1; key < INPUT_LAST; key++)
		assert_int_equal(key_parse(key_title(name, key)), key);
	for (int32_t key = 1; key < 0x2fff; key++)
		if (key != 127 && !(key >= 0x80 && key < 0xa0))
			assert_int_equal(key_parse(key_title(name, key)), key);
	assert_int_equal(key_parse("Space"), ' ');
	assert_int_equal(key_parse("tab"), '\t');
	assert_int_equal(key_parse("^C"), 3);
	assert_int_equal(key_parse("nonsense"), INPUT_NONE);
	assert_int_equal(key_parse(""), INPUT_NONE);
}

static void
test_key__curses_codes_become_the_bytes_of_a_terminal(void **state)
{
	char bytes[16];

	(void)state;
	assert_int_equal(key_bytes(bytes, key_from_curses(KEY_UP)), 3);
	assert_memory_equal(bytes, "\033[A", 3);
	assert_int_equal(key_bytes(bytes, key_from_curses(KEY_BACKSPACE)), 1);
	assert_int_equal(bytes[0], 127);
	assert_int_equal(key_from_curses(KEY_F(1)), INPUT_NONE);
	assert_int_equal(key_from_curses(KEY_ENTER), '\r');
}

static void
test_key__no_escape_and_no_paste_mark_reaches_the_editor(void **state)
{
	char bytes[16];

	(void)state;
	assert_int_equal(key_bytes(bytes, INPUT_ESCAPE), 0);
	assert_int_equal(key_bytes(bytes, INPUT_PASTE), 0);
	assert_int_equal(key_bytes(bytes, INPUT_NONE), 0);
	assert_int_equal(key_bytes(bytes, 0x110000), 0);
	assert_int_equal(key_bytes(bytes, 0xe9), 2); /* an accented letter: UTF-8 */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key__names_and_keys_are_each_others_inverse),
		cmocka_unit_test(test_key__curses_codes_become_the_bytes_of_a_terminal),
		cmocka_unit_test(test_key__no_escape_and_no_paste_mark_reaches_the_editor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
