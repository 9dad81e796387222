/* labels: threads
 * The engine on the shipped model: what is kept equals what is computed, on any number of
 * threads. */
#include "sessions/engine.h"
#include "core/buf.h"
#include "core/file.h"
#include "kernels/kernels.h"
#include "sessions/engine_private.h"
#include "support/support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct calibration_setting calibration = { .text = "code.calibration",
							.sequences = 6,
							.length = 64 };

static struct engine *
open_within(int threads, const char *cache, uint64_t memory)
{
	struct engine_options options = { .model = support_source("models/shipped"),
					  .threads = threads,
					  .memory = memory };
	struct engine *engine;

	setenv("QSCOPE_MODELS", support_source("models"), 1);
	setenv("QSCOPE_CACHE", cache, 1);
	assert_ok(engine_open(&engine, &options));
	return engine;
}

static struct engine *
open_engine(int threads, const char *cache)
{
	return open_within(threads, cache, 0);
}

static struct layer_setting
setting_of(const char *method, const char *assignment)
{
	struct layer_setting setting = { .method = quantizer_find(method) };

	assert_non_null(setting.method);
	param_defaults(&setting.params, setting.method->params);
	if (assignment)
		assert_ok(recipe_assign(&setting, assignment));
	return setting;
}

static struct layer_result *
quantize(struct engine *engine, const char *layer, const struct layer_setting *setting)
{
	struct work work = { .pool = engine_pool(engine) };
	struct layer_result *result;

	assert_ok(engine_quantize(&result, engine, model_find_layer(engine_model(engine), layer),
				  setting, &calibration, &work));
	return result;
}

static void
assert_same(const struct layer_result *a, const struct layer_result *b)
{
	size_t weights = a->quantized.rows * a->quantized.columns;

	assert_memory_equal(a->quantized.codes, b->quantized.codes, weights);
	assert_memory_equal(a->quantized.dequantized, b->quantized.dequantized, 4 * weights);
	assert_int_equal(a->quantized.scale_count, b->quantized.scale_count);
	assert_memory_equal(a->quantized.scales, b->quantized.scales, 4 * a->quantized.scale_count);
	assert_memory_equal(a->quantized.part_bits, b->quantized.part_bits,
			    sizeof(a->quantized.part_bits));
	assert_true(a->measurement->relative == b->measurement->relative);
	assert_true(a->measurement->output.relative == b->measurement->output.relative);
	assert_memory_equal(&a->measurement->histogram, &b->measurement->histogram,
			    sizeof(a->measurement->histogram));
	assert_memory_equal(a->measurement->channels, b->measurement->channels,
			    4 * CHANNEL_COUNT * a->measurement->columns);
	assert_true(a->bits_per_weight == b->bits_per_weight);
}

static void
compare(const char *method)
{
	struct layer_setting setting = setting_of(method, "bits=3");
	struct engine *computing = open_engine(1, "off");
	struct layer_result *computed = quantize(computing, "layers.1.attn.q", &setting);
	struct engine *writing = open_engine(2, support_folder());
	struct layer_result *written = quantize(writing, "layers.1.attn.q", &setting);
	struct layer_result *again = quantize(writing, "layers.1.attn.q", &setting);
	struct engine *reading = open_engine(3, support_folder());
	struct layer_result *read = quantize(reading, "layers.1.attn.q", &setting);

	assert_same(computed, written);
	assert_ptr_equal(written, again);
	assert_same(computed, read);
	assert_true(computed->seconds > 0);
	assert_true(read->seconds == written->seconds); /* as it was when it was solved */
	layer_result_unref(again);
	layer_result_unref(computed);
	layer_result_unref(written);
	engine_free(computing);
	engine_free(writing);
	engine_free(reading);
	assert_true(read->quantized.codes != NULL); /* a reference outlives the engine */
	layer_result_unref(read);
	support_clean();
}

static void
test_engine__what_is_kept_equals_what_is_computed(void **state)
{
	(void)state;
	compare("gptq");
	compare("awq");
}

/* A byte of every kept entry changed, behind its header: all are made anew, with the same bits. */
static void
test_engine__damaged_entries_are_made_anew(void **state)
{
	struct layer_setting setting = setting_of("gptq", "bits=3");
	struct engine *writing = open_engine(2, support_folder());
	struct layer_result *written = quantize(writing, "layers.1.attn.q", &setting), *again;
	struct engine *reading;
	char command[2048];

	(void)state;
	snprintf(command, sizeof(command),
		 "find '%s' -type f -exec sh -c 'printf x | dd of=\"$1\" bs=1 seek=$(($(stat -c "
		 "%%s \"$1\") - 9)) conv=notrunc 2>/dev/null' - {} \\;",
		 support_folder());
	assert_int_equal(system(command), 0);
	reading = open_engine(2, support_folder());
	again = quantize(reading, "layers.1.attn.q", &setting);
	assert_true(again->seconds > 0); /* it was computed */
	assert_same(written, again);
	layer_result_unref(written);
	layer_result_unref(again);
	engine_free(writing);
	engine_free(reading);
	support_clean();
}

