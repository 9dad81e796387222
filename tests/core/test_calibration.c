/* labels: threads
 * Statistics of layer inputs: as NumPy computes them in float64 from transformers' activations, and
 * the same bits on any threads, in any chunks, whatever else is asked for. */
#include "core/calibration.h"

#include "core/buf.h"
#include "core/file.h"
#include "support/models.h"
#include "support/support.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void
free_all(struct statistics **all, size_t count)
{
	for (size_t i = 0; i < count; i++)
		statistics_free(all[i]);
}

static void
check_values(const char *what, const float *got, const float *expected, size_t count, double *worst)
{
	double largest = 0.0;

	for (size_t i = 0; i < count; i++)
		largest = fmax(largest, fabs((double)expected[i]));
	for (size_t i = 0; i < count; i++) {
		double error = fabs((double)got[i] - (double)expected[i]) / largest;

		if (!(error < 5e-6))
			fail_msg("%s[%zu] = %.9g, expected %.9g", what, i, (double)got[i],
				 (double)expected[i]);
		*worst = fmax(*worst, error);
	}
}

static void
test_calibration__statistics_agree_with_float64_numpy(void **state)
{
	(void)state;
	for (const char *const *name = models_fixtures; *name; name++) {
		struct model *model = models_fixture(*name);
		size_t count, values, inputs = model->input_count;
		int32_t *ids = models_fixture_values(&count, *name, "ids.i32");
		float *file = models_fixture_values(&values, *name, "statistics.f32"), *at = file;
		struct sequence sequences[] = { { ids, 70 }, { ids + 70, 1 }, { ids + 71, 79 } };
		struct statistics *got[16];
		struct calibration_request request = {
			.model = model, .sequences = sequences, .sequence_count = 3, .gram = true
		};
		double worst = 0.0;

		assert_true(inputs <= 16);
		assert_ok(calibration_run(got, &request, NULL));
		for (size_t i = 0; i < inputs; i++) {
			size_t n = model->inputs[i].columns;

			assert_int_equal(got[i]->tokens, 150);
			assert_int_equal(got[i]->columns, n);
			if (model->inputs[i].block == (int)model->shape.blocks)
				continue; /* the head's: below */
			check_values("mean_abs", got[i]->mean_abs, at, n, &worst);
			check_values("mean_sq", got[i]->mean_sq, at + n, n, &worst);
			check_values("max_abs", got[i]->max_abs, at + 2 * n, n, &worst);
			check_values("gram", got[i]->gram, at + 3 * n, n * n, &worst);
			at += 3 * n + n * n;
		}
		assert_ptr_equal(at, file + values);
		print_message("%s: statistics within %.2g of their largest\n", *name, worst);
		free_all(got, inputs);
		buf_free(ids);
		buf_free(file);
		model_free(model);
	}
}

/* What the head reads has been normalized: with the gains divided out its squares average to 1. */
static void
test_calibration__the_heads_input_is_the_final_norm(void **state)
{
	struct model *model = models_fixture("one_kv_head");
	int input = model->layers[model->head].input;
	int32_t ids[] = { 5, 6, 7, 8 };
	struct sequence sequence = { ids, 4 };
	struct statistics *got[16];
	bool asked[16] = { false };
	struct calibration_request request = {
		.model = model, .sequences = &sequence, .sequence_count = 1, .inputs = asked
	};
	float gain[64];
	double sum = 0.0;

	(void)state;
	asked[input] = true;
	assert_ok(calibration_run(got, &request, NULL));
	assert_ok(
		tensor_read(gain, model->outside.vector[SLOT_FINAL_NORM], 0, model->shape.hidden));
	for (size_t i = 0; i < model->shape.hidden; i++)
		sum += (double)(got[input]->mean_sq[i] / gain[i] / gain[i]);
	assert_true(fabs(sum / (double)model->shape.hidden - 1.0) < 1e-4);
	assert_null(got[input]->gram);
	for (size_t i = 0; i < model->input_count; i++)
		assert_true((got[i] != NULL) == ((int)i == input));
	free_all(got, model->input_count);
	model_free(model);
}

