/* labels: threads
 * Tasks on the shipped model: answers, shares and pairs; the boundary between prompt and choice;
 * what is cut, what is refused, and that nothing depends on threads or on what was kept. */
#include "support/support.h"

#include "core/buf.h"
#include "sessions/engine_continue.h"
#include "sessions/recipe.h"
#include "sessions/shipped.h"
#include "sessions/task_run.h"
#include "sessions/task_tokens.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUMS                                                                                 \
	"{\"prompt\":\"6 times 4 is\",\"choices\":[\" 24\",\" 25\",\" 23\"],\"answer\":0}\n" \
	"{\"prompt\":\"7 times 4 is\",\"choices\":[\" 27\",\" 28\",\" 29\"],\"answer\":0}\n" \
	"{\"prompt\":\"8 times 4 is\",\"choices\":[\" 30\",\" 32\"],\"answer\":\" 32\"}\n"

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

static struct task_file *
parse(const char *text)
{
	struct task_file *task;

	assert_ok(task_file_parse(&task, text, strlen(text), "here.jsonl"));
	return task;
}

/* Every layer by rtn in so many bits. */
static struct layer_result **
rounded(const char *bits)
{
	size_t count = engine_model(engine)->layer_count;
	struct layer_result **layers = buf_alloc(count, sizeof(struct layer_result *));
	char text[200];
	struct recipe recipe;

	snprintf(text, sizeof(text),
		 "{\"schema\":\"qscope.recipe/1\",\"default\":{\"method\":\"rtn\",\"params\":"
		 "{\"bits\":%s}}}",
		 bits);
	assert_ok(recipe_parse(&recipe, text, strlen(text), "recipe.json"));
	assert_ok(engine_apply(layers, engine, &recipe, NULL));
	recipe_clear(&recipe);
	return layers;
}

static void
test_task_run__right_is_the_likeliest_choice(void **state)
{
	struct task_file *task = parse(SUMS);
	struct task_setting setting = { 0 };
	struct task_result *result;

	(void)state;
	assert_ok(task_run(&result, engine, task, &setting, NULL, NULL));
	assert_int_equal(result->items, 3);
	assert_false(result->has_current);
	for (size_t i = 0; i < 3; i++) {
		const struct task_answer *answer = &result->baseline.answers[i];

		for (size_t c = 0; c < task->items[i].choice_count; c++)
			assert_true(answer->nll[answer->chosen] <= answer->nll[c]);
		assert_int_equal(answer->right, answer->chosen == task->items[i].answer);
	}
	/* The second item names a wrong answer. */
	assert_int_equal(result->baseline.right, 2);
	assert_true(fabs(result->baseline.accuracy - 2.0 / 3) < 1e-12);
	assert_true(result->baseline.interval.low < 2.0 / 3 &&
		    result->baseline.interval.high > 2.0 / 3);
	task_result_free(result);
	task_file_free(task);
}

static void
test_task_run__pairs_items_of_both_models(void **state)
{
	struct task_file *task = parse(SUMS);
	struct task_setting setting = { 0 };
	struct layer_result **layers = rounded("2");
	struct task_result *result;
	size_t gained = 0, lost = 0;

	(void)state;
	assert_ok(task_run(&result, engine, task, &setting, &(struct subject){ .results = layers },
			   NULL));
	assert_true(result->has_current);
	for (size_t i = 0; i < 3; i++) {
		bool before = result->baseline.answers[i].right;
		bool now = result->current.answers[i].right;

		assert_true(result->baseline.answers[i].nll[0] !=
			    result->current.answers[i].nll[0]);
		gained += now && !before;
		lost += before && !now;
	}
	assert_int_equal(result->gained, gained);
	assert_int_equal(result->lost, lost);
	assert_true(result->mcnemar_p == task_score_mcnemar(gained, lost));
	task_result_free(result);
	layer_results_free(layers, engine_model(engine)->layer_count);
	task_file_free(task);
}

static void
test_task_run__what_is_generated_ends_at_a_stop(void **state)
{
	static const char *const stops[] = { " for ", "." };
	struct task_file *task =
		parse("{\"prompt\":\"One frosty midnight in Castleton, Paul\",\"answer\":\"x\"}\n"
		      "{\"prompt\":\"\",\"answer\":\"y\"}");
	struct task_setting setting = { .max_tokens = 40, .stops = stops, .stop_count = 2 };
	struct task_result *result;

	(void)state;
	assert_ok(task_run(&result, engine, task, &setting, NULL, NULL));
	for (size_t i = 0; i < 2; i++) {
		assert_null(strstr(result->baseline.answers[i].text, " for "));
		assert_null(strchr(result->baseline.answers[i].text, '.'));
	}
	task_result_free(result);
	task_file_free(task);
	task = parse(
		"{\"prompt\":\"a\",\"answer\":\"x\"}\n{\"prompt\":\"a\",\"answer\":\"x\\ny\"}");
	setting = (struct task_setting){ 0 };
	assert_err(ERR_RANGE, "line 2: \"answer\" holds a text that ends generation",
		   task_run(&result, engine, task, &setting, NULL, NULL));
	assert_null(result);
	task_file_free(task);
}