static void
test_engine__another_setting_or_text_is_another_result(void **state)
{
	struct engine *engine = open_engine(2, "off");
	struct layer_setting three = setting_of("gptq", "bits=3"), four = setting_of("gptq", NULL);
	struct calibration_setting other = calibration;
	struct work work = { .pool = engine_pool(engine) };
	struct layer_result *a = quantize(engine, "layers.0.attn.k", &three);
	struct layer_result *b = quantize(engine, "layers.0.attn.k", &four), *c;

	(void)state;
	other.seed = 1;
	assert_ok(engine_quantize(&c, engine, a->layer, &three, &other, &work));
	assert_false(key_equal(a->key, b->key));
	assert_false(key_equal(a->key, c->key));
	assert_false(key_equal(a->weights_key, c->weights_key));
	layer_result_unref(a);
	layer_result_unref(b);
	layer_result_unref(c);
	engine_free(engine);
}

static void
test_engine__weights_of_rtn_do_not_depend_on_the_text(void **state)
{
	struct engine *engine = open_engine(2, "off");
	struct layer_setting rtn = setting_of("rtn", "bits=3");
	struct work work = { .pool = engine_pool(engine) };
	struct layer_result *with = quantize(engine, "layers.0.attn.k", &rtn), *without;

	(void)state;
	assert_ok(engine_quantize(&without, engine, with->layer, &rtn, NULL, &work));
	assert_true(key_equal(with->weights_key, without->weights_key));
	assert_false(key_equal(with->key, without->key));
	assert_true(with->measurement->has_output);
	assert_false(without->measurement->has_output);
	layer_result_unref(with);
	layer_result_unref(without);
	engine_free(engine);
}

static void
test_engine__awq_on_one_member_is_set_on_its_input_group(void **state)
{
	struct engine *engine = open_engine(2, "off");
	const struct model *model = engine_model(engine);
	struct layer_setting *settings = buf_alloc(model->layer_count, sizeof(*settings));
	int *because = buf_alloc(model->layer_count, sizeof(*because));
	int q = model_find_layer(model, "layers.2.attn.q");
	int k = model_find_layer(model, "layers.2.attn.k"),
	    v = model_find_layer(model, "layers.2.attn.v");
	struct layer_setting awq = setting_of("awq", NULL), keep = { 0 };
	struct recipe recipe;

	(void)state;
	recipe_init(&recipe);
	recipe.has_fallback = true;
	recipe.fallback = setting_of("rtn", NULL);
	assert_ok(recipe_set(&recipe, "layers.2.attn.q", &awq));
	assert_ok(recipe_set(&recipe, "layers.2.attn.v", &keep));
	assert_ok(engine_plan(settings, because, engine, &recipe));
	assert_ptr_equal(settings[q].method, awq.method);
	assert_ptr_equal(settings[k].method, awq.method);
	assert_int_equal(because[k], q);
	assert_null(settings[v].method); /* a later rule speaks of it */
	assert_int_equal(because[v], -1);
	recipe_clear(&recipe);
	buf_free(settings);
	buf_free(because);
	engine_free(engine);
}

static void
apply(struct layer_result **out, struct engine *engine, bool propagated)
{
	struct work work = { .pool = engine_pool(engine) };
	struct recipe recipe;

	recipe_init(&recipe);
	recipe.has_fallback = true;
	recipe.fallback = setting_of("gptq", "bits=2");
	recipe.calibration = calibration;
	recipe.calibration.propagated = propagated;
	assert_ok(engine_apply(out, engine, &recipe, &work));
	recipe_clear(&recipe);
}

static void
test_engine__propagated_statistics_change_all_but_the_first_block(void **state)
{
	struct engine *engine = open_engine(2, "off");
	const struct model *model = engine_model(engine);
	struct layer_result **a = buf_alloc(model->layer_count, sizeof(struct layer_result *));
	struct layer_result **b = buf_alloc(model->layer_count, sizeof(struct layer_result *));

	(void)state;
	apply(a, engine, false);
	apply(b, engine, true);
	for (size_t i = 0; i < model->layer_count; i++) {
		if (model->layers[i].block < 0) {
			assert_null(a[i]);
			continue;
		}
		assert_int_equal(key_equal(a[i]->weights_key, b[i]->weights_key),
				 model->layers[i].block == 0);
		layer_result_unref(a[i]);
		layer_result_unref(b[i]);
	}
	buf_free(a);
	buf_free(b);
	engine_free(engine);
}

