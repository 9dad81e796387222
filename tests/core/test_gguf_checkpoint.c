/* GGUF files as models: tensors, parts, what is no model, and what is written. */
#include "core/checkpoint.h"
#include "core/formats/gguf.h"
#include "core/model.h"
#include "core/model_write.h"
#include "support/gguf_make.h"
#include "support/support.h"

#include "core/buf.h"
#include "core/file.h"

#include <stdio.h>
#include <string.h>

static struct gguf_make make;

/* Rows of a checkpoint's tensor come outermost first, values exact. */
static void
test_gguf_checkpoint__tensors_of_three_types_are_read(void **state)
{
	static const float values[6] = { 0, 1, -2, 0.5F, 65504, -0.25F };
	struct checkpoint *checkpoint;
	float got[6];

	(void)state;
	make_gguf(&make);
	make_gguf_tensor(&make, "single", 0, 2, 3, 0);
	make_gguf_tensor(&make, "half", 1, 3, 2, 32);
	make_gguf_tensor(&make, "brain", 30, 6, 0, 64);
	make_gguf_pad(&make, 32);
	make_gguf_bytes(&make, values, sizeof(values));
	make_gguf_pad(&make, 32);
	for (int i = 0; i < 6; i++)
		make_gguf_number(&make, f16_from_f32(values[i]), 2);
	make_gguf_pad(&make, 32);
	for (int i = 0; i < 6; i++)
		make_gguf_number(&make, bf16_from_f32(values[i]), 2);
	assert_ok(checkpoint_open(&checkpoint, make_gguf_file(&make, "m.gguf")));
	assert_string_equal(checkpoint->format->name, "gguf");
	assert_int_equal(checkpoint_find(checkpoint, "single")->shape[0], 2);
	assert_int_equal(checkpoint_find(checkpoint, "single")->shape[1], 3);
	assert_int_equal(checkpoint_find(checkpoint, "brain")->rank, 1);
	for (size_t i = 0; i < checkpoint->count; i++) {
		const struct tensor *tensor = &checkpoint->tensors[i];

		assert_ok(tensor_read(got, tensor, 0, 6));
		for (int j = 0; j < 6; j++)
			assert_true(got[j] == (tensor->dtype == DTYPE_BF16
						       ? bf16_to_f32(bf16_from_f32(values[j]))
						       : values[j]));
	}
	checkpoint_free(checkpoint);
}

static void
test_gguf_checkpoint__a_quantized_file_says_with_what(void **state)
{
	struct checkpoint *checkpoint;

	(void)state;
	make_gguf(&make);
	make_gguf_tensor(&make, "blk.0.attn_q.weight", 12, 2, 256, 0);
	make_gguf_tensor(&make, "blk.0.attn_v.weight", 14, 1, 256, 288);
	make_gguf_tensor(&make, "blk.1.attn_q.weight", 12, 2, 256, 512);
	make_gguf_tensor(&make, "a", 0, 2, 0, 800);
	make_gguf_pad(&make, 32);
	for (int i = 0; i < 101; i++)
		make_gguf_number(&make, 0, 8);
	assert_err(ERR_UNSUPPORTED,
		   "blk.0.attn_q.weight: has type Q4_K; the file is quantized (tensors: Q4_K 2, "
		   "Q6_K 1)",
		   checkpoint_open(&checkpoint, make_gguf_file(&make, "m.gguf")));
}

static void
test_gguf_checkpoint__what_is_no_model_is_named(void **state)
{
	static const char *const words[] = { "a" };
	struct model *model;

	(void)state;
	make_gguf(&make);
	make_gguf_string(&make, "general.architecture", "llama");
	make_gguf_strings(&make, "tokenizer.ggml.tokens", words, 1);
	assert_err(ERR_UNSUPPORTED, "holds a vocabulary and no weights",
		   model_open(&model, make_gguf_file(&make, "m.gguf")));
	make_gguf_string(&make, "general.type", "imatrix");
	assert_err(ERR_UNSUPPORTED, "general.type: is \"imatrix\"",
		   model_open(&model, make_gguf_file(&make, "m.gguf")));
	assert_err(ERR_FORMAT, "truncated",
		   model_open(&model, support_file("x.gguf", "GGUF\3\0\0\0", 8)));
	assert_err(ERR_UNSUPPORTED, "no model",
		   model_open(&model, support_file("x.gguf", "GGU", 3)));
}

