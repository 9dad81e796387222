/* Command lines sorted by the table; tables as text. */
#include "sessions/command.h"
#include "core/buf.h"
#include "sessions/output.h"
#include "support/support.h"

#include <string.h>

static enum err
take(struct options *options, int *argc, char **argv, const char *line)
{
	static char copy[512];

	memset(options, 0, sizeof(*options));
	memcpy(copy, line, strlen(line) + 1);
	*argc = 0;
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[(*argc)++] = word;
	return options_take(options, argc, argv);
}

static void
test_command__options_stand_before_or_after(void **state)
{
	struct options options;
	char *argv[32];
	int argc;

	(void)state;
	assert_ok(take(&options, &argc, argv,
		       "--threads 3 measure --json --layer --json --seed=5 --method rtn"));
	assert_true(options.json);
	assert_int_equal(options.threads, 3);
	assert_int_equal(options.seed, 5);
	assert_int_equal(argc, 5);
	assert_string_equal(argv[0], "measure");
	assert_string_equal(argv[2], "--json"); /* the value of --layer */
	assert_ok(take(&options, &argc, argv, "info --memory 2G"));
	assert_int_equal(options.memory, UINT64_C(2) << 30);
	assert_ok(take(&options, &argc, argv, "info -- --json"));
	assert_false(options.json);
	assert_int_equal(argc, 3);
}

static void
test_command__bad_values_of_options_are_named(void **state)
{
	struct options options;
	char *argv[32];
	int argc;

	(void)state;
	assert_err(ERR_USAGE, "--threads", take(&options, &argc, argv, "info --threads none"));
	assert_err(ERR_USAGE, "--threads", take(&options, &argc, argv, "info --threads 0"));
	assert_err(ERR_USAGE, "--memory: \"much\" is no size",
		   take(&options, &argc, argv, "info --memory much"));
	assert_err(ERR_USAGE, "needs a value", take(&options, &argc, argv, "info --seed"));
	assert_err(ERR_USAGE, "takes no value", take(&options, &argc, argv, "info --json=1"));
}

static char last[512];

static enum err
remember(struct call *call)
{
	const char *many;
	size_t at = 0;

	last[0] = '\0';
	while ((many = arguments_next(&call->arguments, "--set", &at))) {
		strcat(last, many);
		strcat(last, ";");
	}
	return OK;
}

static const struct command probe = {
	.name = "probe",
	.args = (const struct command_arg[]){ { "MODEL", NULL, NULL, "", false, false },
					      { "--layer", "NAME", NULL, "", true, false },
					      { "--set", "X", NULL, "", false, true },
					      { "--flag", NULL, NULL, "", false, false },
					      { 0 } },
	.run = remember,
};

static enum err
call(struct call *out, int argc, char **argv)
{
	*out = (struct call){ .command = &probe, .argc = argc, .argv = argv };
	return command_execute(out);
}

#define CALL(out, ...)                                                       \
	call(out, (int)(sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *)), \
	     (char *[]){ __VA_ARGS__ })

static void
test_command__words_are_sorted_by_the_table(void **state)
{
	struct call c;

	(void)state;
	assert_ok(CALL(&c, "m", "--layer", "q", "--set", "a=1", "--set=b=2", "--flag"));
	assert_string_equal(arguments_value(&c.arguments, "MODEL"), "m");
	assert_string_equal(arguments_value(&c.arguments, "--layer"), "q");
	assert_string_equal(arguments_value(&c.arguments, "--flag"), "");
	assert_string_equal(last, "a=1;b=2;");
	assert_ok(CALL(&c, "--layer", "q", "--", "--odd"));
	assert_string_equal(arguments_value(&c.arguments, "MODEL"), "--odd");
	assert_ok(CALL(&c, "--layer=a", "--layer=b"));
	assert_string_equal(arguments_value(&c.arguments, "--layer"), "b");
}

static void
test_command__what_does_not_fit_is_named(void **state)
{
	struct call c;

	(void)state;
	assert_err(ERR_USAGE, "did you mean --layer", CALL(&c, "--layr", "q"));
	assert_err(ERR_USAGE, "--layer is missing", CALL(&c, "m"));
	assert_err(ERR_USAGE, "one argument too many", CALL(&c, "m", "n", "--layer", "q"));
	assert_err(ERR_USAGE, "needs a value", CALL(&c, "--layer"));
	assert_err(ERR_USAGE, "did you mean measure", command_unknown("mesure"));
}

static void
test_command__every_command_explains_itself(void **state)
{
	const struct command *command;

	(void)state;
	for (size_t i = 0; (command = command_at(i)); i++) {
		char *page = command_page(command);

		assert_non_null(page);
		assert_true(support_contains(page, "Example: "));
		assert_ptr_equal(command_find(command->name), command);
		for (const struct command_arg *arg = command->args; arg->name; arg++)
			assert_true(strlen(arg->help) > 0);
		buf_free(page);
	}
	assert_true(command_find("quantize") != NULL);
}

static void
test_command__tables_align_and_quote(void **state)
{
	static const char *const heads[] = { "name", "n" };
	struct table *table = table_create(2, heads);
	char *text;

	(void)state;
	table_cell(table, "a,\"b\"");
	table_number(table, 10, "%.0f");
	table_cell(table, "\033[31m");
	table_number(table, 0.0 / 0.0, "%.0f");
	text = table_text(table, false);
	assert_string_equal(text, "name     n\na,\"b\"   10\n^[[31m   -\n");
	buf_free(text);
	table = table_create(2, heads);
	table_cell(table, "a,\"b\"");
	table_number(table, 10, "%.0f");
	text = table_text(table, true);
	assert_string_equal(text, "name,n\n\"a,\"\"b\"\"\",10\n");
	buf_free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command__options_stand_before_or_after),
		cmocka_unit_test(test_command__bad_values_of_options_are_named),
		cmocka_unit_test(test_command__words_are_sorted_by_the_table),
		cmocka_unit_test(test_command__what_does_not_fit_is_named),
		cmocka_unit_test(test_command__every_command_explains_itself),
		cmocka_unit_test(test_command__tables_align_and_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
