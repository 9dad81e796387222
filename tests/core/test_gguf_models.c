/* GGUF files as models: every file of tests/core/fixtures/gguf, which
 * tests/peers/make_gguf_models.py made, gives the logits of transformers; and whatever is wrong
 * with one is said in its own words. */
#include "core/architecture.h"
#include "core/formats/gguf.h"
#include "core/model.h"
#include "support/support.h"

#include "support/expected.h"
#include "support/gguf_edit.h"

#include <string.h>

static void
test_gguf_models__logits_are_those_of_transformers(void **state)
{
	int failed = 0;

	(void)state;
	for (int i = 0; i < gguf_fixture_count; i++) {
		struct model *model;

		assert_ok(model_open(&model, gguf_fixture(gguf_fixtures[i], ".gguf")));
		if (model->warning_count)
			fail_msg("%s warns: %s", gguf_fixtures[i], model->warnings[0]);
		failed += !expected_logits(model, gguf_fixtures[i],
					   gguf_fixture(gguf_fixtures[i], ".bin"));
		model_free(model);
	}
	assert_int_equal(failed, 0);
}

/* Every line of gguf_families.def is read by some fixture, but that for a key no converter writes.
 */
static void
test_gguf_models__every_family_has_a_fixture(void **state)
{
	static const struct {
		const char *gguf, *family, *when;
	} lines[] = {
#define GGUF_FAMILY(gguf, family, when, every, flags) { gguf, family, when },
#include "core/formats/gguf_families.def"
#undef GGUF_FAMILY
	};
	enum { LINES = sizeof(lines) / sizeof(lines[0]) };
	bool seen[LINES] = { false };

	(void)state;
	for (int i = 0; i < gguf_fixture_count; i++) {
		struct model *model;

		assert_ok(model_open(&model, gguf_fixture(gguf_fixtures[i], ".gguf")));
		for (int l = 0; l < LINES; l++)
			seen[l] |= !strcmp(model->architecture->name, lines[l].family);
		model_free(model);
	}
	for (int l = 0; l < LINES; l++)
		if (!seen[l] && strcmp(lines[l].when, ".attention.sliding_window") != 0)
			fail_msg("%s (%s) has no fixture", lines[l].gguf, lines[l].family);
}

/* llama.cpp's converter writes no window for Mistral; a file that has one is read as that. */
static void
test_gguf_models__a_window_makes_a_llama_a_mistral(void **state)
{
	struct gguf_edit edit = { .key = "llama.attention.sliding_window", .put = gguf_put_7 };
	struct model *model;

	(void)state;
	assert_ok(model_open(&model, gguf_edited(gguf_fixture("llama_llama3", ".gguf"), &edit)));
	assert_string_equal(model->architecture->name, "mistral");
	assert_int_equal(model->shape.window, 7);
	assert_true(model->pattern.block[0] & BLOCK_SLIDING);
	model_free(model);
}

static void
put_slides(struct gguf_make *make, const char *key)
{
	make_gguf_array(make, key, GGUF_BOOL, 2);
	make_gguf_number(make, 0, 1);
	make_gguf_number(make, 1, 1);
}

static void
test_gguf_models__a_pattern_says_which_blocks_slide(void **state)
{
	static const struct {
		void (*put)(struct gguf_make *make, const char *key);
		int first, second;
	} patterns[] = {
		{ NULL, BLOCK_SLIDING, 0 },
		{ put_slides, 0, BLOCK_SLIDING },
		{ gguf_put_1, 0, 0 },
		{ gguf_put_0, BLOCK_SLIDING, BLOCK_SLIDING },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct gguf_edit edit = { .key = "gemma2.attention.sliding_window_pattern",
					  .put = patterns[i].put };
		struct model *model;

		assert_ok(model_open(&model, gguf_edited(gguf_fixture("gemma2", ".gguf"), &edit)));
		assert_int_equal(model->pattern.block[0] & BLOCK_SLIDING, patterns[i].first);
		assert_int_equal(model->pattern.block[1] & BLOCK_SLIDING, patterns[i].second);
		model_free(model);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gguf_models__logits_are_those_of_transformers),
		cmocka_unit_test(test_gguf_models__every_family_has_a_fixture),
		cmocka_unit_test(test_gguf_models__a_window_makes_a_llama_a_mistral),
		cmocka_unit_test(test_gguf_models__a_pattern_says_which_blocks_slide),
	};

	return cmocka_run_group_tests(tests, gguf_fixtures_find, NULL);
}
