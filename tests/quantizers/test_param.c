/* Knobs: what is parsed, printed, refused and stepped through. */
#include "quantizers/quantizer.h"
#include "support/support.h"

#include <locale.h>
#include <math.h>
#include <string.h>

static const double listed[] = { 2, 3, 4, 8 };
static const char *const names[] = { "none", "int8_token", NULL };
static const struct param params[] = {
	{ .name = "bits", .type = PARAM_INT, .def = 4, .values = listed, .value_count = 4 },
	{ .name = "group_size", .type = PARAM_INT, .min = -1, .max = 1048576, .def = 128 },
	{ .name = "damp", .type = PARAM_FLOAT, .min = 0, .max = 1, .def = 0.05 },
	{ .name = "symmetric", .type = PARAM_BOOL },
	{ .name = "activations", .type = PARAM_CHOICE, .choices = names },
	{ .name = "points", .type = PARAM_INT, .min = 1, .max = 100, .def = 20 },
	{ 0 },
};
enum { BITS, GROUP_SIZE, DAMP, SYMMETRIC, ACTIVATIONS, POINTS };

static void
test_param__text_is_read_as_the_declaration_says(void **state)
{
	double value;

	(void)state;
	assert_ok(param_parse(&value, &params[BITS], "8"));
	assert_true(value == 8);
	assert_ok(param_parse(&value, &params[GROUP_SIZE], "-1"));
	assert_true(value == -1);
	assert_ok(param_parse(&value, &params[DAMP], "1e-2"));
	assert_true(value == 0.01);
	assert_ok(param_parse(&value, &params[SYMMETRIC], "TRUE"));
	assert_true(value == 1);
	assert_ok(param_parse(&value, &params[SYMMETRIC], "off"));
	assert_true(value == 0);
	assert_ok(param_parse(&value, &params[ACTIVATIONS], "int8_token"));
	assert_true(value == 1);
}

static void
test_param__refusals_name_parameter_value_and_what_is_allowed(void **state)
{
	double value = 42;

	(void)state;
	assert_err(ERR_RANGE, "bits: \"5\" is not allowed; use 2, 3, 4 or 8",
		   param_parse(&value, &params[BITS], "5"));
	assert_err(ERR_RANGE, "damp: \"1.5\" is not allowed; use 0 to 1",
		   param_parse(&value, &params[DAMP], "1.5"));
	assert_err(ERR_RANGE, "symmetric: \"maybe\" is not allowed; use true or false",
		   param_parse(&value, &params[SYMMETRIC], "maybe"));
	assert_err(ERR_RANGE, "use none or int8_token",
		   param_parse(&value, &params[ACTIVATIONS], "fp8"));
	for (const char *const *text =
		     (const char *const[]){ "", " ", "4x", "nan", "inf", "1e400", "2.5", NULL };
	     *text; text++)
		assert_err(ERR_RANGE, "group_size",
			   param_parse(&value, &params[GROUP_SIZE], *text));
	assert_true(value == 42);
	assert_err(ERR_RANGE, "bits: nan is not allowed", param_check(&params[BITS], NAN));
	assert_err(ERR_RANGE, "activations: 2", param_check(&params[ACTIVATIONS], 2));
}

static void
check_printed(const struct param *param, double value, const char *expected)
{
	char text[64];
	double back;

	assert_int_equal(param_format(text, sizeof(text), param, value), strlen(expected));
	assert_string_equal(text, expected);
	assert_ok(param_parse(&back, param, text));
	assert_true(back == value);
}

static void
test_param__what_is_printed_reads_back(void **state)
{
	(void)state;
	check_printed(&params[BITS], 4, "4");
	check_printed(&params[GROUP_SIZE], -1, "-1");
	check_printed(&params[GROUP_SIZE], 1048576, "1048576");
	check_printed(&params[DAMP], 0.01, "0.01");
	check_printed(&params[DAMP], 0.1 + 0.2, "0.30000000000000004");
	check_printed(&params[SYMMETRIC], 1, "true");
	check_printed(&params[ACTIVATIONS], 0, "none");
}

static void
test_param__a_comma_locale_changes_nothing(void **state)
{
	static const char *const locales[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8" };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		if (setlocale(LC_ALL, locales[i])) {
			check_printed(&params[DAMP], 0.05, "0.05");
			setlocale(LC_ALL, "C");
		}
}

