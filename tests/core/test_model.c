/* Models as they lie on disk: which layers, inputs and shapes they become. */
#include "core/model.h"

#include "core/work.h"
#include "support/support.h"

#include "core/architecture.h"
#include "core/buf.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_model__the_shipped_model_has_uniform_names_and_inputs(void **state)
{
	struct model *model;
	const struct model_input *input;
	int q, o, down;

	(void)state;
	assert_ok(model_open(&model, support_source("models/shipped")));
	assert_string_equal(model->format, "safetensors");
	assert_string_equal(model->architecture->name, "llama");
	assert_int_equal(model->warning_count, 0);
	assert_true(model->shape.tied_head);
	assert_int_equal(model->embed, model->head);
	assert_int_equal(model->layer_count, 1 + 7 * model->shape.blocks);
	assert_int_equal(model->input_count, 1 + 4 * model->shape.blocks);
	q = model_find_layer(model, "layers.3.attn.q");
	assert_int_equal(q, model_find_layer(model, "model.layers.3.self_attn.q_proj.weight"));
	assert_int_equal(model->blocks[3].layer[SLOT_Q], q);
	input = &model->inputs[model->layers[q].input];
	assert_string_equal(input->name, "layers.3.attn.in");
	assert_int_equal(input->layer_count, 3);
	assert_int_equal(input->fold_norm, SLOT_ATTN_NORM);
	o = model_find_layer(model, "layers.3.attn.o");
	/* Grouped queries: v has fewer rows than o has columns. */
	assert_int_equal(model->inputs[model->layers[o].input].fold_layer, -1);
	down = model_find_layer(model, "layers.3.mlp.down");
	assert_int_equal(model->inputs[model->layers[down].input].fold_layer,
			 model_find_layer(model, "layers.3.mlp.up"));
	assert_int_equal(model_find_layer(model, "head"), model->embed);
	assert_int_equal(model_find_layer(model, "layers.99.attn.q"), -1);
	assert_string_equal(model->inputs[model->layers[model->head].input].name, "head.in");
	model_free(model);
}

