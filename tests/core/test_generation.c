/* labels: threads
 * Greedy generation with kept keys and values: on every family's fixtures the tokens that running
 * the whole sequence anew gives, logits within 1e-5 of those (in
 * proportion where they are above 1); in any company and on any threads the
 * same; with overlays and effects; and what it refuses. */
#include "core/generation.h"

#include "core/buf.h"
#include "core/json.h"
#include "support/models.h"
#include "support/support.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STEPS = 24, PATH = 1200, PROMPTS = 3 };

/* The logits behind a whole sequence, as evaluation computes them. */
static void
last_logits(float *out, const struct model *model, const struct overlay *overlay,
	    const int32_t *ids, size_t count)
{
	size_t vocab = model->shape.vocab;
	float *all = buf_alloc(count * vocab, sizeof(*all));

	assert_ok(forward_logits(all, model, overlay, (struct sequence){ ids, count }, NULL));
	memcpy(out, all + (count - 1) * vocab, vocab * sizeof(*out));
	buf_free(all);
}

/* No further apart than rounding may turn them. */
static bool
nearly_tied(const float *logits, int32_t a, int32_t b)
{
	return fabs((double)logits[a] - (double)logits[b]) < 1e-4;
}

/* Step by step through full recomputation; the tokens that the cache gave must be those, but where
 * two are tied to within rounding: from there on the texts may differ. */
static bool
same_as_anew(const struct model *model, const struct overlay *overlay, struct sequence prompt,
	     const int32_t *made, size_t length, const char *what)
{
	size_t vocab = model->shape.vocab, count = prompt.count;
	int32_t ids[256 + STEPS];
	float *logits = buf_alloc(vocab, sizeof(*logits));
	bool same = true;

	memcpy(ids, prompt.ids, count * sizeof(*ids));
	for (size_t i = 0; i < length && same; i++) {
		int32_t best;

		last_logits(logits, model, overlay, ids, count);
		best = generation_choose(logits, vocab);
		if (best != made[i] && nearly_tied(logits, best, made[i])) {
			print_message("%s: token %zu is tied\n", what, i);
			break;
		}
		same = best == made[i];
		if (!same)
			print_message("%s: token %zu is %d, anew %d\n", what, i, made[i], best);
		ids[count++] = made[i];
	}
	buf_free(logits);
	return same;
}

/* A prompt of ids spread over the vocabulary. */
static void
make_ids(int32_t *out, size_t count, const struct model *model, uint64_t seed)
{
	for (size_t i = 0; i < count; i++)
		out[i] = (int32_t)(support_uniform(&seed) * (double)model->shape.vocab);
}

static bool
check_model(const struct model *model, const char *what)
{
	static const size_t lengths[PROMPTS] = { 1, 7, 40 };
	int32_t ids[PROMPTS][64];
	struct sequence prompts[PROMPTS];
	struct generation_request request = {
		.model = model, .prompts = prompts, .max_tokens = STEPS, .eos = -1
	};
	struct generation *made;
	bool same = true;

	for (int i = 0; i < PROMPTS; i++) {
		size_t most = model_longest(model) - 2;

		make_ids(ids[i], lengths[i], model, 7 + (uint64_t)i);
		prompts[i] = (struct sequence){ ids[i], lengths[i] < most ? lengths[i] : most };
	}
	request.count = PROMPTS;
	assert_ok(generation_run(&made, &request, NULL));
	for (size_t i = 0; i < PROMPTS; i++) {
		size_t room = model_longest(model) - prompts[i].count;

		assert_int_equal(made->length[i], room < STEPS ? room : STEPS);
		same &= same_as_anew(model, NULL, prompts[i], made->ids + i * made->stride,
				     made->length[i], what);
	}
	generation_free(made);
	return same;
}

static void
test_generation__every_family_gives_what_recomputing_gives(void **state)
{
	const char *folder = support_source("tests/core/fixtures/families");
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int seen = 0, failed = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		struct model *model;
		char path[PATH];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		assert_ok(model_open(&model, path));
		failed += !check_model(model, entry->d_name);
		model_free(model);
		seen++;
	}
	closedir(dir);
	print_message("%d fixtures, %d differ\n", seen, failed);
	assert_true(seen > 0);
	assert_int_equal(failed, 0);
}

