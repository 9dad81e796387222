/* Opening real models: places, shapes, names, inputs. */
#include "core/model.h"
#include "support/support.h"

#include "core/architecture.h"
#include "core/buf.h"

#include <string.h>

static struct model *
open_shipped(void)
{
	struct model *model;

	assert_ok(model_open(&model, support_source("models/shipped")));
	return model;
}

static void
test_model__the_shipped_model_has_its_layers_in_place(void **state)
{
	struct model *model = open_shipped();
	const struct layer *q;
	int index;

	(void)state;
	assert_string_equal(model->format, "safetensors");
	assert_string_equal(model->architecture->name, "llama");
	assert_true(model->shape.tied_head);
	assert_int_equal(model->layer_count, 1 + 7 * model->shape.blocks);
	assert_int_equal(model->input_count, 1 + 4 * model->shape.blocks);
	assert_int_equal(model->warning_count, 0);
	index = model_find_layer(model, "layers.1.attn.q");
	assert_int_equal(index, model_find_layer(model, "model.layers.1.self_attn.q_proj.weight"));
	q = &model->layers[index];
	assert_int_equal(q->columns, model->shape.hidden);
	assert_int_equal(q->input, model->layers[model_find_layer(model, "layers.1.attn.v")].input);
	assert_int_equal(model->inputs[q->input].layer_count, 3);
	assert_int_equal(model->inputs[q->input].fold_norm, SLOT_ATTN_NORM);
	assert_int_equal(model_find_layer(model, "head"), model->embed);
	assert_int_equal(model_find_layer(model, "layers.99.attn.q"), -1);
	model_free(model);
}

static void
test_model__o_cannot_be_folded_under_grouped_queries(void **state)
{
	struct model *model = open_shipped();
	int o = model_find_layer(model, "layers.0.attn.o"),
	    down = model_find_layer(model, "layers.0.mlp.down");

	(void)state;
	assert_true(model->shape.kv_heads < model->shape.heads);
	assert_int_equal(model->inputs[model->layers[o].input].fold_layer, -1);
	assert_int_equal(model->inputs[model->layers[down].input].fold_layer,
			 model_find_layer(model, "layers.0.mlp.up"));
	model_free(model);
}

static void
test_model__a_head_stored_without_its_twin_is_the_embedding(void **state)
{
	const char *path = support_need_data("models/tinystories-656k");
	struct model *model;

	(void)state;
	assert_ok(model_open(&model, path));
	assert_true(model->shape.tied_head);
	assert_int_equal(model->head, model->embed);
	assert_string_equal(model->layers[model->embed].tensor_name, "lm_head.weight");
	assert_int_equal(model->shape.vocab, 2048);
	model_free(model);
}

static void
test_model__hashes_name_the_content(void **state)
{
	struct model *model = open_shipped();
	char a[HASH_HEX], b[HASH_HEX], whole[HASH_HEX];

	(void)state;
	assert_ok(model_hash_layer(a, model, 1));
	assert_ok(model_hash_layer(b, model, 2));
	assert_string_not_equal(a, b);
	assert_ok(model_hash_layer(b, model, 1));
	assert_string_equal(a, b);
	assert_ok(model_sha256(whole, model));
	assert_int_equal(strlen(whole), 64);
	model_free(model);
}

static void
test_model__a_failed_allocation_is_an_error_and_no_leak(void **state)
{
	const char *path = support_source("models/shipped");
	struct model *model;
	unsigned long n = 0;
	enum err code;

	(void)state;
	do {
		buf_fail_at(++n, 0);
		code = model_open(&model, path);
		buf_fail_at(0, 0);
		assert_true(code == OK || code == ERR_NOMEM);
	} while (code);
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
	assert_err(ERR_UNSUPPORTED, "GGUF",
		   model_open(&model, support_file("x.gguf", "GGUF\3\0\0\0", 8)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model__the_shipped_model_has_its_layers_in_place),
		cmocka_unit_test(test_model__o_cannot_be_folded_under_grouped_queries),
		cmocka_unit_test(test_model__a_head_stored_without_its_twin_is_the_embedding),
		cmocka_unit_test(test_model__hashes_name_the_content),
		cmocka_unit_test(test_model__a_failed_allocation_is_an_error_and_no_leak),
		cmocka_unit_test(test_model__what_is_no_model_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
