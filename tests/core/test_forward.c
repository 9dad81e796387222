/* labels: threads
 * The forward pass: logits of tiny random checkpoints as transformers computes them, the same bits
 * on any threads and in any company, overlays, and bad input. */
#include "core/forward.h"

#include "core/buf.h"
#include "kernels/kernels.h"
#include "support/models.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

enum { SEQUENCES = 5, LONGEST = 150 };

static double
worst_difference(const float *a, const float *b, size_t count)
{
	double worst = 0.0;

	for (size_t i = 0; i < count; i++)
		if (!(fabs((double)a[i] - (double)b[i]) <= worst))
			worst = fabs((double)a[i] - (double)b[i]);
	return worst;
}

static void
test_forward__logits_agree_with_transformers(void **state)
{
	(void)state;
	for (const char *const *name = models_fixtures; *name; name++) {
		struct model *model = models_fixture(*name);
		size_t count, values;
		int32_t *ids = models_fixture_values(&count, *name, "ids.i32");
		float *expected = models_fixture_values(&values, *name, "logits.f32");
		float *logits = buf_alloc(values, sizeof(*logits));
		double worst;

		assert_int_equal(values, count * model->shape.vocab);
		assert_ok(
			forward_logits(logits, model, NULL, (struct sequence){ ids, count }, NULL));
		worst = worst_difference(logits, expected, values);
		print_message("%s: logits within %.2g\n", *name, worst);
		assert_true(worst < 1e-4); /* BLAS of another core sums in another order */
		buf_free(logits);
		buf_free(expected);
		buf_free(ids);
		model_free(model);
	}
}

/* Final states of all sequences, run together in the order given. */
static struct hidden *
run_all(const struct model *model, const struct sequence *sequences, const struct work *work)
{
	struct hidden *hidden;

	assert_ok(hidden_create(&hidden, sequences, SEQUENCES, model->shape.hidden));
	assert_ok(forward_embed(hidden, model, NULL, sequences, work));
	for (size_t b = 0; b < model->shape.blocks; b++)
		assert_ok(forward_block(hidden, model, (int)b, NULL, NULL, work));
	return hidden;
}

static void
cut_sequences(struct sequence out[SEQUENCES], const int32_t *ids)
{
	static const size_t lengths[SEQUENCES] = { 150, 1, 64, 129, 0 };

	for (int i = 0; i < SEQUENCES; i++)
		out[i] = (struct sequence){ ids + (150 - lengths[i]), lengths[i] };
}

static void
test_forward__bits_do_not_depend_on_threads_or_company(void **state)
{
	static const size_t orders[][SEQUENCES] = { { 0, 1, 2, 3, 4 },
						    { 4, 3, 2, 1, 0 },
						    { 2, 4, 0, 3, 1 } };

	(void)state;
	for (const char *const *name = models_fixtures; *name; name++) {
		struct model *model = models_fixture(*name);
		size_t count, columns = model->shape.hidden;
		int32_t *ids = models_fixture_values(&count, *name, "ids.i32");
		struct sequence sequences[SEQUENCES], shuffled[SEQUENCES];
		struct hidden *expected, *got;

		cut_sequences(sequences, ids);
		expected = run_all(model, sequences, NULL);
		for (int run = 0; run < 12; run++) {
			struct threads threads;

			threads_open(&threads, run % 4 + 1);
			for (int i = 0; i < SEQUENCES; i++)
				shuffled[i] = sequences[orders[run / 4][i]];
			got = run_all(model, shuffled, &threads.work);
			for (int i = 0; i < SEQUENCES; i++)
				assert_memory_equal(
					got->x + got->start[i] * columns,
					expected->x + expected->start[orders[run / 4][i]] * columns,
					shuffled[i].count * columns * sizeof(float));
			hidden_free(got);
			threads_close(&threads);
		}
		hidden_free(expected);
		buf_free(ids);
		model_free(model);
	}
}

/* A sequence alone is spread over the threads; it gives the bits that it has among others. */
static void
test_forward__one_long_sequence_has_the_bits_it_has_in_a_batch(void **state)
{
	const struct model *model = models_shipped();
	const struct corpus *text = models_text("stories.evaluation");
	struct sequence two[2] = { { text->ids, 400 }, { text->ids + 400, 100 } };
	struct threads threads;
	struct hidden *alone, *both;

	(void)state;
	threads_open(&threads, 3);
	assert_ok(hidden_create(&alone, two, 1, model->shape.hidden));
	assert_ok(hidden_create(&both, two, 2, model->shape.hidden));
	assert_ok(forward_embed(alone, model, NULL, two, &threads.work));
	assert_ok(forward_embed(both, model, NULL, two, &threads.work));
	for (int b = 0; b < 2; b++) {
		assert_ok(forward_block(alone, model, b, NULL, NULL, &threads.work));
		assert_ok(forward_block(both, model, b, NULL, NULL, NULL));
	}
	assert_memory_equal(alone->x, both->x, 400 * model->shape.hidden * sizeof(float));
	hidden_free(alone);
	hidden_free(both);
	threads_close(&threads);
}

static void
negate(const struct activation_effect *effect, float *x, size_t tokens, size_t columns)
{
	(void)effect;
	for (size_t i = 0; i < tokens * columns; i++)
		x[i] = -x[i];
}

/* An effect that turns the sign of a layer's input equals the same layer with its weights turned;
 * its fellows, which read the same input, see nothing of it. */
