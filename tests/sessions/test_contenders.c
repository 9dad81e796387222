/* What a comparison is asked for: words, lists, and what is wrong with them. */
#include "sessions/contenders.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct contenders list;

static int
setup(void **state)
{
	(void)state;
	return contenders_start(&list) != OK;
}

static int
teardown(void **state)
{
	(void)state;
	contenders_clear(&list);
	support_clean();
	return 0;
}

static double
param_of(const struct contender *candidate, const char *name)
{
	const struct layer_setting *setting = &candidate->recipe.fallback;

	return param_get(setting->method->params, &setting->params, name);
}

static void
test_contenders__methods_come_with_their_settings(void **state)
{
	(void)state;
	assert_ok(contenders_add(&list, "rtn,bits=3,group_size=64"));
	assert_ok(contenders_add(&list, "mine=nf4"));
	assert_ok(contenders_add(&list, "baseline"));
	assert_int_equal(list.count, 3);
	assert_string_equal(list.list[0].name, "baseline");
	assert_string_equal(list.list[1].name, "rtn,bits=3,group_size=64");
	assert_int_equal(list.list[1].kind, CONTENDER_RECIPE);
	assert_true(param_of(&list.list[1], "bits") == 3);
	assert_true(param_of(&list.list[1], "group_size") == 64);
	assert_string_equal(list.list[2].name, "mine");
	assert_string_equal(contender_method(&list.list[2])->name, "nf4");
	assert_false(contender_calibrates(&list.list[2]));
	assert_ok(contenders_add(&list, "gptq"));
	assert_true(contender_calibrates(&list.list[3]));
}

static void
test_contenders__files_are_recipes_and_checkpoints(void **state)
{
	static const char recipe[] =
		"{\"schema\":\"qscope.recipe/1\",\"default\":{\"method\":"
		"\"rtn\"},\"rules\":[{\"match\":\"head\",\"method\":\"nf4\"}]}";
	const char *path = support_file("r.json", recipe, sizeof(recipe) - 1);

	(void)state;
	assert_ok(contenders_add(&list, path));
	assert_ok(contenders_add(&list, support_folder()));
	assert_ok(contenders_add(&list, "theirs=org/name"));
	assert_int_equal(list.list[1].kind, CONTENDER_RECIPE);
	assert_int_equal(list.list[2].kind, CONTENDER_CHECKPOINT);
	assert_int_equal(list.list[3].kind, CONTENDER_CHECKPOINT);
	assert_string_equal(list.list[3].path, "org/name");
	assert_ok(contenders_read(&list));
	assert_int_equal(list.list[1].recipe.rule_count, 1);
	assert_null(contender_method(&list.list[1]));
}

static void
test_contenders__a_list_has_comments_and_names_with_blanks(void **state)
{
	static const char text[] = "# all of them\n\n  rtn 3 = rtn,bits=3   # plain\n\tnf4\r\n"
				   "baseline\nfp4";
	char path[600];

	(void)state;
	snprintf(path, sizeof(path), "@%s", support_file("some.list", text, sizeof(text) - 1));
	assert_ok(contenders_add(&list, path));
	assert_int_equal(list.count, 4);
	assert_string_equal(list.list[1].name, "rtn 3");
	assert_true(param_of(&list.list[1], "bits") == 3);
	assert_string_equal(list.list[2].name, "nf4");
	assert_string_equal(list.list[3].name, "fp4");
}

static enum err
add_list(const char *text)
{
	return contenders_add_list(&list, text, strlen(text), "some.list");
}

static void
test_contenders__what_is_wrong_is_said_in_one_line(void **state)
{
	(void)state;
	assert_err(ERR_USAGE, "did you mean rtn?", contenders_add(&list, "rtm,bits=3"));
	assert_err(ERR_USAGE, "did you mean bits", contenders_add(&list, "rtn,bitz=3"));
	assert_err(ERR_RANGE, "bits", contenders_add(&list, "a=rtn,bits=99"));
	assert_err(ERR_USAGE, "write nf4,bits=4, say", contenders_add(&list, "nf4,128"));
	assert_err(ERR_USAGE, "neither a method nor", contenders_add(&list, ""));
	assert_err(ERR_USAGE, "neither a method nor", contenders_add(&list, "x="));
	assert_err(ERR_USAGE, "choose another name", contenders_add(&list, "baseline=rtn"));
	assert_err(ERR_USAGE, "@FILE", contenders_add(&list, "@"));
	assert_err(ERR_IO, "nowhere.list", contenders_add(&list, "@nowhere.list"));
	assert_ok(contenders_add(&list, "eetq"));
	assert_err(ERR_USAGE, "two candidates", contenders_add(&list, "eetq"));
	assert_err(ERR_USAGE, "line 2: ", add_list("fp4\nrtm\n"));
	assert_err(ERR_USAGE, "do not lead to lists", add_list("@other.list"));
	assert_err(ERR_FORMAT, "no line of text",
		   contenders_add_list(&list, "a\0b", 3, "some.list"));
}

static void
test_contenders__bits_are_told_of_checkpoints_alone(void **state)
{
	(void)state;
	assert_ok(contenders_add(&list, "a=org/one"));
	assert_ok(contenders_add(&list, "b=org/two"));
	assert_ok(contenders_add(&list, "rtn"));
	assert_ok(contenders_set_bits(&list, "4.25"));
	assert_ok(contenders_set_bits(&list, "b=3"));
	assert_true(list.list[1].bits == 4.25 && list.list[2].bits == 3);
	assert_true(isnan(list.list[3].bits));
	assert_err(ERR_USAGE, "did you mean a?", contenders_set_bits(&list, "aa=3"));
	assert_err(ERR_USAGE, "are counted", contenders_set_bits(&list, "rtn=3"));
	assert_err(ERR_USAGE, "4.25", contenders_set_bits(&list, "four"));
	assert_err(ERR_USAGE, "4.25", contenders_set_bits(&list, "b=-1"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_contenders__methods_come_with_their_settings),
		TEST(test_contenders__files_are_recipes_and_checkpoints),
		TEST(test_contenders__a_list_has_comments_and_names_with_blanks),
		TEST(test_contenders__what_is_wrong_is_said_in_one_line),
		TEST(test_contenders__bits_are_told_of_checkpoints_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