/* The blanks at a prompt's end are the choice's. */
static void
test_task_tokens__the_boundary_stands_before_blanks(void **state)
{
	struct task_file *plain = parse("{\"prompt\":\"8 times 4 is\",\"choices\":[\" 32\",\" 9\"],"
					"\"answer\":0}");
	struct task_file *blank = parse("{\"prompt\":\"8 times 4 is \",\"choices\":[\"32\",\"9\"],"
					"\"answer\":0}");
	struct task_tokens a, b;

	(void)state;
	assert_ok(task_tokens_open(&a, plain, engine, 0));
	assert_ok(task_tokens_open(&b, blank, engine, 0));
	assert_int_equal(a.items[0].prompt.count, b.items[0].prompt.count);
	for (size_t c = 0; c < 2; c++) {
		const struct sequence *x = &a.items[0].choices[c], *y = &b.items[0].choices[c];

		assert_int_equal(x->count, y->count);
		assert_memory_equal(x->ids, y->ids, x->count * sizeof(*x->ids));
	}
	assert_int_equal(a.choices, 2);
	task_tokens_close(&a);
	task_tokens_close(&b);
	task_file_free(plain);
	task_file_free(blank);
}

static void
test_task_tokens__long_prompts_lose_their_start(void **state)
{
	char *words = buf_alloc(6000, 1), *line;
	struct task_file *task;
	struct task_tokens tokens;
	size_t context = engine_model(engine)->shape.context;

	(void)state;
	for (size_t i = 0; i + 8 < 5000; i += 5)
		memcpy(words + i, "door ", 5);
	line = buf_printf(
		"{\"prompt\":\"%sis\",\"choices\":[\" red\",\" a green one\"],\"answer\":0}",
		words);
	task = parse(line);
	assert_ok(task_tokens_open(&tokens, task, engine, 0));
	assert_int_equal(tokens.cut, 1);
	assert_int_equal(tokens.items[0].prompt.count + tokens.items[0].choices[1].count - 1,
			 context);
	task_tokens_close(&tokens);
	task_file_free(task);
	buf_free(line);
	line = buf_printf("{\"prompt\":\"a\",\"choices\":[\" %s\",\" b\"],\"answer\":0}", words);
	task = parse(line);
	assert_err(ERR_RANGE, "line 1:", task_tokens_open(&tokens, task, engine, 0));
	task_file_free(task);
	buf_free(line);
	buf_free(words);
}

/* From a cache on disk come the same answers. */
static void
test_task_run__kept_answers_are_the_same(void **state)
{
	struct engine_options options = { .threads = 1 };
	struct task_file *task = parse("{\"prompt\":\"6 times 4 is\",\"answer\":\"24\"}");
	struct task_file *sums = parse(SUMS);
	struct task_setting setting = { 0 };
	struct task_result *made[3], *chosen[3];

	(void)state;
	support_clean();
	setenv("QSCOPE_CACHE", support_folder(), 1);
	for (int i = 0; i < 3; i++) {
		struct engine *own = engine;

		if (i)
			assert_ok(engine_open(&own, &options));
		assert_ok(task_run(&made[i], own, task, &setting, NULL, NULL));
		assert_ok(task_run(&chosen[i], own, sums, &setting, NULL, NULL));
		if (i)
			engine_free(own);
	}
	for (int i = 1; i < 3; i++) {
		assert_string_equal(made[0]->baseline.answers[0].text,
				    made[i]->baseline.answers[0].text);
		assert_memory_equal(chosen[0]->baseline.nll, chosen[i]->baseline.nll,
				    8 * sizeof(double));
	}
	for (int i = 0; i < 3; i++) {
		task_result_free(made[i]);
		task_result_free(chosen[i]);
	}
	unsetenv("QSCOPE_CACHE");
	task_file_free(task);
	task_file_free(sums);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_task_run__right_is_the_likeliest_choice),
		cmocka_unit_test(test_task_run__pairs_items_of_both_models),
		cmocka_unit_test(test_task_run__what_is_generated_ends_at_a_stop),
		cmocka_unit_test(test_task_tokens__the_boundary_stands_before_blanks),
		cmocka_unit_test(test_task_tokens__long_prompts_lose_their_start),
		cmocka_unit_test(test_task_run__kept_answers_are_the_same),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