static void
test_forward__an_effect_touches_its_own_layer_alone(void **state)
{
	static const enum slot slots[] = { SLOT_Q, SLOT_V, SLOT_O, SLOT_UP, SLOT_DOWN };
	const struct activation_effect effect = { .name = "negate", .apply = negate };
	struct model *model = models_fixture("odd_head_dim");
	size_t count, vocab = model->shape.vocab;
	int32_t *ids = models_fixture_values(&count, "odd_head_dim", "ids.i32");
	float *plain = buf_alloc(count * vocab, sizeof(*plain));
	float *turned = buf_alloc(count * vocab, sizeof(*turned));
	float *original = buf_alloc(count * vocab, sizeof(*original));
	struct sequence sequence = { ids, count };

	(void)state;
	assert_ok(forward_logits(original, model, NULL, sequence, NULL));
	for (size_t s = 0; s < sizeof(slots) / sizeof(*slots); s++) {
		int layer = model->blocks[1].layer[slots[s]];
		struct rough_overlay rough;
		size_t elements = model->layers[layer].rows * model->layers[layer].columns;

		rough_open(&rough, model);
		rough_layer(&rough, layer, 0.01f);
		for (size_t i = 0; i < elements; i++)
			rough.weights[layer][i] = -rough.weights[layer][i];
		assert_ok(forward_logits(plain, model, &rough.overlay, sequence, NULL));
		rough_layer(&rough, layer, 0.01f);
		rough.layers[layer].effect = &effect;
		assert_ok(forward_logits(turned, model, &rough.overlay, sequence, NULL));
		assert_memory_equal(plain, turned, count * vocab * sizeof(*plain));
		assert_true(worst_difference(plain, original, count * vocab) > 1e-3);
		rough_close(&rough);
	}
	buf_free(plain);
	buf_free(turned);
	buf_free(original);
	buf_free(ids);
	model_free(model);
}

static void
test_forward__a_replaced_head_and_embedding_are_used(void **state)
{
	static const char *const names[] = { "one_kv_head", "tied_five_heads" };

	(void)state;
	for (int m = 0; m < 2; m++) {
		struct model *model = models_fixture(names[m]);
		int32_t ids[] = { 3, 1, 4, 1, 5 };
		size_t values = 5 * model->shape.vocab;
		float *logits = buf_alloc(values, sizeof(*logits));
		float *changed = buf_alloc(values, sizeof(*changed));
		struct rough_overlay rough;
		int ends[] = { model->embed, model->head };

		rough_open(&rough, model);
		for (int e = 0; e < 2; e++) {
			assert_ok(forward_logits(logits, model, NULL, (struct sequence){ ids, 5 },
						 NULL));
			rough_layer(&rough, ends[e], 0.3f);
			assert_ok(forward_logits(changed, model, &rough.overlay,
						 (struct sequence){ ids, 5 }, NULL));
			assert_true(worst_difference(logits, changed, values) > 1e-2);
			rough_layer(&rough, ends[e], 0.0f);
		}
		rough_close(&rough);
		buf_free(logits);
		buf_free(changed);
		model_free(model);
	}
}

static void
test_forward__bad_ids_and_lengths_are_refused_by_name(void **state)
{
	struct model *model = models_fixture("one_kv_head");
	int32_t ids[200] = { 1, 2, 83 };
	float *logits = buf_alloc(200 * model->shape.vocab, sizeof(*logits));

	(void)state;
	assert_err(ERR_RANGE, "position 2: token id 83 is outside",
		   forward_logits(logits, model, NULL, (struct sequence){ ids, 3 }, NULL));
	ids[2] = -1;
	assert_err(ERR_RANGE, "token id -1",
		   forward_logits(logits, model, NULL, (struct sequence){ ids, 3 }, NULL));
	ids[2] = 0;
	assert_ok(forward_logits(logits, model, NULL, (struct sequence){ ids, 160 }, NULL));
	assert_err(ERR_RANGE, "161 tokens is longer than the model's context of 160",
		   forward_logits(logits, model, NULL, (struct sequence){ ids, 161 }, NULL));
	buf_free(logits);
	model_free(model);
}

static void
test_forward__running_out_of_memory_anywhere_is_reported(void **state)
{
	struct model *model = models_fixture("tied_five_heads");
	int32_t ids[] = { 3, 1, 4 };
	float *logits = buf_alloc(3 * model->shape.vocab, sizeof(*logits));
	enum err code = ERR_NOMEM;
	unsigned long n = 0;

	(void)state;
	while (code) {
		buf_fail_at(++n, 0);
		code = forward_logits(logits, model, NULL, (struct sequence){ ids, 3 }, NULL);
		assert_true(code == OK || code == ERR_NOMEM);
		assert_true(n < 1000);
	}
	buf_fail_at(0, 0);
	assert_true(n > 10);
	buf_free(logits);
	model_free(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forward__logits_agree_with_transformers),
		cmocka_unit_test(test_forward__bits_do_not_depend_on_threads_or_company),
		cmocka_unit_test(test_forward__one_long_sequence_has_the_bits_it_has_in_a_batch),
		cmocka_unit_test(test_forward__an_effect_touches_its_own_layer_alone),
		cmocka_unit_test(test_forward__a_replaced_head_and_embedding_are_used),
		cmocka_unit_test(test_forward__bad_ids_and_lengths_are_refused_by_name),
		cmocka_unit_test(test_forward__running_out_of_memory_anywhere_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