/* A result whose weights lie on disk, against one that has them. */
static void
assert_parked(const struct layer_result *full, const struct layer_result *parked)
{
	size_t weights = full->quantized.rows * full->quantized.columns;
	float *read = buf_alloc(weights, sizeof(*read));

	assert_non_null(read);
	assert_non_null(parked->parked);
	assert_null(parked->quantized.dequantized);
	assert_ok(parked_read(read, parked->parked, 0, weights / 3));
	assert_ok(parked_read(read + weights / 3, parked->parked, weights / 3,
			      weights - weights / 3));
	assert_memory_equal(read, full->quantized.dequantized, weights * sizeof(*read));
	assert_true(key_equal(full->key, parked->key));
	assert_true(full->bits_per_weight == parked->bits_per_weight);
	assert_memory_equal(&full->measurement->histogram, &parked->measurement->histogram,
			    sizeof(full->measurement->histogram));
	assert_memory_equal(full->measurement->channels, parked->measurement->channels,
			    4 * CHANNEL_COUNT * full->measurement->columns);
	buf_free(read);
}

static void
test_engine__statistics_that_do_not_fit_are_taken_in_passes(void **state)
{
	struct engine *roomy = open_engine(2, "off"), *narrow = open_within(2, "off", 1);
	size_t count = engine_model(roomy)->layer_count;
	struct layer_result **a = buf_alloc(count, sizeof(struct layer_result *));
	struct layer_result **b = buf_alloc(count, sizeof(struct layer_result *));
	struct work work = { .pool = engine_pool(narrow) };

	(void)state;
	assert_true(statistics_fit(roomy, NULL));
	assert_false(statistics_fit(narrow, NULL));
	assert_ok(engine_calibrate(narrow, &calibration, &work));
	apply(a, roomy, false);
	apply(b, narrow, false);
	for (size_t i = 0; i < count; i++) {
		if (!a[i])
			continue;
		assert_parked(a[i], b[i]);
		layer_result_unref(a[i]);
		layer_result_unref(b[i]);
	}
	buf_free(a);
	buf_free(b);
	engine_free(roomy);
	engine_free(narrow);
}

static struct eval_result
evaluate(struct engine *engine, struct layer_result *const *results)
{
	struct work work = { .pool = engine_pool(engine) };
	struct eval_setting setting = { .text = "code.evaluation",
					.protocol = protocol_find("window"),
					.context = 48,
					.max_tokens = 480 };
	struct eval_result out;

	memset(&out, 0, sizeof(out));
	assert_ok(engine_evaluate(&out, engine, &setting, results, &work));
	return out;
}

/* One byte of memory makes every share nothing: single windows, single Gram matrices, everything by
 * way of the disk or anew. */
static void
test_engine__a_tight_limit_gives_the_same_bits(void **state)
{
	(void)state;
	for (int propagated = 0; propagated < 2; propagated++) {
		struct engine *roomy = open_engine(2, "off");
		struct engine *tight = open_within(1, support_folder(), 1);
		size_t count = engine_model(roomy)->layer_count;
		struct layer_result **a = buf_alloc(count, sizeof(struct layer_result *));
		struct layer_result **b = buf_alloc(count, sizeof(struct layer_result *));
		struct eval_result expected, got;

		apply(a, roomy, propagated);
		apply(b, tight, propagated);
		for (size_t i = 0; i < count; i++)
			if (a[i])
				assert_parked(a[i], b[i]);
		expected = evaluate(roomy, a);
		got = evaluate(tight, b);
		assert_memory_equal(&expected, &got, sizeof(got));
		layer_results_free(a, count);
		layer_results_free(b, count);
		engine_free(roomy);
		engine_free(tight);
		support_clean();
	}
}