/* ------------------------------------------------------------------------- transformers */

static size_t
read_ids(int32_t out[64], const struct json *list)
{
	size_t count = 0;

	assert_true(list && list->length <= 64);
	for (const struct json *id = list->first; id; id = id->next)
		out[count++] = (int32_t)id->magnitude;
	return count;
}

static bool
same_as_listed(const struct json *entry)
{
	const char *folder = json_get(entry, "model")->string;
	int32_t prompt_ids[64], expected[64];
	struct sequence prompt = { prompt_ids, read_ids(prompt_ids, json_get(entry, "prompt")) };
	size_t count = read_ids(expected, json_get(entry, "made"));
	struct generation_request request = {
		.prompts = &prompt, .count = 1, .max_tokens = count, .eos = -1
	};
	struct generation *made;
	struct model *model;
	bool same;

	assert_ok(model_open(&model, support_source(folder)));
	request.model = model;
	assert_ok(generation_run(&made, &request, NULL));
	same = made->length[0] == count && !memcmp(made->ids, expected, count * sizeof(*expected));
	if (!same)
		print_message("%s: %zu tokens differ from transformers\n", folder, count);
	generation_free(made);
	model_free(model);
	return same;
}

static void
test_generation__writes_what_transformers_writes(void **state)
{
	const char *path = support_source("tests/core/fixtures/generation.json");
	struct json_document *document;
	int failed = 0;

	(void)state;
	assert_ok(json_read(&document, path, 1 << 20));
	for (const struct json *entry = json_root(document)->first; entry; entry = entry->next)
		failed += !same_as_listed(entry);
	assert_true(json_root(document)->length > 20);
	json_free(document);
	assert_int_equal(failed, 0);
}

/* ------------------------------------------------------------------------------- logits */

/* Everything of a sequence but its first `head` tokens one by one behind kept keys and values. */
static void
piecewise(float *logits, const struct model *model, struct sequence sequence, size_t head)
{
	size_t blocks = model->shape.blocks, n = sequence.count, done = 0;
	size_t width = model->shape.kv_heads * model->shape.head_dim;
	float *cache = buf_alloc(2 * blocks * n * width, sizeof(*cache));
	struct forward_head *top;

	assert_ok(forward_head_open(&top, model, NULL, NULL));
	while (done < n) {
		struct sequence now = { sequence.ids + done, done ? 1 : head };
		struct hidden *hidden;

		assert_ok(hidden_create(&hidden, &now, 1, model->shape.hidden));
		assert_ok(forward_embed_after(hidden, model, NULL, &now, &done, NULL));
		for (size_t b = 0; b < blocks; b++) {
			float *key = cache + 2 * b * n * width, *value = key + n * width;
			struct forward_past past = { .done = &done, .key = &key, .value = &value };

			assert_ok(forward_block_after(hidden, model, (int)b, NULL, &past, NULL));
		}
		assert_ok(forward_head_logits(logits + done * model->shape.vocab, top, hidden->x,
					      now.count, NULL));
		hidden_free(hidden);
		done += now.count;
	}
	forward_head_free(top);
	buf_free(cache);
}

static void
test_forward_after__logits_are_those_of_all_tokens_at_once(void **state)
{
	(void)state;
	for (const char *const *name = models_fixtures; *name; name++) {
		struct model *model = models_fixture(*name);
		size_t count, vocab = model->shape.vocab;
		int32_t *ids = models_fixture_values(&count, *name, "ids.i32");
		float *whole = buf_alloc(count * vocab, sizeof(*whole));
		float *parts = buf_alloc(count * vocab, sizeof(*parts));
		struct sequence sequence = { ids, count };
		double worst = 0, largest = 1;

		assert_ok(forward_logits(whole, model, NULL, sequence, NULL));
		piecewise(parts, model, sequence, 5);
		for (size_t i = 0; i < count * vocab; i++) {
			worst = fmax(worst, fabs((double)whole[i] - (double)parts[i]));
			largest = fmax(largest, fabs((double)whole[i]));
		}
		print_message("%s: logits up to %.2g within %.2g\n", *name, largest, worst);
		assert_true(worst < 1e-5 * largest);
		buf_free(whole);
		buf_free(parts);
		buf_free(ids);
		model_free(model);
	}
}

