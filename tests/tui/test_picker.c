#include "support/support.h"

#include "tui/key.h"
#include "tui/picker.h"

#include <string.h>

static enum picker_answer
type(struct picker *picker, const char *text, int count)
{
	enum picker_answer answer = PICKER_STAYS;

	for (; *text; text++)
		answer = picker_key(picker, *text, count);
	return answer;
}

static void
test_picker__typing_filters_by_every_word(void **state)
{
	struct picker picker = { .at = 7 };

	(void)state;
	picker_open(&picker);
	assert_true(picker.open && !picker.at);
	assert_true(picker_matches(&picker, "anything"));
	assert_int_equal(type(&picker, "LLA tiny", 3), PICKER_STAYS);
	assert_true(picker_matches(&picker, "org/tiny llama cache"));
	assert_false(picker_matches(&picker, "org/tiny bert cache"));
	for (int i = 0; i < 20; i++)
		picker_key(&picker, INPUT_BACKSPACE, 3);
	assert_string_equal(picker.filter, "");
	for (int i = 0; i < 200; i++)
		type(&picker, "x", 3);
	assert_int_equal(strlen(picker.filter), sizeof(picker.filter) - 1);
	picker_key(&picker, 0x20ac, 3); /* not in the filter's alphabet */
	assert_int_equal(strlen(picker.filter), sizeof(picker.filter) - 1);
}

static void
test_picker__arrows_stay_among_the_rows(void **state)
{
	struct picker picker;

	(void)state;
	picker_open(&picker);
	picker_key(&picker, INPUT_UP, 3);
	assert_int_equal(picker.at, 0);
	picker_key(&picker, INPUT_PAGE_DOWN, 3);
	assert_int_equal(picker.at, 2);
	picker_key(&picker, INPUT_UP, 3);
	assert_int_equal(picker.at, 1);
	type(&picker, "a", 1);
	assert_int_equal(picker.at, 0);
	picker_key(&picker, INPUT_DOWN, 0);
	assert_int_equal(picker.at, 0);
}

static void
test_picker__enter_takes_and_escape_closes(void **state)
{
	struct picker picker;

	(void)state;
	picker_open(&picker);
	assert_int_equal(picker_key(&picker, '\r', 1), PICKER_TAKEN);
	assert_false(picker.open);
	picker_open(&picker);
	assert_int_equal(picker_key(&picker, INPUT_ESCAPE, 1), PICKER_CLOSED);
	assert_false(picker.open);
	picker_open(&picker);
	assert_int_equal(picker_key(&picker, 'C' & 0x1f, 1), PICKER_CLOSED);
	assert_false(picker.open);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_picker__typing_filters_by_every_word),
		cmocka_unit_test(test_picker__arrows_stay_among_the_rows),
		cmocka_unit_test(test_picker__enter_takes_and_escape_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