/* A clip lies between values and what reads them, and a norm without weights takes up nothing. */
static void
test_model__clipped_values_take_up_no_scale(void **state)
{
	static const struct {
		const char *fixture;
		bool values, norm;
	} all[] = { { "llama_dynamic", true, true },
		    { "olmo", false, false },
		    { "olmo_defaults", true, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct model *model;
		char path[256];
		int v, o;

		snprintf(path, sizeof(path), "tests/core/fixtures/families/%s", all[i].fixture);
		assert_ok(model_open(&model, support_source(path)));
		v = model_find_layer(model, "layers.0.attn.v");
		o = model_find_layer(model, "layers.0.attn.o");
		assert_int_equal(model->inputs[model->layers[o].input].fold_layer,
				 all[i].values ? v : -1);
		assert_int_equal(model->inputs[model->layers[v].input].fold_norm,
				 all[i].norm ? (int)SLOT_ATTN_NORM : -1);
		model_free(model);
	}
}

static void
test_model__a_tied_weight_stored_as_the_head_is_the_embedding(void **state)
{
	struct model *model;

	(void)state;
	assert_ok(model_open(&model, support_need_data("models/tinystories-656k")));
	assert_true(model->shape.tied_head);
	assert_string_equal(model->layers[model->embed].tensor_name, "lm_head.weight");
	assert_int_equal(model_find_layer(model, "model.embed_tokens.weight"), model->embed);
	assert_int_equal(model->shape.vocab, 2048);
	assert_true(model->shape.norm_eps == 1e-6);
	assert_int_equal(model->warning_count, 0);
	model_free(model);
}

static void
test_model__llama2c_files_account_for_every_byte(void **state)
{
	static const struct {
		const char *path;
		size_t hidden, blocks, vocab, context;
	} files[] = { { "models/stories260K/stories260K.bin", 64, 5, 512, 512 },
		      { "models/babyllama-105/model5000.bin", 128, 5, 105, 256 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct model *model;
		int down;

		assert_ok(model_open(&model, support_need_data(files[i].path)));
		assert_string_equal(model->format, "llama2c");
		assert_string_equal(model->architecture->name, "llama");
		assert_int_equal(model->shape.hidden, files[i].hidden);
		assert_int_equal(model->shape.blocks, files[i].blocks);
		assert_int_equal(model->shape.vocab, files[i].vocab);
		assert_int_equal(model->shape.context, files[i].context);
		assert_true(model->shape.rope_interleaved && model->shape.tied_head);
		down = model_find_layer(model, "layers.2.feed_forward.w2.weight");
		assert_string_equal(model->layers[down].name, "layers.2.mlp.down");
		assert_int_equal(model->layers[down].rows, files[i].hidden);
		model_free(model);
	}
}

static void
test_model__a_ternary_file_is_refused_by_name(void **state)
{
	struct model *model;

	(void)state;
	assert_err(ERR_UNSUPPORTED, "ak42",
		   model_open(&model, support_need_data("models/bitllama-3m/bit_model_lsb.bin")));
	assert_null(model);
}

static void
test_model__hashes_name_values_and_are_kept(void **state)
{
	struct model *model;
	struct key first, again, other;
	char whole[HASH_HEX];

	(void)state;
	assert_ok(model_open(&model, support_source("models/shipped")));
	assert_ok(model_key_layer(&first, model, 1, NULL));
	assert_ok(model_key_layer(&again, model, 1, NULL));
	assert_ok(model_key_layer(&other, model, 2, NULL));
	assert_true(key_equal(first, again));
	assert_false(key_equal(first, other));
	assert_ok(model_sha256(whole, model, NULL));
	assert_int_equal(strlen(whole), 64);
	model_free(model);
}

/* The hash that was cancelled half way is the one that ran through. */
static void
test_model__a_cancelled_hash_goes_on_where_it_stopped(void **state)
{
	struct model *model;
	atomic_bool cancel = true;
	atomic_uint_fast64_t done = 0, total = 0;
	struct work stopped = { .cancel = &cancel }, work = { .done = &done, .total = &total };
	char whole[HASH_HEX], again[HASH_HEX];

	(void)state;
	assert_ok(model_open(&model, support_source("models/shipped")));
	assert_int_equal(model_sha256(whole, model, &stopped), ERR_CANCELLED);
	assert_ok(model_sha256(whole, model, &work));
	assert_int_equal(atomic_load(&done), atomic_load(&total));
	assert_true(atomic_load(&done) >= model_count(model).bytes);
	assert_ok(model_sha256(again, model, &stopped)); /* it is kept */
	assert_string_equal(whole, again);
	model_free(model);
}

static void
test_model__every_failed_allocation_is_an_error_and_no_leak(void **state)
{
	const char *path = support_source("models/shipped");
	struct model *model = NULL;
	enum err code = ERR_NOMEM;
	unsigned long n = 0;

	(void)state;
	while (code) {
		assert_true(++n < 5000);
		buf_fail_at(n, 0);
		code = model_open(&model, path);
		buf_fail_at(0, 0);
		if (code)
			assert_int_equal(code, ERR_NOMEM);
	}
	assert_true(n > 10);
	model_free(model);
}

static void
test_model__what_is_no_model_is_named(void **state)
{
	struct model *model;

	(void)state;
	assert_err(ERR_IO, "no such file", model_open(&model, "/nonexistent/model"));
	assert_err(ERR_IO, "holds no model.safetensors", model_open(&model, support_folder()));
	assert_err(ERR_UNSUPPORTED, "pickle",
		   model_open(&model, support_file("x.bin", "\x80\x02}q", 4)));
	assert_err(ERR_UNSUPPORTED, "pickle",
		   model_open(&model, support_file("x.pt", "PK\3\4", 4)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model__the_shipped_model_has_uniform_names_and_inputs),
		cmocka_unit_test(test_model__clipped_values_take_up_no_scale),
		cmocka_unit_test(test_model__a_tied_weight_stored_as_the_head_is_the_embedding),
		cmocka_unit_test(test_model__llama2c_files_account_for_every_byte),
		cmocka_unit_test(test_model__a_ternary_file_is_refused_by_name),
		cmocka_unit_test(test_model__hashes_name_values_and_are_kept),
		cmocka_unit_test(test_model__a_cancelled_hash_goes_on_where_it_stopped),
		cmocka_unit_test(test_model__every_failed_allocation_is_an_error_and_no_leak),
		cmocka_unit_test(test_model__what_is_no_model_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
