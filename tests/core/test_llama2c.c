/* llama2.c files made here: what their header says must account for every byte. */
#include "core/model.h"
#include "support/support.h"

#include "core/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 7, VALUES_MAX = 1000 };

/* A file with this header and `values` floats 0, 1, 2, ... behind it, and `extra` bytes more. */
static const char *
model_file(const int32_t header[FIELDS], size_t values, int extra)
{
	char bytes[4 * (FIELDS + VALUES_MAX) + 8] = { 0 };

	memcpy(bytes, header, 4 * FIELDS);
	for (size_t i = 0; i < values; i++)
		memcpy(bytes + 4 * (FIELDS + i), &(float){ (float)i }, 4);
	return support_file("small.bin", bytes, (size_t)(4 * (FIELDS + (int)values) + extra));
}

/* dim 4, hidden 3, 1 block, 2 heads, 1 kv head (rows of k and v: 2), vocab 5, context 2 */
static const int32_t tied[FIELDS] = { 4, 3, 1, 2, 1, 5, 2 };
/* embed 20, norms 4 + 4 + 4, q 16, k 8, v 8, o 16, gate/down/up 12 each, rope tables 4 */
enum { TIED_VALUES = 20 + 12 + 16 + 8 + 8 + 16 + 36 + 4 };

static void
test_llama2c__tensors_lie_in_the_order_of_the_file(void **state)
{
	static const struct {
		const char *name;
		float first;
		size_t rows, columns;
	} expected[] = {
		{ "embed", 0, 5, 4 },
		{ "layers.0.attn.q", 24, 4, 4 },
		{ "layers.0.attn.k", 40, 2, 4 },
		{ "layers.0.attn.v", 48, 2, 4 },
		{ "layers.0.attn.o", 56, 4, 4 },
		{ "layers.0.mlp.gate", 76, 3, 4 },
		{ "layers.0.mlp.down", 88, 4, 3 },
		{ "layers.0.mlp.up", 100, 3, 4 },
	};
	struct model *model;
	float values[20];

	(void)state;
	assert_ok(model_open(&model, model_file(tied, TIED_VALUES, 0)));
	assert_int_equal(model->head, model->embed);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		int layer = model_find_layer(model, expected[i].name);

		assert_true(layer >= 0);
		assert_int_equal(model->layers[layer].rows, expected[i].rows);
		assert_int_equal(model->layers[layer].columns, expected[i].columns);
		assert_ok(model_read_layer(values, model, layer));
		assert_true(values[0] == expected[i].first);
	}
	assert_ok(tensor_read(values, model->outside.vector[SLOT_FINAL_NORM], 0, 1));
	assert_true(values[0] == 112);
	model_free(model);
}

static void
test_llama2c__a_negative_vocabulary_means_a_head_of_its_own(void **state)
{
	static const int32_t untied[FIELDS] = { 4, 3, 1, 2, 1, -5, 2 };
	struct model *model;
	float value[20];

	(void)state;
	assert_ok(model_open(&model, model_file(untied, TIED_VALUES + 20, 0)));
	assert_int_not_equal(model->head, model->embed);
	assert_int_equal(model->shape.vocab, 5);
	assert_ok(model_read_layer(value, model, model->head));
	assert_true(value[0] == TIED_VALUES); /* behind the rotary tables */
	model_free(model);
}

/* 640 is 80 02 00 00, which begins as a pickle does. */
static void
test_llama2c__a_width_of_640_is_no_pickle(void **state)
{
	static const int32_t wide[FIELDS] = { 640, 3, 1, 2, 1, 5, 2 };
	struct model *model;

	(void)state;
	assert_err(ERR_FORMAT, "lies behind the end",
		   model_open(&model, model_file(wide, TIED_VALUES, 0)));
}

