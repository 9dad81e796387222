/* labels: threads
 * Evaluation: the protocols by their definition, incremental runs with the bits of whole ones, and
 * the same bits on any threads. */
#include "core/evaluation.h"

#include "core/buf.h"
#include "support/models.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

static struct evaluator *
open_evaluator(const char *text, const char *protocol, size_t context, size_t tokens)
{
	struct evaluator_request request = { .model = models_shipped(),
					     .corpus = models_text(text),
					     .protocol = protocol_find(protocol),
					     .context = context,
					     .max_tokens = tokens,
					     .bos = -1 };
	struct evaluator *evaluator;

	assert_non_null(request.protocol);
	assert_ok(evaluator_create(&evaluator, &request));
	return evaluator;
}

static void
test_evaluation__protocols_are_found_by_name(void **state)
{
	(void)state;
	assert_string_equal(protocols[0]->name, "llama.cpp");
	assert_non_null(protocol_find("window"));
	for (size_t i = 0; protocols[i]; i++)
		assert_ptr_equal(protocol_find(protocols[i]->name), protocols[i]);
	assert_null(protocol_find("windows"));
}

/* What a token costs, straight from the logits in double. */
static double
token_nll(const float *logits, size_t vocab, int32_t next)
{
	double sum = 0.0;

	for (size_t i = 0; i < vocab; i++)
		sum += exp((double)logits[i]);
	return log(sum) - (double)logits[next];
}

struct expectation {
	const char *protocol;
	size_t context, first, tokens, windows;
	int32_t bos;
};

/* By definition: windows one after another, BOS over the first token, positions first ... n - 2. */
static double
mean_by_definition(const struct expectation *x, const struct corpus *text)
{
	const struct model *model = models_shipped();
	size_t n = x->context, vocab = model->shape.vocab;
	float *logits = buf_alloc(n * vocab, sizeof(*logits));
	int32_t *ids = buf_alloc(n, sizeof(*ids));
	double sum = 0.0;

	for (size_t w = 0; w < x->windows; w++) {
		memcpy(ids, text->ids + w * n, n * sizeof(*ids));
		if (x->bos >= 0)
			ids[0] = x->bos;
		assert_ok(forward_logits(logits, model, NULL, (struct sequence){ ids, n }, NULL));
		for (size_t p = x->first; p <= n - 2; p++)
			sum += token_nll(logits + p * vocab, vocab, ids[p + 1]);
	}
	buf_free(logits);
	buf_free(ids);
	return sum / (double)(x->windows * (n - 1 - x->first));
}

static void
test_evaluation__baseline_follows_each_protocols_definition(void **state)
{
	static const struct expectation all[] = {
		{ "llama.cpp", 512, 256, 1100, 2, 0 },
		{ "llama.cpp", 65, 32, 200, 3, 7 },
		{ "window", 512, 0, 1023, 1, -1 },
		{ "window", 100, 0, 300, 3, -1 },
	};
	const struct corpus *text = models_text("records.evaluation");

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const struct expectation *x = &all[i];
		size_t context, scored, windows;
		struct eval_result result;
		struct evaluator *evaluator;
		struct evaluator_request request = {
			.model = models_shipped(),
			.corpus = text,
			.protocol = protocol_find(x->protocol),
			/* the first and third take the protocol's own */
			.context = x->context == 512 ? 0 : x->context,
			.max_tokens = x->tokens,
			/* the second protocol must leave it alone */
			.bos = x->bos >= 0 ? x->bos : 3,
		};

		assert_ok(evaluator_create(&evaluator, &request));
		evaluator_describe(evaluator, &context, &scored, &windows);
		assert_int_equal(context, x->context);
		assert_int_equal(windows, x->windows);
		assert_int_equal(scored, x->context - 1 - x->first);
		assert_ok(evaluator_run(&result, evaluator, NULL, NULL));
		assert_int_equal(result.scored, windows * scored);
		assert_false(result.has_current);
		assert_true(fabs(result.baseline.mean - mean_by_definition(x, text)) < 2e-6);
		assert_true(fabs(result.baseline_ppl - exp(result.baseline.mean)) < 1e-9);
		evaluator_free(evaluator);
	}
}

static void
test_evaluation__what_cannot_be_evaluated_is_said(void **state)
{
	struct evaluator_request request = { .model = models_shipped(),
					     .corpus = models_text("records.evaluation"),
					     .protocol = protocol_find("llama.cpp"),
					     .bos = -1 };
	struct evaluator *evaluator;

	(void)state;
	request.max_tokens = 511;
	assert_err(ERR_RANGE, "has 511 tokens to evaluate and one window takes 512",
		   evaluator_create(&evaluator, &request));
	assert_null(evaluator);
	request.max_tokens = 0;
	request.context = 513;
	assert_err(ERR_RANGE, "context: 513 is more than the model's 512",
		   evaluator_create(&evaluator, &request));
	request.context = 2;
	assert_err(ERR_RANGE, "leaves nothing to score", evaluator_create(&evaluator, &request));
}

