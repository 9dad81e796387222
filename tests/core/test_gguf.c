/* The GGUF container: what is read, and every refusal. */
#include "core/checkpoint.h"
#include "core/formats/gguf.h"
#include "core/model.h"
#include "core/model_write.h"
#include "support/gguf_make.h"
#include "support/support.h"

#include "core/buf.h"
#include "core/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct gguf_make make;

/* Opening fails with this code, and the line says `part`. */
static void
refuse(enum err code, const char *part)
{
	struct gguf *gguf;
	const char *path = make_gguf_file(&make, "m.gguf");

	assert_err(code, part, gguf_open(&gguf, path));
	assert_err(code, "m.gguf", gguf_open(&gguf, path));
	assert_null(gguf);
}

static struct gguf *
open_made(void)
{
	struct gguf *gguf;

	assert_ok(gguf_open(&gguf, make_gguf_file(&make, "m.gguf")));
	return gguf;
}

static void
test_gguf__every_type_of_value_is_read(void **state)
{
	static const struct {
		const char *key;
		enum gguf_type type;
		uint64_t bits;
		size_t size;
		double value;
	} numbers[] = {
		{ "a.u8", GGUF_U8, 200, 1, 200 },
		{ "a.i8", GGUF_I8, 0x80, 1, -128 },
		{ "a.u16", GGUF_U16, 65535, 2, 65535 },
		{ "a.i16", GGUF_I16, 0xfffe, 2, -2 },
		{ "a.u32", GGUF_U32, 4294967295, 4, 4294967295.0 },
		{ "a.i32", GGUF_I32, 0xffffffff, 4, -1 },
		{ "a.f32", GGUF_F32, 0x3fc00000, 4, 1.5 },
		{ "a.u64", GGUF_U64, UINT64_C(1) << 63, 8, 0x1p63 },
		{ "a.i64", GGUF_I64, UINT64_C(1) << 63, 8, -0x1p63 },
		{ "a.f64", GGUF_F64, UINT64_C(0xbff8) << 48, 8, -1.5 },
	};
	enum { COUNT = sizeof(numbers) / sizeof(numbers[0]) };
	const char *text = NULL;
	struct gguf *gguf;
	bool flag = false;

	(void)state;
	make_gguf(&make);
	for (size_t i = 0; i < COUNT; i++) {
		make_gguf_key(&make, numbers[i].key, numbers[i].type);
		make_gguf_number(&make, numbers[i].bits, numbers[i].size);
	}
	make_gguf_bool(&make, "a.bool", true);
	make_gguf_string(&make, "a.string", "caf\xc3\xa9");
	gguf = open_made();
	for (size_t i = 0; i < COUNT; i++) {
		double value = 0.25;

		assert_ok(gguf_get_number(&value, gguf, numbers[i].key, -INFINITY, INFINITY));
		assert_true(value == numbers[i].value);
	}
	assert_ok(gguf_get_bool(&flag, gguf, "a.bool"));
	assert_true(flag);
	assert_ok(gguf_get_string(&text, gguf, "a.string"));
	assert_string_equal(text, "caf\xc3\xa9");
	gguf_free(gguf);
}

static void
test_gguf__arrays_give_their_elements_in_order(void **state)
{
	static const char *const words[] = { "one", "", "three\n" };
	const struct gguf_value *array;
	struct gguf_strings at = { 0 };
	struct gguf *gguf;

	(void)state;
	make_gguf(&make);
	make_gguf_strings(&make, "words", words, 3);
	make_gguf_array(&make, "numbers", GGUF_I16, 2);
	make_gguf_number(&make, 0xffff, 2);
	make_gguf_number(&make, 7, 2);
	make_gguf_array(&make, "empty", GGUF_STRING, 0);
	gguf = open_made();
	assert_ok(gguf_get_strings(&array, gguf, "words"));
	for (size_t i = 0; i < 3; i++) {
		assert_true(gguf_strings_next(&at, array));
		assert_int_equal(at.length, strlen(words[i]));
		assert_memory_equal(at.text, words[i], at.length);
	}
	assert_false(gguf_strings_next(&at, array));
	assert_ok(gguf_get_numbers(&array, gguf, "numbers"));
	assert_true(gguf_number_at(array, 0) == -1 && gguf_number_at(array, 1) == 7);
	assert_ok(gguf_get_strings(&array, gguf, "empty"));
	at = (struct gguf_strings){ 0 };
	assert_false(gguf_strings_next(&at, array));
	assert_ok(gguf_get_strings(&array, gguf, "absent"));
	assert_null(array);
	gguf_free(gguf);
}

