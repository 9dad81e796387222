/* labels: threads */
#include "support/support.h"

#include "core/jobs.h"
#include "sessions/workspace.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

static char last_log[1024];

static void
keep_log(void *ctx, enum log_kind kind, const char *line)
{
	(void)ctx;
	(void)kind;
	snprintf(last_log, sizeof(last_log), "%s", line);
}

static struct workspace *
open_fixture(bool manual)
{
	struct workspace_options options = {
		.model = support_source("tests/core/fixtures/forward/tied_five_heads"),
		.threads = 2,
		.no_cache = true,
		.manual = manual,
		.log = keep_log,
	};
	struct workspace *workspace;

	assert_ok(workspace_create(&workspace, &options));
	return workspace;
}

static unsigned
wait_idle(struct workspace *workspace)
{
	struct pollfd wake = { .fd = workspace_wake_fd(workspace), .events = POLLIN };
	double patience = jobs_now() + 300; /* under ThreadSanitizer it takes minutes */
	unsigned changed = 0;

	while (jobs_now() < patience && workspace_busy(workspace)) {
		poll(&wake, 1, 10);
		changed |= workspace_poll(workspace);
	}
	assert_false(workspace_busy(workspace));
	return changed;
}

static struct layer_setting
rtn(const char *bits)
{
	struct layer_setting setting = { .method = quantizer_find("rtn") };

	param_defaults(&setting.params, setting.method->params);
	assert_ok(recipe_assign(&setting, bits));
	assert_ok(recipe_assign(&setting, "group_size=-1"));
	return setting;
}

static void
set_bits(struct workspace *workspace, const char *match, const char *bits)
{
	struct layer_setting setting = rtn(bits);

	assert_ok(workspace_set(workspace, match, &setting));
	wait_idle(workspace);
}

static double
error_of(struct workspace *workspace, int layer)
{
	const struct layer_state *state = workspace_layer(workspace, layer);

	assert_int_equal(state->state, RESULT_READY);
	return state->result->measurement->relative;
}

static void
test_workspace__computes_every_layer_of_the_first_setting(void **state)
{
	struct workspace *workspace = open_fixture(true);
	const struct model *model;

	(void)state;
	assert_true(wait_idle(workspace) & CHANGED_RESULTS);
	model = workspace_model(workspace);
	assert_non_null(model);
	for (size_t i = 0; i < model->layer_count; i++)
		assert_int_equal(workspace_layer(workspace, (int)i)->state,
				 engine_is_linear(workspace_engine(workspace), (int)i)
					 ? RESULT_READY
					 : RESULT_KEPT);
	workspace_free(workspace);
}

static void
test_workspace__undo_redo_and_ab_find_the_same_results(void **state)
{
	struct workspace *workspace = open_fixture(true);
	const struct layer_result *at_four, *at_three;
	double four, three, two;
	size_t at, other;
	int layer;

	(void)state;
	wait_idle(workspace);
	layer = workspace_selected(workspace);
	set_bits(workspace, NULL, "bits=4");
	four = error_of(workspace, layer);
	at_four = workspace_layer(workspace, layer)->result;
	set_bits(workspace, NULL, "bits=3");
	three = error_of(workspace, layer);
	at_three = workspace_layer(workspace, layer)->result;
	assert_true(three > 2 * four);
	assert_ptr_equal(workspace_layer(workspace, layer)->previous, at_four);
	assert_ok(workspace_undo(workspace));
	/* at once: nothing is computed again */
	assert_ptr_equal(workspace_layer(workspace, layer)->result, at_four);
	assert_ptr_equal(workspace_layer(workspace, layer)->previous, at_three);
	assert_ok(workspace_redo(workspace));
	assert_ptr_equal(workspace_layer(workspace, layer)->result, at_three);
	assert_err(ERR_RANGE, "nothing to redo", workspace_redo(workspace));
	assert_ok(workspace_ab(workspace));
	assert_ptr_equal(workspace_layer(workspace, layer)->result, at_four);
	assert_ok(workspace_ab(workspace));
	assert_ptr_equal(workspace_layer(workspace, layer)->result, at_three);
	assert_ok(workspace_undo(workspace));
	set_bits(workspace, NULL, "bits=2"); /* drops what was undone */
	two = error_of(workspace, layer);
	assert_true(two > three);
	assert_int_equal(workspace_history(workspace, &at, &other), 3);
	assert_int_equal(at, 2);
	assert_int_equal(other, 1);
	workspace_free(workspace);
}

static void
test_workspace__undo_stops_at_the_start(void **state)
{
	struct workspace *workspace = open_fixture(true);

	(void)state;
	wait_idle(workspace);
	assert_err(ERR_RANGE, "nothing to undo", workspace_undo(workspace));
	assert_err(ERR_RANGE, "only one setting", workspace_ab(workspace));
	workspace_free(workspace);
}