/* ------------------------------------------------------------------- company, overlays */

static struct generation *
from_stories(const struct overlay *overlay, size_t first, size_t count, size_t memory,
	     const struct work *work)
{
	const struct corpus *text = models_text("stories.evaluation");
	struct sequence prompts[8];
	struct generation_request request = { .model = models_shipped(),
					      .overlay = overlay,
					      .prompts = prompts,
					      .count = count,
					      .max_tokens = STEPS,
					      .memory = memory,
					      .eos = -1 };
	struct generation *made;

	for (size_t i = 0; i < count; i++)
		prompts[i] =
			(struct sequence){ text->ids + 100 * (first + i), 5 + 17 * (first + i) };
	assert_ok(generation_run(&made, &request, work));
	return made;
}

static void
test_generation__a_prompt_gives_the_same_alone_and_in_company(void **state)
{
	struct threads threads;
	struct generation *all, *alone, *narrow;

	(void)state;
	threads_open(&threads, 3);
	all = from_stories(NULL, 0, 8, 0, &threads.work);
	narrow = from_stories(NULL, 0, 8, 2 << 20, NULL); /* a few at a time, weights not kept */
	assert_memory_equal(all->ids, narrow->ids, 8 * all->stride * sizeof(*all->ids));
	for (size_t i = 0; i < 8; i++) {
		alone = from_stories(NULL, i, 1, 0, i % 2 ? &threads.work : NULL);
		assert_int_equal(alone->length[0], all->length[i]);
		assert_memory_equal(alone->ids, all->ids + i * all->stride,
				    alone->length[0] * sizeof(*alone->ids));
		generation_free(alone);
	}
	generation_free(all);
	generation_free(narrow);
	threads_close(&threads);
}

static void
halve(const struct activation_effect *effect, float *x, size_t tokens, size_t columns)
{
	(void)effect;
	for (size_t i = 0; i < tokens * columns; i++)
		x[i] = 0.5f * x[i];
}

static void
test_generation__overlays_and_effects_are_those_of_evaluation(void **state)
{
	const struct model *model = models_shipped();
	const struct corpus *text = models_text("stories.evaluation");
	const struct activation_effect effect = { .name = "halve", .apply = halve };
	struct rough_overlay rough;
	struct generation *made, *plain = from_stories(NULL, 0, 4, 0, NULL);

	(void)state;
	rough_open(&rough, model);
	for (size_t i = 0; i < model->layer_count; i++)
		if (model->layers[i].block >= 0)
			rough_layer(&rough, (int)i, 0.1f);
	rough.layers[model->blocks[2].layer[SLOT_UP]].effect = &effect;
	made = from_stories(&rough.overlay, 0, 4, 0, NULL);
	assert_memory_not_equal(made->ids, plain->ids, 4 * STEPS * sizeof(*made->ids));
	for (size_t i = 0; i < 4; i++) {
		struct sequence prompt = { text->ids + 100 * i, 5 + 17 * i };

		assert_true(same_as_anew(model, &rough.overlay, prompt,
					 made->ids + i * made->stride, made->length[i], "rough"));
	}
	generation_free(made);
	generation_free(plain);
	rough_close(&rough);
}

/* ------------------------------------------------------------------------ ends, refusals */

static bool
after_three(void *ctx, size_t prompt, const int32_t *ids, size_t count)
{
	size_t *calls = ctx;

	(void)ids;
	++*calls;
	return prompt == 1 && count == 3;
}