static void
test_gguf__a_dot_stands_for_the_architecture(void **state)
{
	struct gguf *gguf;
	size_t blocks = 0;

	(void)state;
	make_gguf(&make);
	make_gguf_string(&make, "general.architecture", "llama");
	make_gguf_u32(&make, "llama.block_count", 5);
	gguf = open_made();
	assert_ok(gguf_need(gguf, ".block_count"));
	assert_ok(gguf_get_size(&blocks, gguf, ".block_count", 1, 10));
	assert_int_equal(blocks, 5);
	assert_err(ERR_FORMAT, "llama.context_length: is missing",
		   gguf_need(gguf, ".context_length"));
	assert_ok(gguf_get_size(&blocks, gguf, ".context_length", 1, 10));
	assert_int_equal(blocks, 5);
	gguf_free(gguf);
}

static void
test_gguf__values_of_another_type_or_range_are_refused_by_key(void **state)
{
	const struct gguf_value *array;
	const char *text = NULL;
	struct gguf *gguf;
	double number = 0;
	bool flag = false;
	size_t size = 3;

	(void)state;
	make_gguf(&make);
	make_gguf_u32(&make, "size", 12);
	make_gguf_f32(&make, "nan", NAN);
	make_gguf_key(&make, "minus", GGUF_I64);
	make_gguf_number(&make, (uint64_t)-5, 8);
	make_gguf_string(&make, "text", "x");
	make_gguf_key(&make, "nul", GGUF_STRING);
	make_gguf_number(&make, 2, 8);
	make_gguf_bytes(&make, "a\0", 2);
	make_gguf_array(&make, "array", GGUF_U32, 1);
	make_gguf_number(&make, 1, 4);
	gguf = open_made();
	assert_err(ERR_FORMAT, "size: is 12, which is outside 1 to 11",
		   gguf_get_size(&size, gguf, "size", 1, 11));
	assert_err(ERR_FORMAT, "minus: is -5, which is outside",
		   gguf_get_size(&size, gguf, "minus", 0, 11));
	assert_err(ERR_FORMAT, "text: is of type string where a whole number",
		   gguf_get_size(&size, gguf, "text", 0, 11));
	assert_err(ERR_FORMAT, "nan: is of type f32 where a whole number",
		   gguf_get_size(&size, gguf, "nan", 0, 11));
	assert_err(ERR_FORMAT, "array: is an array of u32 where a whole number",
		   gguf_get_size(&size, gguf, "array", 0, 11));
	assert_err(ERR_FORMAT, "nan: is nan", gguf_get_number(&number, gguf, "nan", 0, 1));
	assert_err(ERR_FORMAT, "where a number", gguf_get_number(&number, gguf, "text", 0, 1));
	assert_err(ERR_FORMAT, "where a bool", gguf_get_bool(&flag, gguf, "size"));
	assert_err(ERR_FORMAT, "where a string", gguf_get_string(&text, gguf, "size"));
	assert_err(ERR_FORMAT, "nul: has a NUL", gguf_get_string(&text, gguf, "nul"));
	assert_err(ERR_FORMAT, "an array of strings", gguf_get_strings(&array, gguf, "array"));
	assert_err(ERR_FORMAT, "an array of numbers", gguf_get_numbers(&array, gguf, "size"));
	assert_int_equal(size, 3);
	gguf_free(gguf);
}