static void
test_workspace__a_rule_for_one_layer_leaves_the_others(void **state)
{
	struct workspace *workspace = open_fixture(true);
	const struct layer_result *other_before;
	int layer, other;

	(void)state;
	wait_idle(workspace);
	set_bits(workspace, NULL, "bits=4");
	layer = workspace_selected(workspace);
	other = model_find_layer(workspace_model(workspace), "layers.0.mlp.up");
	assert_true(other >= 0 && other != layer);
	other_before = workspace_layer(workspace, other)->result;
	set_bits(workspace, workspace_model(workspace)->layers[layer].name, "bits=2");
	assert_ptr_equal(workspace_layer(workspace, other)->result, other_before);
	assert_true(workspace_setting(workspace, layer).params.v[0] <
		    workspace_setting(workspace, other).params.v[0]);
	set_bits(workspace, NULL, "bits=3"); /* all: the rule goes */
	assert_int_equal(workspace_recipe(workspace)->rule_count, 0);
	workspace_free(workspace);
}

static void
test_workspace__a_knob_turned_quickly_ends_at_the_last_setting(void **state)
{
	static const char *const bits[] = { "bits=8", "bits=7", "bits=6", "bits=5",
					    "bits=4", "bits=3", "bits=2", "bits=3" };
	struct workspace *workspace = open_fixture(true);
	struct layer_setting setting;
	double quick;

	(void)state;
	for (int i = 0; !workspace_model(workspace) && i < 1000; i++) {
		struct pollfd wake = { .fd = workspace_wake_fd(workspace), .events = POLLIN };

		poll(&wake, 1, 10);
		workspace_poll(workspace);
	}
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		setting = rtn(bits[i]);
		assert_ok(workspace_set(workspace, NULL, &setting));
		workspace_poll(workspace);
	}
	wait_idle(workspace);
	quick = error_of(workspace, workspace_selected(workspace));
	set_bits(workspace, NULL, "bits=8");
	set_bits(workspace, NULL, "bits=3");
	assert_true(quick >= error_of(workspace, workspace_selected(workspace)) &&
		    quick <= error_of(workspace, workspace_selected(workspace)));
	workspace_free(workspace);
}

static void
test_workspace__cancel_holds_until_something_changes(void **state)
{
	struct workspace *workspace = open_fixture(true);

	(void)state;
	wait_idle(workspace);
	set_bits(workspace, NULL, "bits=4");
	assert_ok(workspace_set(workspace, NULL, &(struct layer_setting){ 0 }));
	wait_idle(workspace);
	{
		struct layer_setting setting = rtn("bits=5");

		assert_ok(workspace_set(workspace, NULL, &setting));
	}
	workspace_cancel(workspace);
	wait_idle(workspace); /* held: not busy although results are missing */
	workspace_rerun(workspace, workspace_selected(workspace));
	wait_idle(workspace);
	error_of(workspace, workspace_selected(workspace));
	workspace_free(workspace);
}

static void
test_workspace__a_failing_layer_is_said_and_does_not_stop_the_rest(void **state)
{
	struct workspace *workspace = open_fixture(true);
	struct layer_setting setting = { .method = quantizer_find("gptq") };
	int layer;

	(void)state;
	wait_idle(workspace);
	layer = workspace_selected(workspace);
	param_defaults(&setting.params, setting.method->params);
	/* the fixture has no tokenizer, so there is no calibration */
	assert_ok(
		workspace_set(workspace, workspace_model(workspace)->layers[layer].name, &setting));
	wait_idle(workspace);
	assert_int_equal(workspace_layer(workspace, layer)->state, RESULT_FAILED);
	assert_true(workspace_layer(workspace, layer)->error.message[0]);
	if (!support_contains(last_log, "gptq"))
		fail_msg("%s", last_log);
	assert_ok(workspace_undo(workspace));
	wait_idle(workspace);
	error_of(workspace, layer);
	workspace_free(workspace);
}

static void
test_workspace__a_missing_model_leaves_it_open_for_another(void **state)
{
	struct workspace_options options = { .model = "/nowhere/at/all", .log = keep_log };
	struct workspace *workspace;

	(void)state;
	assert_ok(workspace_create(&workspace, &options));
	wait_idle(workspace);
	assert_null(workspace_model(workspace));
	assert_true(support_contains(last_log, "/nowhere/at/all"));
	assert_ok(workspace_open(workspace,
				 support_source("tests/core/fixtures/forward/one_kv_head")));
	wait_idle(workspace);
	assert_non_null(workspace_model(workspace));
	workspace_free(workspace);
}