/* There is nowhere else to put a whole model's results, so this is an error, and a line. */
static void
test_engine__a_full_disk_for_results_is_said(void **state)
{
	struct engine *tight = open_within(1, "off", 1);
	size_t count = engine_model(tight)->layer_count;
	struct layer_result **results = buf_alloc(count, sizeof(struct layer_result *));
	struct work work = { .pool = engine_pool(tight) };
	struct recipe recipe;

	(void)state;
	recipe_init(&recipe);
	recipe.has_fallback = true;
	recipe.fallback = setting_of("rtn", NULL);
	file_fail_at(3, ENOSPC);
	assert_err(ERR_IO, "No space left on device; make room, or allow more memory",
		   engine_apply(results, tight, &recipe, &work));
	file_fail_at(0, 0);
	assert_ok(engine_apply(results, tight, &recipe, &work));
	layer_results_free(results, count);
	recipe_clear(&recipe);
	engine_free(tight);
}

static void
test_engine__a_cancel_comes_out_as_such(void **state)
{
	struct engine *engine = open_engine(2, "off");
	atomic_bool cancel = true;
	struct work work = { .pool = engine_pool(engine), .cancel = &cancel };
	struct layer_setting setting = setting_of("gptq", NULL);
	struct layer_result *result;

	(void)state;
	assert_int_equal(engine_quantize(&result, engine, 3, &setting, &calibration, &work),
			 ERR_CANCELLED);
	assert_null(result);
	atomic_store(&cancel, false);
	assert_ok(engine_quantize(&result, engine, 3, &setting, &calibration, &work));
	layer_result_unref(result);
	engine_free(engine);
}

static void
test_engine__a_hash_that_is_not_the_texts_is_refused(void **state)
{
	struct engine *engine = open_engine(1, "off");
	struct calibration_setting wrong = calibration;

	(void)state;
	memset(wrong.sha256, 'a', HASH_HEX - 1);
	assert_err(ERR_FORMAT, "restore the text", engine_settle(&wrong, engine));
	wrong = calibration;
	wrong.length = 100000;
	assert_err(ERR_RANGE, "context", engine_settle(&wrong, engine));
	engine_free(engine);
}

static void
test_engine__evaluation_is_kept_and_equal(void **state)
{
	struct eval_setting setting = { .text = "records.evaluation",
					.protocol = protocol_find("window"),
					.context = 64,
					.max_tokens = 256 };
	struct engine *engine = open_engine(2, support_folder());
	struct work work = { .pool = engine_pool(engine) };
	struct layer_result **results =
		buf_alloc(engine_model(engine)->layer_count, sizeof(struct layer_result *));
	struct layer_setting rtn = setting_of("rtn", "bits=2");
	struct layer_result *one = quantize(engine, "layers.3.mlp.up", &rtn);
	struct token_losses *made, *kept;
	struct eval_result first, second, baseline;

	(void)state;
	results[one->layer] = one;
	assert_ok(engine_evaluate_losses(&first, &made, engine, &setting, results, &work));
	assert_ok(engine_evaluate(&baseline, engine, &setting, NULL, &work));
	engine_free(engine);
	engine = open_engine(1, support_folder());
	assert_ok(engine_evaluate(&second, engine, &setting, results, &work));
	assert_ok(engine_evaluate_losses(&second, &kept, engine, &setting, results, &work));
	assert_memory_equal(made->ids, kept->ids, made->count * sizeof(*made->ids));
	assert_memory_equal(made->baseline, kept->baseline, 2 * made->count * sizeof(double));
	token_losses_free(made);
	token_losses_free(kept);
	assert_true(first.has_current && !baseline.has_current);
	assert_true(first.baseline.mean == baseline.baseline.mean);
	assert_true(first.current.mean == second.current.mean && first.kl_q99 == second.kl_q99);
	layer_result_unref(one);
	buf_free(results);
	engine_free(engine);
	support_clean();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_engine__what_is_kept_equals_what_is_computed),
		cmocka_unit_test(test_engine__damaged_entries_are_made_anew),
		cmocka_unit_test(test_engine__another_setting_or_text_is_another_result),
		cmocka_unit_test(test_engine__weights_of_rtn_do_not_depend_on_the_text),
		cmocka_unit_test(test_engine__awq_on_one_member_is_set_on_its_input_group),
		cmocka_unit_test(test_engine__propagated_statistics_change_all_but_the_first_block),
		cmocka_unit_test(test_engine__statistics_that_do_not_fit_are_taken_in_passes),
		cmocka_unit_test(test_engine__a_tight_limit_gives_the_same_bits),
		cmocka_unit_test(test_engine__a_full_disk_for_results_is_said),
		cmocka_unit_test(test_engine__a_cancel_comes_out_as_such),
		cmocka_unit_test(test_engine__a_hash_that_is_not_the_texts_is_refused),
		cmocka_unit_test(test_engine__evaluation_is_kept_and_equal),
	};

	kernels_select(getenv("QSCOPE_KERNELS"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
