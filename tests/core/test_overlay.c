/* Replaced weights that are read when they are needed, against those that are in memory. */
#include "core/overlay.h"

#include "core/buf.h"
#include "core/forward.h"
#include "support/models.h"
#include "support/support.h"

#include <string.h>

enum { TOKENS = 40 };

static enum err
read_values(float *out, const void *source, size_t first, size_t count)
{
	memcpy(out, (const float *)source + first, count * sizeof(*out));
	return OK;
}

static enum err
read_nothing(float *out, const void *source, size_t first, size_t count)
{
	(void)out;
	(void)source;
	(void)first;
	(void)count;
	return err_set(ERR_IO, "nothing can be read");
}

static float *
logits_with(const struct overlay *overlay)
{
	const struct model *model = models_shipped();
	struct sequence sequence = { models_text("code.evaluation")->ids, TOKENS };
	float *logits = buf_alloc(TOKENS * model->shape.vocab, sizeof(*logits));

	assert_non_null(logits);
	assert_ok(forward_logits(logits, model, overlay, sequence, NULL));
	return logits;
}

/* One in a block, the embedding, and where it is a layer of its own the head. */
static void
test_overlay__weights_that_are_read_give_the_same_bits(void **state)
{
	const struct model *model = models_shipped();
	int layers[] = { model->blocks[1].layer[SLOT_DOWN], model->embed, model->head };
	size_t bytes = TOKENS * model->shape.vocab * sizeof(float);
	float *plain = logits_with(NULL);

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct replacement *replaced;
		struct rough_overlay rough;
		float *held, *read;

		rough_open(&rough, model);
		rough_layer(&rough, layers[i], 0.2f);
		held = logits_with(&rough.overlay);
		assert_true(memcmp(plain, held, bytes) != 0);
		replaced = &rough.layers[layers[i]];
		replaced->source = replaced->weight;
		replaced->read = read_values;
		replaced->weight = NULL;
		read = logits_with(&rough.overlay);
		assert_memory_equal(held, read, bytes);
		replaced->weight = replaced->source;
		buf_free(held);
		buf_free(read);
		rough_close(&rough);
	}
	buf_free(plain);
}

static void
test_overlay__weights_that_cannot_be_read_are_an_error(void **state)
{
	const struct model *model = models_shipped();
	int layers[] = { model->blocks[1].layer[SLOT_DOWN], model->embed };
	struct sequence sequence = { models_text("code.evaluation")->ids, TOKENS };
	float *logits = buf_alloc(TOKENS * model->shape.vocab, sizeof(*logits));

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rough_overlay rough;

		rough_open(&rough, model);
		rough.layers[layers[i]].read = read_nothing;
		assert_err(ERR_IO, "nothing can be read",
			   forward_logits(logits, model, &rough.overlay, sequence, NULL));
		rough_close(&rough);
	}
	buf_free(logits);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overlay__weights_that_are_read_give_the_same_bits),
		cmocka_unit_test(test_overlay__weights_that_cannot_be_read_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
