/* The GGUF container: what is read, and every refusal. */
#include "core/formats/gguf.h"
#include "support/gguf_make.h"
#include "support/support.h"

#include <math.h>
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
