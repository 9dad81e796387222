/* labels: slow
 * Error bars say what they promise: over 20 disjoint parts of a text, the 95 % interval of the
 * difference in loss covers the value of the whole text at least 17 times. */
#include "core/buf.h"
#include "core/evaluation.h"
#include "support/models.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

enum { PARTS = 20, LEAST = 17 };

struct setting {
	const struct model *model;
	const struct corpus *text;
	size_t context, windows; /* of one part */
	float step;              /* how coarse every layer of every block is made */
};

static struct eval_result
evaluate_part(const struct setting *s, int part, const struct overlay *overlay,
	      const struct work *work)
{
	size_t tokens = s->context * s->windows;
	struct corpus corpus = *s->text;
	struct evaluator_request request = { .model = s->model,
					     .corpus = &corpus,
					     .protocol = protocol_find("window"),
					     .context = s->context,
					     .bos = -1 };
	struct evaluator *evaluator;
	struct eval_result result;

	assert_true(s->text->count >= tokens * PARTS);
	corpus.ids += (size_t)part * tokens;
	corpus.count = tokens;
	assert_ok(evaluator_create(&evaluator, &request));
	assert_ok(evaluator_run(&result, evaluator, overlay, work));
	assert_int_equal(result.windows, s->windows);
	evaluator_free(evaluator);
	return result;
}

static void
check_coverage(const struct setting *s)
{
	struct eval_result parts[PARTS];
	struct rough_overlay rough;
	struct threads threads;
	double whole = 0.0, paired = 0.0, unpaired = 0.0;
	int covered = 0;

	threads_open(&threads, 2);
	rough_open(&rough, s->model);
	for (size_t i = 0; i < s->model->layer_count; i++)
		if (s->model->layers[i].block >= 0)
			rough_layer(&rough, (int)i, s->step);
	for (int i = 0; i < PARTS; i++) {
		parts[i] = evaluate_part(s, i, &rough.overlay, &threads.work);
		/* parts are of one size, so the whole is their mean */
		whole += parts[i].delta.mean / PARTS;
		paired += parts[i].delta.se / PARTS;
		unpaired += parts[i].current.se / PARTS;
	}
	for (int i = 0; i < PARTS; i++)
		covered += fabs(parts[i].delta.mean - whole) <= 1.96 * parts[i].delta.se;
	print_message("%s: delta %.4f, its error bars %.4f (unpaired %.4f), %d of %d cover\n",
		      s->text->name, whole, paired, unpaired, covered, PARTS);
	assert_true(whole > 0.003);
	assert_true(paired < unpaired / 2);
	assert_true(covered >= LEAST);
	rough_close(&rough);
	threads_close(&threads);
}

static void
test_coverage__intervals_cover_on_the_shipped_model(void **state)
{
	struct setting setting = { .model = models_shipped(),
				   .text = models_text("stories.evaluation"),
				   .context = 32,
				   .windows = 16,
				   .step = 0.03f };

	(void)state;
	check_coverage(&setting);
}

static void
test_coverage__intervals_cover_on_a_real_model(void **state)
{
	struct model *model;
	struct tokenizer *tokenizer;
	struct corpus *text;
	struct setting setting = { .context = 64, .windows = 25, .step = 0.08f };

	(void)state;
	support_need_data("models/tinystories-656k");
	assert_ok(model_open(&model, support_data("models/tinystories-656k")));
	assert_ok(tokenizer_open_beside(&tokenizer, support_data("models/tinystories-656k"),
					model->shape.vocab));
	assert_ok(corpus_open(&text, support_data("corpora/tinystories-slice.txt"), NULL, tokenizer,
			      model->shape.vocab));
	setting.model = model;
	setting.text = text;
	check_coverage(&setting);
	corpus_free(text);
	tokenizer_free(tokenizer);
	model_free(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_coverage__intervals_cover_on_the_shipped_model),
		cmocka_unit_test(test_coverage__intervals_cover_on_a_real_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