/* Against logits of both models, in double. */
static void
test_evaluation__kl_and_top1_follow_their_definitions(void **state)
{
	const struct model *model = models_shipped();
	const struct corpus *text = models_text("dialogue.evaluation");
	size_t n = 48, vocab = model->shape.vocab, equal = 0;
	float *a = buf_alloc(n * vocab, sizeof(*a)), *b = buf_alloc(n * vocab, sizeof(*b));
	struct sequence sequence = { text->ids, n };
	struct evaluator *evaluator = open_evaluator("dialogue.evaluation", "window", n, n);
	struct rough_overlay rough;
	struct eval_result result;
	double kl = 0.0, most = 0.0, delta = 0.0;

	(void)state;
	rough_open(&rough, model);
	rough_layer(&rough, model->blocks[0].layer[SLOT_DOWN], 0.6f);
	rough_layer(&rough, model->blocks[2].layer[SLOT_UP], 0.6f);
	assert_ok(forward_logits(a, model, NULL, sequence, NULL));
	assert_ok(forward_logits(b, model, &rough.overlay, sequence, NULL));
	for (size_t p = 0; p + 1 < n; p++) {
		const float *x = a + p * vocab, *y = b + p * vocab;
		double x_sum = token_nll(x, vocab, 0) + (double)x[0], token = 0.0;
		double y_sum = token_nll(y, vocab, 0) + (double)y[0];
		size_t x_top = 0, y_top = 0;

		for (size_t i = 0; i < vocab; i++) {
			double log_p = (double)x[i] - x_sum;

			token += exp(log_p) * (log_p - ((double)y[i] - y_sum));
			x_top = x[i] > x[x_top] ? i : x_top;
			y_top = y[i] > y[y_top] ? i : y_top;
		}
		equal += x_top == y_top;
		kl += token / (double)(n - 1);
		most = fmax(most, token);
		delta += (token_nll(y, vocab, text->ids[p + 1]) -
			  token_nll(x, vocab, text->ids[p + 1])) /
			 (double)(n - 1);
	}
	assert_ok(evaluator_run(&result, evaluator, &rough.overlay, NULL));
	assert_true(kl > 1e-3 && equal < n - 1);
	assert_true(fabs(result.kl_mean - kl) < 1e-4 * kl + 1e-6);
	assert_true(fabs(result.kl_max - most) < 1e-4 * most + 1e-6);
	assert_true(fabs(result.delta.mean - delta) < 1e-5);
	assert_true(fabs(result.ppl_ratio - exp(delta)) < 2e-5);
	assert_true(fabs(result.top1_share - (double)equal / (double)(n - 1)) < 1e-12);
	assert_true(result.kl_q50 <= result.kl_q90 && result.kl_q90 <= result.kl_q99 &&
		    result.kl_q99 <= result.kl_max);
	rough_close(&rough);
	evaluator_free(evaluator);
	buf_free(a);
	buf_free(b);
}

static void
test_evaluation__nothing_changed_is_no_difference_at_all(void **state)
{
	const struct model *model = models_shipped();
	struct evaluator *evaluator = open_evaluator("code.evaluation", "window", 64, 256);
	struct rough_overlay rough;
	struct eval_result result;

	(void)state;
	rough_open(&rough, model);
	assert_ok(evaluator_run(&result, evaluator, &rough.overlay, NULL));
	assert_true(result.has_current && result.delta.mean == 0.0 && result.delta.se == 0.0);
	assert_true(result.kl_mean == 0.0 && result.kl_max == 0.0 && result.top1_share == 1.0);
	rough_close(&rough);
	evaluator_free(evaluator);
}