static void
test_gguf__a_start_that_is_wrong_is_refused(void **state)
{
	static const struct {
		uint32_t version;
		const char *part;
	} versions[] = { { 1, "version 1;" },
			 { 4, "version 4;" },
			 { 0x03000000, "big-endian" },
			 { 0, "big-endian" } };
	struct gguf *gguf;

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		make_gguf(&make);
		make.bytes[4] = (unsigned char)versions[i].version;
		make.bytes[7] = (unsigned char)(versions[i].version >> 24);
		refuse(ERR_UNSUPPORTED, versions[i].part);
	}
	make_gguf(&make);
	make.bytes[4] = 2;
	gguf_free(open_made());
	make.bytes[0] = 'g';
	refuse(ERR_FORMAT, "does not begin with GGUF");
	for (size_t size = 0; size < 24; size++)
		assert_err(ERR_FORMAT, "truncated",
			   gguf_open(&gguf, support_file("m.gguf",
							 "GGUF\3\0\0\0\1\0\0\0\0\0\0\0"
							 "\1\0\0\0\0\0\0\0",
							 size)));
}

static void
test_gguf__counts_that_no_file_could_hold_are_refused(void **state)
{
	static const uint64_t counts[] = { 1, 1000, INT64_MAX, UINT64_MAX,
					   UINT64_C(0x4000000000000000) };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		make_gguf(&make);
		make.pairs = counts[i];
		refuse(ERR_FORMAT, "pairs of metadata where 0 bytes");
		make_gguf(&make);
		make.tensors = counts[i];
		refuse(ERR_FORMAT, "tensors where 0 bytes");
		make_gguf(&make);
		make_gguf_array(&make, "a", GGUF_U64, counts[i]);
		refuse(ERR_FORMAT, "a: claims");
		make_gguf(&make);
		make_gguf_array(&make, "a", GGUF_STRING, counts[i]);
		refuse(ERR_FORMAT, "a: claims");
		make_gguf(&make);
		make_gguf_key(&make, "a", GGUF_STRING);
		make_gguf_number(&make, counts[i], 8);
		refuse(ERR_FORMAT, "a: claims");
		make_gguf(&make);
		make.pairs = 1;
		make_gguf_number(&make, counts[i] + 20, 8);
		make_gguf_bytes(&make, "0123456789", 10);
		refuse(ERR_FORMAT, "metadata: ");
	}
}

static void
test_gguf__wrong_pairs_are_refused_by_key(void **state)
{
	(void)state;
	make_gguf(&make);
	make_gguf_u32(&make, "twice", 1);
	make_gguf_u32(&make, "other", 1);
	make_gguf_u32(&make, "twice", 1);
	refuse(ERR_FORMAT, "twice: stands in the metadata twice");
	make_gguf(&make);
	make_gguf_key(&make, "type", GGUF_TYPE_COUNT);
	make_gguf_number(&make, 0, 8);
	refuse(ERR_FORMAT, "type: has a value of type 13");
	make_gguf(&make);
	make_gguf_array(&make, "nested", GGUF_ARRAY, 1);
	refuse(ERR_UNSUPPORTED, "nested: holds arrays inside an array");
	make_gguf(&make);
	make_gguf_u32(&make, "", 1);
	refuse(ERR_FORMAT, "a name of 0 bytes");
	make_gguf(&make);
	make_gguf_key(&make, "flag", GGUF_BOOL);
	make_gguf_number(&make, 2, 1);
	refuse(ERR_FORMAT, "flag: holds a bool of 2");
	make_gguf(&make);
	make_gguf_number(&make, 3, 8);
	make_gguf_bytes(&make, "a\0b\0\0\0\0\0", 8);
	make.pairs = 1;
	refuse(ERR_FORMAT, "a NUL inside");
	make_gguf(&make);
	make_gguf_u32(&make, "general.architecture", 1);
	refuse(ERR_FORMAT, "general.architecture: is of type u32 where a string");
}

