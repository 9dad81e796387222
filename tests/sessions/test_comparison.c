/* Candidates side by side: figures by their definitions, controls that repeat, and what is asked of
 * each. */
#include "sessions/comparison.h"
#include "core/buf.h"
#include "sessions/controls.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct calibration_setting calibration = { .text = "code.calibration",
							.sequences = 4,
							.length = 64 };
static const char *const texts[] = { "code.evaluation", "records.evaluation" };

static struct engine *engine;

static int
setup(void **state)
{
	struct engine_options options = { .model = support_source("models/shipped"), .threads = 2 };

	(void)state;
	setenv("QSCOPE_MODELS", support_source("models"), 1);
	setenv("QSCOPE_CACHE", "off", 1);
	return engine_open(&engine, &options) != OK;
}

static int
teardown(void **state)
{
	(void)state;
	engine_free(engine);
	return 0;
}

static struct comparison_setting
small_setting(void)
{
	return (struct comparison_setting){
		.eval = { .protocol = protocol_find("window"), .context = 32, .max_tokens = 192 },
		.texts = texts,
		.text_count = 2,
		.seeds = 1,
	};
}

static void
add(struct contenders *list, const char *word)
{
	assert_ok(contenders_add(list, word));
	list->list[list->count - 1].recipe.calibration = calibration;
	list->list[0].recipe.calibration = calibration;
}

static struct comparison *
run(const struct contenders *list, const struct comparison_setting *setting,
    const struct comparison_hooks *hooks)
{
	struct work work = { .pool = engine_pool(engine) };
	struct comparison *c;

	assert_ok(comparison_open(&c, engine, list, setting));
	assert_ok(comparison_run(c, hooks, &work));
	return c;
}

/* ---------------------------------------------------------------------------- controls */

static struct layer_result *
noise(double energy, uint64_t seed)
{
	struct noise setting = { energy, seed };
	struct work work = { .pool = engine_pool(engine) };
	struct layer_result *result;

	assert_ok(engine_noise(&result, engine, 2, &setting, &calibration, &work));
	return result;
}

static void
test_comparison__noise_has_the_energy_asked_for_and_repeats(void **state)
{
	struct layer_result *a = noise(3.5, 1), *b = noise(3.5, 1), *c = noise(3.5, 2);
	const struct measurement *m = a->measurement;
	size_t count = m->rows * m->columns;

	(void)state;
	assert_true(fabs(m->mse * (double)count - 3.5) < 1e-5);
	assert_true(m->has_output && m->output.relative > 0);
	assert_memory_equal(a->quantized.dequantized, b->quantized.dequantized, 4 * count);
	assert_true(memcmp(a->quantized.dequantized, c->quantized.dequantized, 4 * count) != 0);
	assert_true(key_equal(a->weights_key, b->weights_key));
	assert_false(key_equal(a->weights_key, c->weights_key));
	layer_result_unref(a);
	layer_result_unref(b);
	layer_result_unref(c);
}

static void
test_comparison__weights_as_they_are_measure_as_no_error(void **state)
{
	struct work work = { .pool = engine_pool(engine) };
	struct measurement *m;

	(void)state;
	assert_ok(engine_measure(&m, engine, 2, NULL, &calibration, &work));
	assert_true(m->mse == 0 && m->output.per_token == 0 && m->output.signal > 0);
	measurement_free(m);
}

/* ----------------------------------------------------------------------------- figures */

struct asked {
	size_t order[8], count;
	bool weights[8];
};

static enum err
ask(void *ctx, size_t candidate, const struct subject *subject, const struct work *work)
{
	struct asked *asked = ctx;

	(void)work;
	asked->order[asked->count] = candidate;
	asked->weights[asked->count++] = subject->results || subject->model;
	return OK;
}

static void
test_comparison__every_candidate_is_asked_once_in_order(void **state)
{
	struct comparison_setting setting = small_setting();
	struct asked asked = { .count = 0 };
	const struct comparison_hooks hooks = { .ctx = &asked, .measure = ask };
	struct contenders list;
	struct comparison *c;

	(void)state;
	assert_ok(contenders_start(&list));
	add(&list, "rtn,bits=8");
	add(&list, "same=models/shipped");
	c = run(&list, &setting, &hooks);
	assert_int_equal(asked.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(asked.order[i], i);
		assert_int_equal(asked.weights[i], i > 0);
	}
	/* A checkpoint of the very same weights differs in nothing. */
	assert_true(comparison_mean(c, 2, figure_delta).mean == 0);
	assert_true(fit_weight_error(&c->outcomes[2].fit) == 0);
	assert_true(fit_output_error(&c->outcomes[2].fit) == 0);
	assert_true(c->outcomes[2].disk == c->outcomes[0].disk);
	comparison_free(c);
	contenders_clear(&list);
}