/* Part `number` of `count`, with one tensor. */
static const char *
make_part(size_t number, size_t count, const char *name, size_t named_count)
{
	char tensor[8] = { 't', (char)('0' + number), 0 }, file[64];

	make_gguf(&make);
	make_gguf_key(&make, "split.no", GGUF_U16);
	make_gguf_number(&make, number, 2);
	make_gguf_key(&make, "split.count", GGUF_U16);
	make_gguf_number(&make, count, 2);
	make_gguf_key(&make, "split.tensors.count", GGUF_I32);
	make_gguf_number(&make, 3, 4);
	make_gguf_tensor(&make, tensor, 0, 1, 0, 0);
	make_gguf_pad(&make, 32);
	make_gguf_bytes(&make, &(float){ (float)number }, 4);
	snprintf(file, sizeof(file), "%s-%05zu-of-%05zu.gguf", name, number + 1, named_count);
	return make_gguf_file(&make, file);
}

static void
test_gguf_checkpoint__all_parts_of_a_split_file_are_read(void **state)
{
	struct checkpoint *checkpoint;
	const char *path = NULL;
	float value;

	(void)state;
	support_clean();
	for (size_t i = 0; i < 3; i++)
		path = make_part(i, 3, "m", 3);
	assert_ok(checkpoint_open(&checkpoint, path)); /* the last one given */
	assert_int_equal(checkpoint->count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_ok(tensor_read(&value, &checkpoint->tensors[i], 0, 1));
		assert_true(value == (float)i);
	}
	checkpoint_free(checkpoint);
}

static void
test_gguf_checkpoint__parts_that_do_not_fit_are_refused(void **state)
{
	struct checkpoint *checkpoint;
	const char *path;

	(void)state;
	support_clean();
	path = make_part(0, 3, "m", 3);
	assert_err(ERR_IO, "m-00002-of-00003.gguf: is missing, part 2 of the model's 3",
		   checkpoint_open(&checkpoint, path));
	make_part(1, 2, "m", 3);
	assert_err(ERR_FORMAT, "split.no: says part 2 of 2 where the name says 2 of 3",
		   checkpoint_open(&checkpoint, path));
	assert_err(ERR_FORMAT, "is part 1 of 3, but its name does not end in -00001-of-00003.gguf",
		   checkpoint_open(&checkpoint, make_part(0, 3, "m", 4)));
	assert_err(ERR_FORMAT, "split.no: is 5, but the model has 3 parts",
		   checkpoint_open(&checkpoint, make_part(5, 3, "n", 3)));
	path = make_part(0, 2, "k", 2);
	make_part(1, 2, "k", 2);
	assert_err(ERR_FORMAT, "split.tensors.count: is 3, but the parts hold 2 tensors",
		   checkpoint_open(&checkpoint, path));
}

/* One block of a llama, four wide: matrices in F16, norms in F32. */
static void
make_llama(void)
{
	static const struct {
		const char *name;
		uint64_t rows, columns;
	} tensors[] = { { "token_embd.weight", 3, 4 },        { "output_norm.weight", 4, 0 },
			{ "blk.0.attn_norm.weight", 4, 0 },   { "blk.0.attn_q.weight", 4, 4 },
			{ "blk.0.attn_k.weight", 4, 4 },      { "blk.0.attn_v.weight", 4, 4 },
			{ "blk.0.attn_output.weight", 4, 4 }, { "blk.0.ffn_norm.weight", 4, 0 },
			{ "blk.0.ffn_gate.weight", 4, 4 },    { "blk.0.ffn_up.weight", 4, 4 },
			{ "blk.0.ffn_down.weight", 4, 4 } };
	enum { COUNT = sizeof(tensors) / sizeof(tensors[0]) };

	make_gguf(&make);
	make_gguf_string(&make, "general.architecture", "llama");
	make_gguf_u32(&make, "general.file_type", 1);
	make_gguf_u32(&make, "llama.block_count", 1);
	make_gguf_u32(&make, "llama.context_length", 16);
	make_gguf_u32(&make, "llama.embedding_length", 4);
	make_gguf_u32(&make, "llama.feed_forward_length", 4);
	make_gguf_u32(&make, "llama.attention.head_count", 2);
	make_gguf_f32(&make, "llama.attention.layer_norm_rms_epsilon", 1e-5F);
	make_gguf_u32(&make, "llama.vocab_size", 3);
	for (size_t i = 0; i < COUNT; i++) /* the last one first in the data */
		make_gguf_tensor(&make, tensors[i].name, tensors[i].columns ? 1 : 0,
				 tensors[i].rows, tensors[i].columns, 32 * (COUNT - 1 - i));
	for (size_t i = COUNT; i--;) {
		make_gguf_pad(&make, 32);
		for (size_t j = 0; j < tensors[i].rows * (tensors[i].columns ? 4 : 1); j++) {
			float value = (float)(i * 16 + j) / 8;

			if (tensors[i].columns)
				make_gguf_number(&make, f16_from_f32(value), 2);
			else
				make_gguf_bytes(&make, &value, 4);
		}
	}
}