/* Every step is allowed, and as many back lead home. */
static void
check_steps(const struct param *param, double from)
{
	double value = from;
	int steps = 0;

	while (param_step(param, value, 1) != value && steps < 100) {
		assert_true(param_step(param, value, 1) > value);
		value = param_step(param, value, 1);
		assert_ok(param_check(param, value));
		steps++;
	}
	assert_true(steps < 100);
	while (steps--)
		value = param_step(param, value, -1);
	assert_true(value == from);
}

static void
test_param__steps_stay_allowed_and_can_be_taken_back(void **state)
{
	(void)state;
	check_steps(&params[BITS], 2);
	check_steps(&params[GROUP_SIZE], -1);
	check_steps(&params[DAMP], 0);
	check_steps(&params[POINTS], 1);
	assert_true(param_step(&params[GROUP_SIZE], 128, 1) == 256);
	assert_true(param_step(&params[GROUP_SIZE], 96, -1) == 64);
	assert_true(param_step(&params[BITS], 4, 1) == 8);
	assert_true(param_step(&params[SYMMETRIC], 1, 1) == 0);
	assert_true(param_step(&params[ACTIVATIONS], 1, 1) == 0);
	assert_true(param_step(&params[ACTIVATIONS], 0, -1) == 1);
}

static double
carried(const struct param *from, const char *value, const struct param *to)
{
	struct param_values before, after;

	param_defaults(&before, from);
	param_defaults(&after, to);
	if (value)
		assert_ok(param_parse(&before.v[0], &from[0], value));
	param_carry(&after, to, &before, from);
	return after.v[0];
}

static void
test_param__numbers_carry_over_and_choices_by_their_word(void **state)
{
	static const char *const wide[] = { "f32", "f16", NULL }, *const narrow[] = { "f16", "f32",
										      NULL };
	const struct param bits[] = {
		{ .name = "bits", .type = PARAM_INT, .min = 2, .max = 8, .def = 4 }, { 0 }
	};
	const struct param few[] = {
		{ .name = "bits", .type = PARAM_INT, .min = 2, .max = 4, .def = 2 }, { 0 }
	};
	const struct param from[] = {
		{ .name = "scale_dtype", .type = PARAM_CHOICE, .choices = wide }, { 0 }
	};
	const struct param to[] = {
		{ .name = "scale_dtype", .type = PARAM_CHOICE, .choices = narrow }, { 0 }
	};
	const struct param other[] = {
		{ .name = "scale_dtype", .type = PARAM_CHOICE, .choices = narrow + 1 }, { 0 }
	};
	const struct param on[] = { { .name = "bits", .type = PARAM_BOOL, .def = 1 }, { 0 } };

	(void)state;
	assert_true(carried(bits, "3", few) == 3);
	assert_true(carried(bits, NULL, few) == 4); /* a number even where it was not turned */
	assert_true(carried(bits, "8", few) == 2);  /* what is not allowed stays */
	assert_true(carried(bits, "3", on) == 1);   /* and what is of another type */
	assert_true(carried(from, NULL, to) == 0);  /* a default is the method's own affair */
	assert_true(carried(from, "f16", to) == 0);
	assert_true(carried(to, "f32", from) == 0);
	assert_true(carried(from, "f16", other) == 0); /* has no such word */
}

static void
test_param__every_method_declares_defaults_that_it_allows(void **state)
{
	(void)state;
	for (const struct quantizer *const *q = quantizers; *q; q++) {
		struct param_values values;

		assert_ptr_equal(quantizer_find((*q)->name), *q);
		assert_true(param_count((*q)->params) <= PARAM_MAX);
		param_defaults(&values, (*q)->params);
		for (size_t i = 0; (*q)->params[i].name; i++) {
			assert_ok(param_check(&(*q)->params[i], values.v[i]));
			assert_true((*q)->params[i].help && !strchr((*q)->params[i].help, '\n'));
			assert_int_equal(param_find((*q)->params, (*q)->params[i].name), i);
		}
	}
	assert_null(quantizer_find("abacus"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_param__text_is_read_as_the_declaration_says),
		cmocka_unit_test(test_param__refusals_name_parameter_value_and_what_is_allowed),
		cmocka_unit_test(test_param__what_is_printed_reads_back),
		cmocka_unit_test(test_param__a_comma_locale_changes_nothing),
		cmocka_unit_test(test_param__steps_stay_allowed_and_can_be_taken_back),
		cmocka_unit_test(test_param__numbers_carry_over_and_choices_by_their_word),
		cmocka_unit_test(test_param__every_method_declares_defaults_that_it_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