static void
test_comparison__pairs_and_the_front_follow_their_definitions(void **state)
{
	struct comparison_setting setting = small_setting();
	struct contenders list;
	struct comparison *c;

	(void)state;
	assert_ok(contenders_start(&list));
	add(&list, "rtn,bits=2");
	add(&list, "rtn,bits=8");
	add(&list, "worse=torchao,variant=intx,bits=2,group_size=128");
	c = run(&list, &setting, NULL);
	for (size_t text = 0; text < 2; text++) {
		struct figure first = comparison_pair(c, 0, 1, text);
		struct figure back = comparison_pair(c, 1, 0, text);
		struct figure other = comparison_pair(c, 0, 2, text);
		struct figure between = comparison_pair(c, 1, 2, text);
		const struct nll *delta = &c->outcomes[1].texts[text].eval.delta;

		assert_true(fabs(first.mean - delta->mean) < 1e-12);
		assert_true(fabs(first.se - delta->se) < 1e-12);
		assert_true(fabs(first.mean + back.mean) < 1e-15 && first.se == back.se);
		assert_true(fabs(between.mean - (other.mean - first.mean)) < 1e-12);
	}
	assert_true(comparison_on_front(c, 1) && comparison_on_front(c, 2));
	assert_false(comparison_on_front(c, 3)); /* more bits than the first, and more loss */
	assert_true(c->outcomes[1].disk < c->outcomes[2].disk);
	assert_true(c->outcomes[1].seconds > 0);
	comparison_free(c);
	contenders_clear(&list);
}

static void
test_comparison__noise_and_seeds_stand_beside_a_method(void **state)
{
	struct comparison_setting setting = small_setting();
	struct contenders list;
	struct comparison *c;
	const struct outcome *gptq;
	struct spread spread;

	(void)state;
	setting.seeds = 3;
	assert_ok(contenders_start(&list));
	add(&list, "gptq,bits=3");
	list.list[1].noise = true;
	add(&list, "nf4");
	c = run(&list, &setting, NULL);
	gptq = &c->outcomes[1];
	assert_true(gptq->has_noise && gptq->seed_count == 3);
	assert_true(fabs(gptq->noise_fit.error / gptq->fit.error - 1) < 1e-6);
	/* Blind noise costs the outputs more than an error that was steered past them. */
	assert_true(gptq->noise_fit.output > 2 * gptq->fit.output);
	assert_true(comparison_mean(c, 1, figure_noise).mean >
		    comparison_mean(c, 1, figure_delta).mean);
	spread = outcome_spread(gptq);
	assert_true(spread.low < spread.mean && spread.mean < spread.high);
	assert_true(gptq->seed_deltas[0] == comparison_mean(c, 1, figure_delta).mean);
	assert_true(!c->outcomes[2].has_noise && !c->outcomes[2].seed_count);
	comparison_free(c);
	contenders_clear(&list);
}

static void
test_comparison__what_cannot_be_compared_is_said_before_anything_runs(void **state)
{
	struct comparison_setting setting = small_setting();
	struct contenders list;
	struct comparison *c;

	(void)state;
	assert_ok(contenders_start(&list));
	add(&list, "odd=rtn,group_size=100");
	assert_err(ERR_RANGE,
		   "odd: layers.0.attn.q: ", comparison_open(&c, engine, &list, &setting));
	contenders_clear(&list);
	assert_ok(contenders_start(&list));
	add(&list, "gptq");
	list.list[1].recipe.calibration.text[0] = '\0';
	assert_err(ERR_USAGE, "--calibration", comparison_open(&c, engine, &list, &setting));
	contenders_clear(&list);
	assert_ok(contenders_start(&list));
	add(&list, "theirs=tests/core/fixtures");
	assert_err(ERR_IO, "tests/core/fixtures", comparison_open(&c, engine, &list, &setting));
	contenders_clear(&list);
}

static void
test_comparison__it_can_be_cancelled(void **state)
{
	struct comparison_setting setting = small_setting();
	atomic_bool cancel = true;
	struct work work = { .pool = engine_pool(engine), .cancel = &cancel };
	struct contenders list;
	struct comparison *c;

	(void)state;
	assert_ok(contenders_start(&list));
	add(&list, "rtn");
	assert_ok(comparison_open(&c, engine, &list, &setting));
	assert_int_equal(comparison_run(c, NULL, &work), ERR_CANCELLED);
	comparison_free(c);
	contenders_clear(&list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comparison__noise_has_the_energy_asked_for_and_repeats),
		cmocka_unit_test(test_comparison__weights_as_they_are_measure_as_no_error),
		cmocka_unit_test(test_comparison__every_candidate_is_asked_once_in_order),
		cmocka_unit_test(test_comparison__pairs_and_the_front_follow_their_definitions),
		cmocka_unit_test(test_comparison__noise_and_seeds_stand_beside_a_method),
		cmocka_unit_test(
			test_comparison__what_cannot_be_compared_is_said_before_anything_runs),
		cmocka_unit_test(test_comparison__it_can_be_cancelled),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