static void
assert_same(const struct statistics *a, const struct statistics *b)
{
	size_t n = a->columns;

	assert_int_equal(a->tokens, b->tokens);
	assert_memory_equal(a->mean_abs, b->mean_abs, n * sizeof(float));
	assert_memory_equal(a->mean_sq, b->mean_sq, n * sizeof(float));
	assert_memory_equal(a->max_abs, b->max_abs, n * sizeof(float));
	assert_memory_equal(a->gram, b->gram, n * n * sizeof(float));
}

enum { WINDOWS = 7, INPUTS_MAX = 64 };

static void
test_calibration__bits_do_not_depend_on_threads_or_what_is_asked(void **state)
{
	const struct model *model = models_shipped();
	const struct corpus *text = models_text("code.calibration");
	struct sequence sequences[WINDOWS];
	struct statistics *expected[INPUTS_MAX], *got[INPUTS_MAX];
	struct calibration_request request = {
		.model = model, .sequences = sequences, .sequence_count = WINDOWS, .gram = true
	};

	(void)state;
	assert_true(model->input_count <= INPUTS_MAX);
	for (size_t i = 0; i < WINDOWS; i++)
		sequences[i] = (struct sequence){ text->ids + 200 * i, 20 + 30 * i };
	assert_ok(calibration_run(expected, &request, NULL));
	for (int run = 1; run <= 4; run++) {
		struct threads threads;
		bool asked[INPUTS_MAX];

		threads_open(&threads, run);
		for (int i = 0; i < INPUTS_MAX; i++)
			asked[i] = i % run == run - 1;
		request.inputs = asked;
		request.memory = (size_t)(run - 1)
				 << 20; /* chunks of all, one, two sequences ... */
		assert_ok(calibration_run(got, &request, &threads.work));
		for (size_t i = 0; i < model->input_count; i++) {
			if (asked[i])
				assert_same(expected[i], got[i]);
			else
				assert_null(got[i]);
		}
		free_all(got, model->input_count);
		threads_close(&threads);
	}
	free_all(expected, model->input_count);
}

/* Progress counts tokens times the blocks that must run, and no others. */
static void
test_calibration__stops_after_the_last_block_needed(void **state)
{
	const struct model *model = models_shipped();
	const struct corpus *text = models_text("code.calibration");
	struct sequence sequence = { text->ids, 64 };
	struct statistics *got[INPUTS_MAX];
	bool asked[INPUTS_MAX] = { false };
	atomic_uint_fast64_t done = 0, total = 0;
	struct work work = { .done = &done, .total = &total };
	struct calibration_request request = {
		.model = model, .sequences = &sequence, .sequence_count = 1, .inputs = asked
	};

	(void)state;
	asked[model->layers[model->blocks[1].layer[SLOT_DOWN]].input] = true;
	assert_ok(calibration_run(got, &request, &work));
	assert_int_equal(atomic_load(&done), 2 * 64);
	assert_int_equal(atomic_load(&total), 2 * 64);
	free_all(got, model->input_count);
	memset(asked, 0, sizeof(asked));
	assert_ok(calibration_run(got, &request, &work));
	assert_int_equal(atomic_load(&done), 2 * 64);
}

static void
test_calibration__what_lies_upstream_is_taken_quantized(void **state)
{
	const struct model *model = models_shipped();
	const struct corpus *text = models_text("stories.calibration");
	struct sequence sequence = { text->ids, 64 };
	struct statistics *plain[INPUTS_MAX], *got[INPUTS_MAX];
	struct rough_overlay rough;
	struct calibration_request request = {
		.model = model, .sequences = &sequence, .sequence_count = 1, .gram = true
	};

	(void)state;
	assert_ok(calibration_run(plain, &request, NULL));
	rough_open(&rough, model);
	rough_layer(&rough, model->blocks[1].layer[SLOT_V], 0.3f);
	request.overlay = &rough.overlay;
	assert_ok(calibration_run(got, &request, NULL));
	for (size_t i = 0; i < model->input_count; i++) {
		const struct model_input *input = &model->inputs[i];
		bool before = input->block == 0 ||
			      (int)i == model->layers[model->blocks[1].layer[SLOT_V]].input;

		assert_true(before ==
			    !memcmp(plain[i]->mean_sq, got[i]->mean_sq, input->columns * 4));
	}
	free_all(plain, model->input_count);
	free_all(got, model->input_count);
	rough_close(&rough);
}