static void
test_llama2c__a_header_that_lies_is_refused_by_field(void **state)
{
	static const char *const names[FIELDS] = { "dim",     "hidden_dim", "n_layers",
						   "n_heads", "n_kv_heads", "vocab_size",
						   "seq_len" };
	static const int32_t values[] = { 0, INT32_MIN, INT32_MAX };
	struct model *model;

	(void)state;
	for (int field = 0; field < FIELDS; field++)
		for (int v = 0; v < 3; v++) {
			int32_t header[FIELDS];

			memcpy(header, tied, sizeof(header));
			header[field] = values[v];
			assert_err(ERR_FORMAT, names[field],
				   model_open(&model, model_file(header, TIED_VALUES, 0)));
		}
}

static void
test_llama2c__sizes_that_do_not_add_up_are_refused(void **state)
{
	static const struct {
		int32_t header[FIELDS];
		size_t values;
		int extra;
		const char *part;
	} bad[] = {
		{ { 4, 3, 1, 2, 1, 5, 2 }, TIED_VALUES, 1, "accounts for" },
		{ { 4, 3, 1, 2, 1, 5, 2 }, TIED_VALUES, -1, "behind the end" },
		{ { 4, 3, 1, 2, 1, 5, 2 }, TIED_VALUES + 20, 0, "accounts for" },
		{ { 4, 3, 1, 2, 1, -5, 2 }, TIED_VALUES, 0, "output.weight" },
		{ { 4, 3, 2, 2, 1, 5, 2 }, TIED_VALUES, 0, "layers.1." },
		{ { 4, 3, 1, 3, 1, 5, 2 }, TIED_VALUES, 0, "n_heads: is 3" },
		{ { 4, 3, 1, 4, 1, 5, 2 }, TIED_VALUES, 0, "dim: is 4" },
		{ { 8, 3, 1, 4, 3, 5, 2 }, TIED_VALUES, 0, "n_kv_heads: is 3" },
		{ { 16777216, 16777216, 2000, 2, 2, 67108864, 2 }, 0, 0, "tok_embeddings" },
	};
	struct model *model;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_err(
			ERR_FORMAT, bad[i].part,
			model_open(&model, model_file(bad[i].header, bad[i].values, bad[i].extra)));
	for (size_t size = 0; size < 4 * FIELDS; size++)
		assert_err(ERR_FORMAT, "too few",
			   model_open(&model, support_file("small.bin", tied, size)));
}

static void
test_llama2c__a_folder_with_one_model_opens_like_the_file(void **state)
{
	struct model *model;

	(void)state;
	support_clean();
	model_file(tied, TIED_VALUES, 0);
	support_file("tok512.bin", "x", 1);
	assert_ok(model_open(&model, support_folder()));
	assert_string_equal(model->format, "llama2c");
	model_free(model);
	support_file("second.bin", "x", 1);
	assert_err(ERR_IO, "holds no model.safetensors", model_open(&model, support_folder()));
}

static void
test_llama2c__every_failed_allocation_is_an_error(void **state)
{
	const char *path = model_file(tied, TIED_VALUES, 0);
	struct model *model = NULL;
	enum err code = ERR_NOMEM;

	(void)state;
	for (unsigned long n = 1; code; n++) {
		assert_true(n < 1000);
		buf_fail_at(n, 1);
		code = model_open(&model, path);
		buf_fail_at(0, 0);
		assert_true(code == OK || code == ERR_NOMEM);
	}
	model_free(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_llama2c__tensors_lie_in_the_order_of_the_file),
		cmocka_unit_test(test_llama2c__a_negative_vocabulary_means_a_head_of_its_own),
		cmocka_unit_test(test_llama2c__a_width_of_640_is_no_pickle),
		cmocka_unit_test(test_llama2c__a_header_that_lies_is_refused_by_field),
		cmocka_unit_test(test_llama2c__sizes_that_do_not_add_up_are_refused),
		cmocka_unit_test(test_llama2c__a_folder_with_one_model_opens_like_the_file),
		cmocka_unit_test(test_llama2c__every_failed_allocation_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