/* Each token's loss, its id and its place; and the figures do not move for being asked. */
static void
test_evaluation__losses_are_kept_token_by_token_where_asked_for(void **state)
{
	const struct model *model = models_shipped();
	const struct corpus *text = models_text("code.evaluation");
	struct evaluator *evaluator = open_evaluator("code.evaluation", "llama.cpp", 40, 200);
	struct rough_overlay rough;
	struct eval_result plain, result;
	struct token_losses *losses;
	double sum = 0.0;

	(void)state;
	rough_open(&rough, model);
	rough_layer(&rough, model->blocks[1].layer[SLOT_UP], 0.6f);
	assert_ok(evaluator_run(&plain, evaluator, &rough.overlay, NULL));
	assert_ok(evaluator_run_losses(&result, &losses, evaluator, &rough.overlay, NULL));
	assert_memory_equal(&plain, &result, sizeof(plain));
	assert_int_equal(losses->windows, 5);
	assert_int_equal(losses->per_window, 19);
	assert_int_equal(losses->count, result.scored);
	for (size_t i = 0; i < losses->count; i++) {
		size_t position = token_losses_position(losses, i);

		assert_in_range(position, 21, 39);
		assert_int_equal(losses->ids[i], text->ids[i / 19 * 40 + position]);
		sum += losses->current[i] - losses->baseline[i];
	}
	assert_true(sum / (double)losses->count == result.delta.mean);
	token_losses_free(losses);
	assert_ok(evaluator_run_losses(&result, &losses, evaluator, NULL, NULL));
	assert_null(losses->current);
	assert_true(losses->baseline[0] > 0);
	token_losses_free(losses);
	rough_close(&rough);
	evaluator_free(evaluator);
}

/* The same model opened twice differs in nothing; one of another shape is refused. */
static void
test_evaluation__another_model_takes_the_place_of_layers(void **state)
{
	struct evaluator *evaluator = open_evaluator("code.evaluation", "window", 32, 128);
	struct model *same, *other;
	struct eval_result result;
	struct token_losses *losses;

	(void)state;
	assert_ok(model_open(&same, models_shipped()->path));
	assert_ok(evaluator_run_model(&result, &losses, evaluator, same, NULL));
	assert_true(result.has_current && result.delta.mean == 0.0 && result.kl_max == 0.0);
	assert_memory_equal(losses->baseline, losses->current, losses->count * sizeof(double));
	assert_ok(model_match(same, models_shipped()));
	token_losses_free(losses);
	model_free(same);
	other = models_fixture(models_fixtures[0]);
	assert_err(ERR_RANGE, "models of one shape",
		   evaluator_run_model(&result, &losses, evaluator, other, NULL));
	assert_err(ERR_FORMAT, "one model", model_match(other, models_shipped()));
	model_free(other);
	evaluator_free(evaluator);
}

static void
run_fresh(struct eval_result *out, const struct overlay *overlay, int threads)
{
	struct evaluator *evaluator = open_evaluator("stories.evaluation", "llama.cpp", 40, 200);
	struct threads t;

	threads_open(&t, threads);
	memset(out, 0, sizeof(*out));
	assert_ok(evaluator_run(out, evaluator, overlay, &t.work));
	threads_close(&t);
	evaluator_free(evaluator);
}

/* Any layer of any block, the embedding, and now and then back to an earlier setting. `states` 0:
 * the evaluator's own; else of so many bytes, with a disk of that size behind it if `disk` says so;
 * `batch` as evaluator_request.memory. */
struct keeping {
	size_t states, batch;
	bool disk;
};

static void
change_and_compare(struct keeping keeping, uint64_t seed)
{
	static const float steps[] = { 0.0f, 0.1f, 0.25f };
	const struct model *model = models_shipped();
	struct evaluator *evaluator;
	struct states *states = NULL;
	struct spill *spill = NULL;
	struct evaluator_request request = { .model = model,
					     .corpus = models_text("stories.evaluation"),
					     .protocol = protocol_find("llama.cpp"),
					     .context = 40,
					     .max_tokens = 200,
					     .bos = -1,
					     .memory = keeping.batch };
	struct rough_overlay rough;
	int last = -1;
	float before = 0.0f, now = 0.0f;

	if (keeping.disk)
		assert_ok(spill_create(&spill, support_folder(), 1 << 20));
	if (keeping.states)
		assert_ok(states_create(&states, keeping.states, spill));
	request.states = states;
	assert_ok(evaluator_create(&evaluator, &request));
	rough_open(&rough, model);
	for (int turn = 0; turn < 9; turn++) {
		struct eval_result got, expected;
		bool undo = last >= 0 && support_uniform(&seed) < 0.35;

		if (!undo) {
			last = (int)(support_uniform(&seed) * (double)model->layer_count);
			before = now;
			now = steps[(int)(support_uniform(&seed) * 3.0)];
		}
		rough_layer(&rough, last, undo ? before : now);
		memset(&got, 0, sizeof(got));
		assert_ok(evaluator_run(&got, evaluator, &rough.overlay, NULL));
		run_fresh(&expected, &rough.overlay, turn % 4 + 1);
		assert_memory_equal(&got, &expected, sizeof(got));
	}
	rough_close(&rough);
	evaluator_free(evaluator);
	states_free(states);
	spill_unref(spill);
}