/* ------------------------------------------------------- limits, spilling, going on later */

struct small { /* the shipped model on a few windows, with little memory and a disk behind it */
	struct sequence sequences[WINDOWS];
	struct states *states;
	struct spill *spill;
	struct calibration_request request;
};

static void
small_open(struct small *small)
{
	const struct corpus *text = models_text("code.calibration");

	support_clean();
	for (size_t i = 0; i < WINDOWS; i++)
		small->sequences[i] = (struct sequence){ text->ids + 200 * i, 12 + 5 * i };
	assert_ok(spill_create(&small->spill, support_folder(), 64 << 20));
	/* a few windows of one block */
	assert_ok(states_create(&small->states, 40 << 10, small->spill));
	small->request = (struct calibration_request){ .model = models_shipped(),
						       .sequences = small->sequences,
						       .sequence_count = WINDOWS,
						       .gram = true,
						       .memory = 1,
						       .sums = 1,
						       .states = small->states };
}

static void
small_close(struct small *small)
{
	states_free(small->states);
	spill_unref(small->spill);
}

static void
assert_folder_empty(void)
{
	DIR *dir = opendir(support_folder());
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		assert_true(entry->d_name[0] == '.');
	closedir(dir);
}

/* Every sequence by itself, every input in a run of its own, most states by way of the disk. */
static void
test_calibration__a_tight_limit_gives_the_same_bits(void **state)
{
	struct statistics *expected[INPUTS_MAX], *got[INPUTS_MAX];
	struct calibration_request roomy;
	struct small small;

	(void)state;
	small_open(&small);
	roomy = small.request;
	roomy.memory = roomy.sums = 0;
	roomy.states = NULL;
	assert_ok(calibration_run(expected, &roomy, NULL));
	assert_ok(calibration_run(got, &small.request, NULL));
	assert_true(states_spilled(small.states) > states_bytes(small.states));
	for (size_t i = 0; i < roomy.model->input_count; i++)
		assert_same(expected[i], got[i]);
	assert_folder_empty();
	free_all(expected, roomy.model->input_count);
	free_all(got, roomy.model->input_count);
	small_close(&small);
}

/* Whichever write meets a full disk, the outcome is the same. */
static void
test_calibration__a_full_disk_costs_time_alone(void **state)
{
	struct statistics *expected[INPUTS_MAX], *got[INPUTS_MAX];
	struct small small;

	(void)state;
	for (unsigned long n = 0; n < 40; n += n < 4 ? 1 : 12) {
		small_open(&small);
		file_fail_at(n, ENOSPC);
		assert_ok(calibration_run(n ? got : expected, &small.request, NULL));
		file_fail_at(0, 0);
		for (size_t i = 0; n && i < small.request.model->input_count; i++)
			assert_same(expected[i], got[i]);
		if (n)
			free_all(got, small.request.model->input_count);
		assert_folder_empty();
		small_close(&small);
	}
	free_all(expected, models_shipped()->input_count);
}

struct stopping {
	atomic_bool cancel;
	int after; /* so many statistics have come */
	struct statistics *got[INPUTS_MAX];
};

static enum err
take_and_stop(void *ctx, int input, struct statistics *statistics)
{
	struct stopping *s = ctx;

	statistics_free(s->got[input]);
	s->got[input] = statistics;
	atomic_store(&s->cancel, --s->after == 0);
	return OK;
}