/* Every layer of both, value by value; norms too. */
static void
assert_same_values(const struct model *a, const struct model *b)
{
	float x[16], y[16];

	assert_int_equal(a->layer_count, b->layer_count);
	for (size_t i = 0; i < a->layer_count; i++) {
		size_t count = a->layers[i].rows * a->layers[i].columns;

		assert_ok(model_read_layer(x, a, (int)i));
		assert_ok(model_read_layer(y, b, (int)i));
		assert_memory_equal(x, y, count * sizeof(float));
	}
	for (size_t i = 0; i < a->checkpoint->count; i++)
		assert_string_equal(a->checkpoint->tensors[i].name, b->checkpoint->tensors[i].name);
}

static size_t
file_type_of(const struct checkpoint *checkpoint)
{
	size_t type = 99;
	struct gguf *gguf;

	assert_ok(gguf_open(&gguf, file_map_path(checkpoint->maps[0])));
	assert_ok(gguf_get_size(&type, gguf, "general.file_type", 0, 50));
	gguf_free(gguf);
	return type;
}

static void
test_gguf_checkpoint__what_is_written_is_the_model_again(void **state)
{
	static const struct {
		enum write_dtype dtype;
		enum dtype matrix;
		size_t file_type;
	} kinds[] = { { WRITE_SOURCE, DTYPE_F16, 1 },
		      { WRITE_F16, DTYPE_F16, 1 },
		      { WRITE_FLOAT32, DTYPE_F32, 0 },
		      { WRITE_BF16, DTYPE_BF16, 32 } };
	struct model *model, *again;

	(void)state;
	support_clean();
	make_llama();
	assert_ok(model_open(&model, make_gguf_file(&make, "tiny.gguf")));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct model_files files;
		char folder[1200];

		snprintf(folder, sizeof(folder), "%s/out%zu", support_folder(), i);
		assert_ok(model_write(&files, model, NULL, folder, kinds[i].dtype, NULL));
		assert_int_equal(files.count, 1);
		assert_string_equal(files.names[0], "tiny.gguf");
		model_files_clear(&files);
		assert_ok(model_open(&again, folder));
		assert_string_equal(again->format, "gguf");
		assert_same_values(model, again);
		assert_int_equal(checkpoint_find(again->checkpoint, "blk.0.attn_q.weight")->dtype,
				 kinds[i].matrix);
		assert_int_equal(checkpoint_find(again->checkpoint, "output_norm.weight")->dtype,
				 DTYPE_F32);
		assert_int_equal(file_type_of(again->checkpoint), kinds[i].file_type);
		model_free(again);
	}
	model_free(model);
	support_clean();
}

static void
test_gguf_checkpoint__a_folder_with_one_file_opens_like_the_file(void **state)
{
	struct model *model;
	char *inside;

	(void)state;
	support_clean();
	make_llama();
	make_gguf_file(&make, "a.gguf");
	assert_ok(model_open(&model, support_folder()));
	model_free(model);
	make_gguf_file(&make, "b.gguf");
	assert_ok(gguf_in_folder(&inside, support_folder()));
	assert_null(inside);
	support_clean();
	make_part(0, 3, "m", 3);
	make_part(1, 3, "m", 3);
	assert_ok(gguf_in_folder(&inside, support_folder()));
	assert_non_null(strstr(inside, "m-00001-of-00003.gguf"));
	buf_free(inside);
	support_file("model.safetensors", "x", 1);
	assert_ok(gguf_in_folder(&inside, support_folder()));
	assert_null(inside);
	support_clean();
}

static enum err
open_whole(const char *path)
{
	struct checkpoint *checkpoint;
	enum err code = checkpoint_open(&checkpoint, path);

	checkpoint_free(checkpoint);
	return code;
}

static void
test_gguf_checkpoint__memory_may_run_out_anywhere(void **state)
{
	enum err code = ERR_NOMEM;
	const char *path = NULL;
	unsigned long n = 1;

	(void)state;
	support_clean();
	for (size_t i = 0; i < 3; i++)
		path = make_part(i, 3, "m", 3);
	for (; code && n < 1000; n++) {
		buf_fail_at(n, 0);
		code = open_whole(path);
		buf_fail_at(0, 0);
		assert_true(!code || code == ERR_NOMEM);
	}
	assert_ok(code);
	assert_true(n > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gguf_checkpoint__tensors_of_three_types_are_read),
		cmocka_unit_test(test_gguf_checkpoint__a_quantized_file_says_with_what),
		cmocka_unit_test(test_gguf_checkpoint__what_is_no_model_is_named),
		cmocka_unit_test(test_gguf_checkpoint__all_parts_of_a_split_file_are_read),
		cmocka_unit_test(test_gguf_checkpoint__parts_that_do_not_fit_are_refused),
		cmocka_unit_test(test_gguf_checkpoint__what_is_written_is_the_model_again),
		cmocka_unit_test(test_gguf_checkpoint__a_folder_with_one_file_opens_like_the_file),
		cmocka_unit_test(test_gguf_checkpoint__memory_may_run_out_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
