#include "support/support.h"

#include "core/file.h"
#include "sessions/recent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct recent recent;

static enum err
parse(const char *text)
{
	return recent_parse(&recent, text, strlen(text), "recent.json");
}

static void
use_folder(void)
{
	support_clean();
	setenv("XDG_STATE_HOME", support_folder(), 1);
}

static void
test_recent__the_newest_stands_first_and_each_once(void **state)
{
	char name[32];

	(void)state;
	use_folder();
	assert_ok(recent_read(&recent));
	assert_int_equal(recent.count, 0);
	for (int i = 0; i < RECENT_MAX + 5; i++) {
		snprintf(name, sizeof(name), "org/model-%d", i);
		assert_ok(recent_add(name));
	}
	assert_ok(recent_add("org/model-10"));
	assert_ok(recent_add(NULL));
	assert_ok(recent_add(""));
	assert_ok(recent_add("not \xff UTF-8"));
	assert_ok(recent_read(&recent));
	assert_int_equal(recent.count, RECENT_MAX);
	assert_string_equal(recent.names[0], "org/model-10");
	assert_string_equal(recent.names[1], "org/model-24");
	assert_string_equal(recent.names[RECENT_MAX - 1], "org/model-5");
}

static void
test_recent__paths_are_kept_whole(void **state)
{
	char here[1024];

	(void)state;
	use_folder();
	support_file("a", "x", 1);
	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(chdir(support_folder()), 0);
	assert_ok(recent_add("a"));
	assert_ok(recent_add("./a"));
	assert_int_equal(chdir(here), 0);
	assert_ok(recent_read(&recent));
	assert_int_equal(recent.count, 1);
	assert_int_equal(recent.names[0][0], '/');
	assert_true(file_exists(recent.names[0]));
}

static void
test_recent__a_broken_list_is_said_and_written_anew(void **state)
{
	(void)state;
	use_folder();
	assert_ok(recent_add("a/b"));
	support_file("qscope/recent.json", "{", 1);
	assert_err(ERR_FORMAT, "recent.json", recent_read(&recent));
	assert_int_equal(recent.count, 0);
	assert_ok(recent_add("c/d"));
	assert_ok(recent_read(&recent));
	assert_int_equal(recent.count, 1);
}

static void
test_recent__nothing_but_names_is_taken(void **state)
{
	static const struct {
		const char *text, *part;
		enum err code;
	} bad[] = {
		{ "[]", "", ERR_FORMAT },
		{ "{\"schema\":\"qscope.recent/2\",\"models\":[]}", "not qscope.recent/1",
		  ERR_FORMAT },
		{ "{\"schema\":\"qscope.recent/1\",\"model\":[]}", "did you mean", ERR_FORMAT },
		{ "{\"schema\":\"qscope.recent/1\",\"models\":{}}", "models", ERR_FORMAT },
		{ "{\"schema\":\"qscope.recent/1\",\"models\":[1]}", "no name", ERR_FORMAT },
		{ "{\"schema\":\"qscope.recent/1\",\"models\":[\"\"]}", "no name", ERR_FORMAT },
		{ "{\"schema\":\"qscope.recent/"
		  "1\",\"models\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\","
		  "\"8\",\"9\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\",\"17\",\"18\","
		  "\"19\","
		  "\"20\",\"21\"]}",
		  "more than 20", ERR_RANGE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_err(bad[i].code, bad[i].part, parse(bad[i].text));
		assert_int_equal(recent.count, 0);
	}
	assert_ok(parse("{\"schema\":\"qscope.recent/1\",\"models\":[\"a\",\"b/c\"]}"));
	assert_int_equal(recent.count, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recent__the_newest_stands_first_and_each_once),
		cmocka_unit_test(test_recent__paths_are_kept_whole),
		cmocka_unit_test(test_recent__a_broken_list_is_said_and_written_anew),
		cmocka_unit_test(test_recent__nothing_but_names_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