/* Stopped in the middle, with states on disk; the next run goes on from them. */
static void
test_calibration__cancelled_while_spilling_it_goes_on_without_litter(void **state)
{
	struct stopping stopping = { .after = 6 };
	struct calibration_outlet outlet = { take_and_stop, &stopping };
	atomic_uint_fast64_t whole = 0, done = 0;
	struct work work = { .cancel = &stopping.cancel, .done = &whole };
	struct statistics *expected[INPUTS_MAX];
	struct small small;

	(void)state;
	small_open(&small);
	assert_ok(calibration_run(expected, &small.request, &work));
	small_close(&small);
	small_open(&small);
	work.done = &done;
	assert_int_equal(calibration_each(&small.request, &outlet, &work), ERR_CANCELLED);
	assert_true(states_spilled(small.states) > 0);
	assert_folder_empty();
	atomic_store(&stopping.cancel, false);
	atomic_store(&done, 0);
	assert_ok(calibration_each(&small.request, &outlet, &work));
	for (size_t i = 0; i < small.request.model->input_count; i++)
		assert_same(expected[i], stopping.got[i]);
	small_close(&small);
	assert_folder_empty();
	free_all(expected, models_shipped()->input_count);
	free_all(stopping.got, models_shipped()->input_count);
}

/* Block after block through ever more that is quantized: each runs once as it was, for its
 * statistics, and once as it became. */
static void
test_calibration__what_propagates_runs_each_block_twice(void **state)
{
	const struct model *model = models_shipped();
	const struct corpus *text = models_text("code.calibration");
	struct sequence sequence = { text->ids, 64 };
	struct statistics *got[INPUTS_MAX];
	struct rough_overlay rough;
	struct states *states;
	atomic_uint_fast64_t done = 0, total = 0;
	struct work work = { .done = &done, .total = &total };
	bool asked[INPUTS_MAX];
	struct calibration_request request = {
		.model = model, .sequences = &sequence, .sequence_count = 1, .inputs = asked
	};

	(void)state;
	rough_open(&rough, model);
	assert_ok(states_create(&states, 64 << 20, NULL));
	request.states = states;
	request.overlay = &rough.overlay;
	for (size_t b = 0; b < model->shape.blocks; b++) {
		for (size_t i = 0; i < model->input_count; i++)
			asked[i] = model->inputs[i].block == (int)b;
		atomic_store(&done, 0);
		atomic_store(&total, 0);
		assert_ok(calibration_run(got, &request, &work));
		assert_int_equal(atomic_load(&done), (b ? 2 : 1) * 64);
		assert_int_equal(atomic_load(&total), (b ? 2 : 1) * 64);
		free_all(got, model->input_count);
		rough_layer(&rough, model->blocks[b].layer[SLOT_DOWN], 0.2f);
	}
	rough_close(&rough);
	states_free(states);
}

static void
test_calibration__running_out_of_memory_anywhere_leaves_nothing(void **state)
{
	struct model *model = models_fixture("tied_five_heads");
	int32_t ids[] = { 5, 6, 7, 8 };
	struct sequence sequence = { ids, 4 };
	struct statistics *got[16];
	struct calibration_request request = {
		.model = model, .sequences = &sequence, .sequence_count = 1, .gram = true
	};
	enum err code = ERR_NOMEM;

	(void)state;
	for (unsigned long n = 1; code; n++) {
		assert_true(n < 1000);
		buf_fail_at(n, 0);
		code = calibration_run(got, &request, NULL);
		assert_true(code == OK || code == ERR_NOMEM);
		for (size_t i = 0; i < model->input_count; i++)
			assert_true((got[i] != NULL) == (code == OK));
	}
	buf_fail_at(0, 0);
	free_all(got, model->input_count);
	model_free(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calibration__statistics_agree_with_float64_numpy),
		cmocka_unit_test(test_calibration__the_heads_input_is_the_final_norm),
		cmocka_unit_test(test_calibration__bits_do_not_depend_on_threads_or_what_is_asked),
		cmocka_unit_test(test_calibration__stops_after_the_last_block_needed),
		cmocka_unit_test(test_calibration__what_lies_upstream_is_taken_quantized),
		cmocka_unit_test(test_calibration__a_tight_limit_gives_the_same_bits),
		cmocka_unit_test(test_calibration__a_full_disk_costs_time_alone),
		cmocka_unit_test(
			test_calibration__cancelled_while_spilling_it_goes_on_without_litter),
		cmocka_unit_test(test_calibration__what_propagates_runs_each_block_twice),
		cmocka_unit_test(test_calibration__running_out_of_memory_anywhere_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