static enum err
answer(void *ctx)
{
	enum err *code = ctx;

	return *code ? err_set(*code, "the old one stays") : OK;
}

/* Path, settings and results stay those of the open model, whether the other one cannot be opened
 * or the owner does not let go. */
static void
test_workspace__an_open_that_fails_changes_nothing(void **state)
{
	const char *path = support_source("tests/core/fixtures/forward/one_kv_head");
	const char *other = support_source("tests/core/fixtures/forward/tied_five_heads");
	enum err refusal = OK;
	struct workspace_options options = { .model = path,
					     .threads = 2,
					     .no_cache = true,
					     .manual = true,
					     .log = keep_log,
					     .replace = answer,
					     .ctx = &refusal };
	const struct layer_result *result;
	struct workspace *workspace;
	const struct model *model;
	size_t at, steps;

	(void)state;
	assert_ok(workspace_create(&workspace, &options));
	wait_idle(workspace);
	set_bits(workspace, NULL, "bits=3");
	model = workspace_model(workspace);
	result = workspace_layer(workspace, workspace_selected(workspace))->result;
	steps = workspace_history(workspace, &at, &at);
	for (int i = 0; i < 2; i++) {
		refusal = i ? ERR_IO : OK;
		assert_ok(workspace_open(workspace, i ? other : "/nowhere/either"));
		assert_false(wait_idle(workspace) & CHANGED_MODEL);
		assert_true(
			support_contains(last_log, i ? "the old one stays" : "/nowhere/either"));
		assert_ptr_equal(workspace_model(workspace), model);
		assert_string_equal(workspace_model_path(workspace), path);
		assert_ptr_equal(workspace_layer(workspace, workspace_selected(workspace))->result,
				 result);
		assert_int_equal(workspace_history(workspace, &at, &at), steps);
	}
	refusal = OK;
	assert_ok(workspace_open(workspace, other));
	assert_true(wait_idle(workspace) & CHANGED_MODEL);
	assert_string_equal(workspace_model_path(workspace), other);
	assert_ok(workspace_open(workspace, "shipped"));
	assert_true(wait_idle(workspace) & CHANGED_MODEL);
	assert_string_equal(workspace_model_path(workspace), "");
	workspace_free(workspace);
}

static void
test_workspace__evaluates_the_shipped_model_and_goes_back_at_once(void **state)
{
	struct workspace_options options = {
		.threads = 2, .no_cache = true, .manual = true, .log = keep_log
	};
	struct eval_setting small = { .protocol = protocols[0], .context = 64, .max_tokens = 256 };
	struct workspace *workspace;
	const struct text_state *text;
	double three, four;

	(void)state;
	assert_ok(workspace_create(&workspace, &options));
	wait_idle(workspace);
	workspace_set_protocol(workspace, &small);
	text = workspace_text(workspace, 0);
	assert_false(text->has_result); /* manual: not asked */
	workspace_evaluate(workspace);
	wait_idle(workspace);
	assert_int_equal(text->state, RESULT_READY);
	four = text->result.delta.mean;
	set_bits(workspace, NULL, "bits=2");
	assert_int_equal(workspace_text(workspace, 0)->state, RESULT_MISSING);
	workspace_evaluate(workspace);
	wait_idle(workspace);
	text = workspace_text(workspace, 0);
	three = text->result.delta.mean;
	assert_true(three > four);
	assert_ok(workspace_undo(workspace));
	text = workspace_text(workspace, 0);
	assert_int_equal(text->state, RESULT_READY);
	assert_memory_equal(&text->result.delta.mean, &four, sizeof(four));
	assert_memory_equal(&text->previous.delta.mean, &three, sizeof(three));
	workspace_free(workspace);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_workspace__computes_every_layer_of_the_first_setting),
		cmocka_unit_test(test_workspace__undo_redo_and_ab_find_the_same_results),
		cmocka_unit_test(test_workspace__undo_stops_at_the_start),
		cmocka_unit_test(test_workspace__a_rule_for_one_layer_leaves_the_others),
		cmocka_unit_test(test_workspace__a_knob_turned_quickly_ends_at_the_last_setting),
		cmocka_unit_test(test_workspace__cancel_holds_until_something_changes),
		cmocka_unit_test(
			test_workspace__a_failing_layer_is_said_and_does_not_stop_the_rest),
		cmocka_unit_test(test_workspace__a_missing_model_leaves_it_open_for_another),
		cmocka_unit_test(test_workspace__an_open_that_fails_changes_nothing),
		cmocka_unit_test(test_workspace__evaluates_the_shipped_model_and_goes_back_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