static void
test_generation__stops_at_eos_where_the_caller_says_and_at_the_context(void **state)
{
	const struct model *model = models_shipped();
	const struct corpus *text = models_text("stories.evaluation");
	struct sequence prompts[2] = { { text->ids, 20 }, { text->ids + 50, 20 } };
	size_t calls = 0;
	struct generation_request request = { .model = model,
					      .prompts = prompts,
					      .count = 2,
					      .max_tokens = 8,
					      .eos = -1,
					      .stop = after_three,
					      .stop_ctx = &calls };
	struct generation *made;

	(void)state;
	assert_ok(generation_run(&made, &request, NULL));
	assert_int_equal(made->length[0], 8);
	assert_int_equal(made->length[1], 3);
	assert_true(calls > 0);
	request.stop = NULL;
	request.eos = made->ids[4];
	generation_free(made);
	assert_ok(generation_run(&made, &request, NULL));
	assert_true(made->length[0] <= 5);
	assert_int_equal(made->ids[made->length[0] - 1], request.eos);
	generation_free(made);
	prompts[0] = (struct sequence){ text->ids, model->shape.context - 2 };
	request.eos = -1;
	assert_ok(generation_run(&made, &request, NULL));
	assert_int_equal(made->length[0], 2);
	generation_free(made);
}

static void
test_generation__refuses_what_it_cannot_hold(void **state)
{
	const struct model *model = models_shipped();
	const struct corpus *text = models_text("stories.evaluation");
	struct sequence prompt = { text->ids, 0 };
	struct generation_request request = {
		.model = model, .prompts = &prompt, .count = 1, .max_tokens = 4, .eos = -1
	};
	struct generation *made;

	(void)state;
	assert_err(ERR_RANGE, "prompt 1: holds no token", generation_run(&made, &request, NULL));
	prompt.count = model->shape.context;
	assert_err(ERR_RANGE, "leave no room in the model's context of 512",
		   generation_run(&made, &request, NULL));
	prompt.count = 400;
	request.memory = 1 << 20;
	assert_err(ERR_NOMEM, "keys and values of 404 tokens take",
		   generation_run(&made, &request, NULL));
	request.count = 0;
	assert_ok(generation_run(&made, &request, NULL));
	generation_free(made);
}

static void
test_generation__survives_any_failed_allocation(void **state)
{
	struct model *model = models_fixture("odd_head_dim");
	int32_t ids[3] = { 1, 2, 3 };
	struct sequence prompt = { ids, 3 };
	struct generation_request request = {
		.model = model, .prompts = &prompt, .count = 1, .max_tokens = 2, .eos = -1
	};
	struct generation *made;
	enum err code = ERR_NOMEM;

	(void)state;
	for (unsigned long n = 1; code; n++) {
		buf_fail_at(n, 0);
		code = generation_run(&made, &request, NULL);
		buf_fail_at(0, 0);
		assert_true(code == OK || code == ERR_NOMEM);
		assert_true(n < 10000);
	}
	generation_free(made);
	model_free(model);
}

static void
test_generation_choose__takes_the_first_of_the_largest(void **state)
{
	const float tied[] = { 1, 3, 2, 3 }, nan[] = { 1, NAN, 2, 0 };

	(void)state;
	assert_int_equal(generation_choose(tied, 4), 1);
	assert_int_equal(generation_choose(nan, 4), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generation__every_family_gives_what_recomputing_gives),
		cmocka_unit_test(test_generation__writes_what_transformers_writes),
		cmocka_unit_test(test_forward_after__logits_are_those_of_all_tokens_at_once),
		cmocka_unit_test(test_generation__a_prompt_gives_the_same_alone_and_in_company),
		cmocka_unit_test(test_generation__overlays_and_effects_are_those_of_evaluation),
		cmocka_unit_test(
			test_generation__stops_at_eos_where_the_caller_says_and_at_the_context),
		cmocka_unit_test(test_generation__refuses_what_it_cannot_hold),
		cmocka_unit_test(test_generation__survives_any_failed_allocation),
		cmocka_unit_test(test_generation_choose__takes_the_first_of_the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