/* 500 KiB hold two of the seven states of the text, 60 KiB two windows of one of them. */
static void
test_evaluation__incremental_runs_have_the_bits_of_whole_ones(void **state)
{
	(void)state;
	change_and_compare((struct keeping){ 0 }, 5);
	change_and_compare((struct keeping){ .states = 500 << 10 }, 6);
	change_and_compare((struct keeping){ .states = 1, .batch = 1 }, 7);
	change_and_compare((struct keeping){ .states = 60 << 10, .batch = 120 << 10, .disk = true },
			   8);
}

/* Progress tells how many blocks ran: tokens times blocks, and once more for the head. */
static uint64_t
blocks_run(struct evaluator *evaluator, const struct overlay *overlay)
{
	atomic_uint_fast64_t done = 0, total = 0;
	struct work work = { .done = &done, .total = &total };
	struct eval_result result;

	assert_ok(evaluator_run(&result, evaluator, overlay, &work));
	assert_int_equal(atomic_load(&done), atomic_load(&total));
	return atomic_load(&done) / 128;
}

static void
test_evaluation__only_blocks_from_the_change_on_run_again(void **state)
{
	const struct model *model = models_shipped();
	uint64_t blocks = model->shape.blocks;
	struct evaluator *evaluator = open_evaluator("code.evaluation", "window", 64, 128);
	struct rough_overlay rough;

	(void)state;
	rough_open(&rough, model);
	assert_int_equal(blocks_run(evaluator, NULL), blocks + 1);
	assert_int_equal(blocks_run(evaluator, NULL), 0);
	rough_layer(&rough, model->blocks[blocks - 1].layer[SLOT_V], 0.1f);
	assert_int_equal(blocks_run(evaluator, &rough.overlay), 1 + 1);
	rough_layer(&rough, model->blocks[2].layer[SLOT_DOWN], 0.1f);
	assert_int_equal(blocks_run(evaluator, &rough.overlay), blocks - 2 + 1);
	rough_layer(&rough, model->blocks[2].layer[SLOT_DOWN], 0.0f); /* undo */
	assert_int_equal(blocks_run(evaluator, &rough.overlay), 0);
	rough_layer(&rough, model->blocks[0].layer[SLOT_Q], 0.1f);
	assert_int_equal(blocks_run(evaluator, &rough.overlay), blocks + 1);
	rough_close(&rough);
	evaluator_free(evaluator);
}

static void
test_evaluation__running_out_of_memory_or_cancelled_it_goes_on_later(void **state)
{
	struct evaluator *evaluator = open_evaluator("code.evaluation", "window", 16, 32);
	struct eval_result expected, got;
	struct rough_overlay rough;
	atomic_bool cancel = true;
	struct work work = { .cancel = &cancel };
	enum err code = ERR_NOMEM;

	(void)state;
	rough_open(&rough, models_shipped());
	rough_layer(&rough, models_shipped()->blocks[0].layer[SLOT_K], 0.2f);
	assert_int_equal(evaluator_run(&got, evaluator, &rough.overlay, &work), ERR_CANCELLED);
	for (unsigned long n = 1; code; n++) {
		assert_true(n < 5000);
		buf_fail_at(n, 0);
		code = evaluator_run(&got, evaluator, &rough.overlay, NULL);
		assert_true(code == OK || code == ERR_NOMEM);
	}
	buf_fail_at(0, 0);
	evaluator_free(evaluator);
	evaluator = open_evaluator("code.evaluation", "window", 16, 32);
	assert_ok(evaluator_run(&expected, evaluator, &rough.overlay, NULL));
	assert_true(got.delta.mean == expected.delta.mean && got.kl_mean == expected.kl_mean);
	rough_close(&rough);
	evaluator_free(evaluator);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_evaluation__protocols_are_found_by_name),
		cmocka_unit_test(test_evaluation__baseline_follows_each_protocols_definition),
		cmocka_unit_test(test_evaluation__what_cannot_be_evaluated_is_said),
		cmocka_unit_test(test_evaluation__kl_and_top1_follow_their_definitions),
		cmocka_unit_test(test_evaluation__nothing_changed_is_no_difference_at_all),
		cmocka_unit_test(test_evaluation__another_model_takes_the_place_of_layers),
		cmocka_unit_test(test_evaluation__losses_are_kept_token_by_token_where_asked_for),
		cmocka_unit_test(test_evaluation__incremental_runs_have_the_bits_of_whole_ones),
		cmocka_unit_test(test_evaluation__only_blocks_from_the_change_on_run_again),
		cmocka_unit_test(
			test_evaluation__running_out_of_memory_or_cancelled_it_goes_on_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
