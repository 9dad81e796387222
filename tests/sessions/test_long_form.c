/* Long texts that two models write: where they part, how they repeat, and what does not fit. */
#include "support/support.h"

#include "core/buf.h"
#include "core/generation.h"
#include "sessions/long_form.h"
#include "sessions/recipe.h"
#include "sessions/task_score.h"

#include <math.h>
#include <string.h>

static struct engine *engine;

static int
open_engine(void **state)
{
	struct engine_options options = { .no_cache = true };

	(void)state;
	return engine_open(&engine, &options) != OK;
}

static int
close_engine(void **state)
{
	(void)state;
	engine_free(engine);
	return 0;
}

static struct layer_result **
apply(const char *text)
{
	size_t count = engine_model(engine)->layer_count;
	struct layer_result **layers = buf_alloc(count, sizeof(struct layer_result *));
	struct recipe recipe;

	assert_ok(recipe_parse(&recipe, text, strlen(text), "recipe.json"));
	assert_ok(engine_apply(layers, engine, &recipe, NULL));
	recipe_clear(&recipe);
	return layers;
}

static void
drop(struct layer_result **layers)
{
	layer_results_free(layers, engine_model(engine)->layer_count);
}

#define RECIPE(settings) "{\"schema\":\"qscope.recipe/1\",\"default\":{" settings "}}"

static void
test_long_form__a_model_does_not_part_from_itself(void **state)
{
	struct long_form_setting setting = { .text = "code.evaluation",
					     .prompts = 3,
					     .tokens = 20 };
	struct layer_result **layers = apply(RECIPE("\"keep\":true"));
	struct long_form_result result;

	(void)state;
	assert_ok(long_form_run(&result, engine, &setting, layers, NULL));
	assert_true(result.has_current);
	assert_true(fabs(result.never - 1) < 1e-12);
	assert_true(fabs(result.parted_mean - 20) < 1e-9 && result.parted_median == 20);
	assert_true(result.repetition == result.baseline_repetition);
	drop(layers);
}

/* Prompts at equal distances, each written on by itself: the same figures by hand. */
static void
test_long_form__figures_are_those_of_the_texts(void **state)
{
	struct long_form_setting setting = { .text = "stories.evaluation",
					     .prompts = 3,
					     .tokens = 24 };
	const struct corpus *corpus;
	struct long_form_result result;
	double repetition = 0;

	(void)state;
	assert_ok(engine_corpus(&corpus, engine, setting.text, NULL));
	assert_ok(long_form_run(&result, engine, &setting, NULL, NULL));
	assert_false(result.has_current);
	for (size_t i = 0; i < 3; i++) {
		struct sequence prompt = { corpus->ids + i * (corpus->count / 3),
					   LONG_FORM_PROMPT };
		struct generation_request request = { .model = engine_model(engine),
						      .prompts = &prompt,
						      .count = 1,
						      .max_tokens = 24,
						      .eos = -1 };
		struct generation *made;
		double share;

		assert_ok(generation_run(&made, &request, NULL));
		assert_ok(task_score_repetition(&share, made->ids, made->length[0]));
		repetition += share / 3;
		generation_free(made);
	}
	assert_true(fabs(result.repetition - repetition) < 1e-12);
}

static void
test_long_form__two_bits_part_sooner_than_eight(void **state)
{
	struct long_form_setting setting = { .text = "stories.evaluation",
					     .prompts = 6,
					     .tokens = 32 };
	struct layer_result **two = apply(RECIPE("\"method\":\"rtn\",\"params\":{\"bits\":2}"));
	struct layer_result **eight = apply(RECIPE("\"method\":\"rtn\",\"params\":{\"bits\":8}"));
	struct long_form_result a, b;

	(void)state;
	assert_ok(long_form_run(&a, engine, &setting, two, NULL));
	assert_ok(long_form_run(&b, engine, &setting, eight, NULL));
	assert_true(a.parted_mean < b.parted_mean);
	assert_true(a.never <= b.never && b.never > 0);
	drop(two);
	drop(eight);
}

static void
test_long_form__refuses_what_does_not_fit(void **state)
{
	struct long_form_setting setting = { .text = "stories.evaluation",
					     .prompts = 2,
					     .tokens = 481 };
	struct long_form_result result;

	(void)state;
	assert_err(ERR_RANGE, "prompts of 32 tokens and 481 more do not fit",
		   long_form_run(&result, engine, &setting, NULL, NULL));
	setting.tokens = 4;
	setting.prompts = 5000;
	assert_err(ERR_RANGE, "do not hold 5000 prompts of 32", long_form_check(engine, &setting));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long_form__a_model_does_not_part_from_itself),
		cmocka_unit_test(test_long_form__figures_are_those_of_the_texts),
		cmocka_unit_test(test_long_form__two_bits_part_sooner_than_eight),
		cmocka_unit_test(test_long_form__refuses_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
