/* labels: threads
 * Likelihoods of choices behind a prompt they share: those that whole sequences have, in any
 * company and on any threads the same, and what is refused. */
#include "core/likelihood.h"

#include "core/buf.h"
#include "support/models.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

enum { ITEMS = 6, CHOICES = 3 };

struct made { /* items over the stories */
	struct sequence choices[ITEMS][CHOICES];
	struct likelihood_item items[ITEMS];
};

static void
make(struct made *out, size_t shift)
{
	static const size_t prompts[ITEMS] = { 1, 30, 5, 2, 90, 17 };
	static const size_t lengths[CHOICES] = { 1, 4, 40 };
	const struct corpus *text = models_text("stories.evaluation");

	for (size_t i = 0; i < ITEMS; i++) {
		const int32_t *ids = text->ids + shift + 200 * i;

		for (size_t c = 0; c < CHOICES; c++)
			out->choices[i][c] =
				(struct sequence){ ids + prompts[i] + 7 * c, lengths[c] };
		out->items[i] =
			(struct likelihood_item){ { ids, prompts[i] }, out->choices[i], CHOICES };
	}
}

/* By the logits of the whole sequence. */
static double
nll_anew(const struct model *model, const struct overlay *overlay, struct sequence prompt,
	 struct sequence choice)
{
	size_t n = prompt.count + choice.count, vocab = model->shape.vocab;
	int32_t ids[256];
	float *logits = buf_alloc(n * vocab, sizeof(*logits));
	double sum = 0;

	memcpy(ids, prompt.ids, prompt.count * sizeof(*ids));
	memcpy(ids + prompt.count, choice.ids, choice.count * sizeof(*ids));
	assert_ok(forward_logits(logits, model, overlay, (struct sequence){ ids, n }, NULL));
	for (size_t i = prompt.count; i < n; i++) {
		const float *row = logits + (i - 1) * vocab;
		double total = 0;

		for (size_t k = 0; k < vocab; k++)
			total += exp((double)row[k]);
		sum += log(total) - (double)row[ids[i]];
	}
	buf_free(logits);
	return sum;
}

static void
test_likelihood__is_that_of_the_whole_sequence(void **state)
{
	const struct model *model = models_shipped();
	struct rough_overlay rough;
	double out[ITEMS * CHOICES];
	struct made made;

	(void)state;
	make(&made, 0);
	rough_open(&rough, model);
	rough_layer(&rough, model->blocks[1].layer[SLOT_DOWN], 0.2f);
	for (int k = 0; k < 2; k++) {
		const struct overlay *overlay = k ? &rough.overlay : NULL;
		struct likelihood_request request = { model, overlay, made.items, ITEMS, 0 };

		assert_ok(likelihood_run(out, &request, NULL));
		for (size_t i = 0; i < ITEMS * CHOICES; i++) {
			double anew = nll_anew(model, overlay, made.items[i / CHOICES].prompt,
					       made.choices[i / CHOICES][i % CHOICES]);

			assert_true(fabs(out[i] - anew) < 1e-4 * fmax(1, anew));
		}
	}
	rough_close(&rough);
}

static void
test_likelihood__is_the_same_in_any_company(void **state)
{
	double all[ITEMS * CHOICES], one[ITEMS * CHOICES];
	struct likelihood_request request = { .model = models_shipped(), .count = ITEMS };
	struct threads threads;
	struct made made;

	(void)state;
	make(&made, 50);
	threads_open(&threads, 3);
	request.items = made.items;
	assert_ok(likelihood_run(all, &request, &threads.work));
	request.memory = 1; /* one item at a time */
	assert_ok(likelihood_run(one, &request, NULL));
	assert_memory_equal(all, one, sizeof(all));
	threads_close(&threads);
}

static void
test_likelihood__refuses_nothing_and_too_much(void **state)
{
	const struct model *model = models_shipped();
	struct likelihood_request request = { .model = model, .count = ITEMS };
	double out[ITEMS * CHOICES];
	struct made made;
	int32_t outside = (int32_t)model->shape.vocab;

	(void)state;
	make(&made, 0);
	request.items = made.items;
	made.items[2].prompt.count = 0;
	assert_err(ERR_RANGE, "item 3: its prompt holds no token",
		   likelihood_run(out, &request, NULL));
	make(&made, 0);
	made.choices[1][2].count = 0;
	assert_err(ERR_RANGE, "item 2: choice 2 holds no token",
		   likelihood_run(out, &request, NULL));
	make(&made, 0);
	made.choices[1][2] = (struct sequence){ &outside, 1 };
	assert_err(ERR_RANGE, "outside the vocabulary of 2048",
		   likelihood_run(out, &request, NULL));
	make(&made, 0);
	made.items[0].prompt.count = 500;
	assert_err(ERR_RANGE, "539 tokens are more than the model's context of 512",
		   likelihood_run(out, &request, NULL));
}

static void
test_likelihood__survives_any_failed_allocation(void **state)
{
	struct model *model = models_fixture("odd_head_dim");
	int32_t ids[6] = { 1, 2, 3, 4, 5, 6 };
	struct sequence choices[2] = { { ids + 2, 1 }, { ids + 3, 2 } };
	struct likelihood_item item = { { ids, 2 }, choices, 2 };
	struct likelihood_request request = { model, NULL, &item, 1, 0 };
	double out[2];
	enum err code = ERR_NOMEM;

	(void)state;
	for (unsigned long n = 1; code; n++) {
		buf_fail_at(n, 0);
		code = likelihood_run(out, &request, NULL);
		buf_fail_at(0, 0);
		assert_true(code == OK || code == ERR_NOMEM);
		assert_true(n < 10000);
	}
	model_free(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_likelihood__is_that_of_the_whole_sequence),
		cmocka_unit_test(test_likelihood__is_the_same_in_any_company),
		cmocka_unit_test(test_likelihood__refuses_nothing_and_too_much),
		cmocka_unit_test(test_likelihood__survives_any_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