static void
test_gguf__an_alignment_is_a_power_of_two(void **state)
{
	static const uint32_t wrong[] = { 0, 3, 48, UINT32_MAX };
	struct gguf *gguf;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		make_gguf(&make);
		make_gguf_u32(&make, "general.alignment", wrong[i]);
		refuse(ERR_FORMAT, "general.alignment: is");
	}
	make_gguf(&make);
	make_gguf_key(&make, "general.alignment", GGUF_U64);
	make_gguf_number(&make, 32, 8);
	refuse(ERR_FORMAT, "general.alignment: is no single u32");
	make_gguf(&make);
	make_gguf_u32(&make, "general.alignment", 8);
	make_gguf_tensor(&make, "t", 0, 2, 0, 8);
	make_gguf_pad(&make, 8);
	make_gguf_number(&make, 0, 8); /* a gap, which the format allows */
	make_gguf_number(&make, 0, 8);
	gguf = open_made();
	assert_int_equal(gguf->tensors[0].offset, make.length - 8);
	gguf_free(gguf);
}

static void
test_gguf__a_tensor_is_refused_by_name(void **state)
{
	static const struct {
		const char *name;
		uint32_t type;
		uint64_t rows, columns, offset;
		enum err code;
		const char *part;
	} wrong[] = {
		{ "t", 0, 4, 4, 0, ERR_FORMAT, "t: lies behind the end" },
		{ "t", 0, 2, 0, 32, ERR_FORMAT, "t: lies behind the end" },
		{ "t", 0, 2, 0, UINT64_MAX - 31, ERR_FORMAT, "t: lies behind the end" },
		{ "t", 0, 2, 0, UINT64_C(1) << 63, ERR_FORMAT, "t: lies behind the end" },
		{ "t", 0, 2, 0, 4, ERR_FORMAT, "t: lies at offset 4, no multiple" },
		{ "t", 0, UINT64_C(1) << 62, 8, 0, ERR_FORMAT, "t: has a shape too large" },
		{ "t", 0, UINT64_MAX, 0, 0, ERR_FORMAT, "t: has a shape too large" },
		{ "t", 28, INT64_MAX, 0, 0, ERR_FORMAT, "t: has a shape too large" },
		{ "t", 12, 2, 128, 0, ERR_FORMAT,
		  "t: has rows of 128 values, which blocks of Q4_K" },
		{ "t", 2, 16, 0, 0, ERR_FORMAT, "which blocks of Q4_0 (32 values)" },
		{ "t", 4, 2, 0, 0, ERR_UNSUPPORTED, "t: has type 4" },
		{ "t", 31, 2, 0, 0, ERR_UNSUPPORTED, "t: has type 31" },
		{ "t", 43, 2, 0, 0, ERR_UNSUPPORTED, "t: has type 43" },
		{ "t", UINT32_MAX, 2, 0, 0, ERR_UNSUPPORTED, "t: has type 4294967295" },
		{ "", 0, 2, 0, 0, ERR_FORMAT, "a name of 0 bytes" },
		{ "0123456789012345678901234567890123456789012345678901234567890123", 0, 2, 0, 0,
		  ERR_FORMAT, "a name of 64 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		make_gguf(&make);
		make_gguf_tensor(&make, wrong[i].name, wrong[i].type, wrong[i].rows,
				 wrong[i].columns, wrong[i].offset);
		make_gguf_pad(&make, 32);
		make_gguf_number(&make, 0, 8); /* room for two floats */
		refuse(wrong[i].code, wrong[i].part);
	}
}

static void
test_gguf__tensors_may_not_overlap_or_share_a_name(void **state)
{
	struct gguf *gguf;

	(void)state;
	for (int second = 0; second < 3; second++) {
		make_gguf(&make);
		make_gguf_tensor(&make, "a", 0, 9, 0, 0);
		make_gguf_tensor(&make, second == 2 ? "a" : "b", 0, 1, 0, second ? 64 : 32);
		make_gguf_pad(&make, 32);
		for (int i = 0; i < 17; i++)
			make_gguf_number(&make, 0, 4);
		if (second == 0) {
			refuse(ERR_FORMAT, "b: overlaps a");
		} else if (second == 2) {
			refuse(ERR_FORMAT, "a: this tensor stands in the file twice");
		} else {
			gguf = open_made();
			assert_int_equal(gguf->tensor_count, 2);
			gguf_free(gguf);
		}
	}
}

static void
test_gguf__five_dimensions_are_too_many(void **state)
{
	(void)state;
	make_gguf(&make);
	make_gguf_text(&make, "t");
	make_gguf_number(&make, 5, 4);
	for (int i = 0; i < 5; i++)
		make_gguf_number(&make, 1, 8);
	make_gguf_number(&make, 0, 4);
	make_gguf_number(&make, 0, 8);
	make.tensors = 1;
	refuse(ERR_FORMAT, "t: has 5 dimensions");
}

/* Every prefix of a sound file is refused, and nothing else happens. */
static void
test_gguf__a_file_cut_anywhere_is_refused(void **state)
{
	static const char *const words[] = { "one", "two" };
	struct gguf *gguf;
	size_t whole;

	(void)state;
	make_gguf(&make);
	make_gguf_string(&make, "general.architecture", "llama");
	make_gguf_strings(&make, "words", words, 2);
	make_gguf_bool(&make, "flag", true);
	make_gguf_tensor(&make, "a", 1, 3, 2, 0);
	make_gguf_pad(&make, 32);
	make_gguf_number(&make, 0, 8);
	make_gguf_number(&make, 0, 4);
	gguf_free(open_made());
	whole = make.length;
	for (size_t size = 0; size < whole; size++) {
		const char *path = support_file("m.gguf", make.bytes, size);

		assert_err(ERR_FORMAT, "m.gguf", gguf_open(&gguf, path));
	}
}

/* Rows of a checkpoint's tensor come outermost first, values exact. */
static void
test_gguf__tensors_of_three_types_are_read(void **state)
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
test_gguf__a_quantized_file_says_with_what(void **state)
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
test_gguf__what_is_no_model_is_named(void **state)
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
test_gguf__all_parts_of_a_split_file_are_read(void **state)
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
test_gguf__parts_that_do_not_fit_are_refused(void **state)
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
test_gguf__what_is_written_is_the_model_again(void **state)
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
test_gguf__a_folder_with_one_file_opens_like_the_file(void **state)
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
test_gguf__memory_may_run_out_anywhere(void **state)
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
		cmocka_unit_test(test_gguf__every_type_of_value_is_read),
		cmocka_unit_test(test_gguf__arrays_give_their_elements_in_order),
		cmocka_unit_test(test_gguf__a_dot_stands_for_the_architecture),
		cmocka_unit_test(test_gguf__values_of_another_type_or_range_are_refused_by_key),
		cmocka_unit_test(test_gguf__a_start_that_is_wrong_is_refused),
		cmocka_unit_test(test_gguf__counts_that_no_file_could_hold_are_refused),
		cmocka_unit_test(test_gguf__wrong_pairs_are_refused_by_key),
		cmocka_unit_test(test_gguf__an_alignment_is_a_power_of_two),
		cmocka_unit_test(test_gguf__a_tensor_is_refused_by_name),
		cmocka_unit_test(test_gguf__tensors_may_not_overlap_or_share_a_name),
		cmocka_unit_test(test_gguf__five_dimensions_are_too_many),
		cmocka_unit_test(test_gguf__a_file_cut_anywhere_is_refused),
		cmocka_unit_test(test_gguf__tensors_of_three_types_are_read),
		cmocka_unit_test(test_gguf__a_quantized_file_says_with_what),
		cmocka_unit_test(test_gguf__what_is_no_model_is_named),
		cmocka_unit_test(test_gguf__all_parts_of_a_split_file_are_read),
		cmocka_unit_test(test_gguf__parts_that_do_not_fit_are_refused),
		cmocka_unit_test(test_gguf__what_is_written_is_the_model_again),
		cmocka_unit_test(test_gguf__a_folder_with_one_file_opens_like_the_file),
		cmocka_unit_test(test_gguf__memory_may_run_out_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
