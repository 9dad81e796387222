/* Headers that lie, each refused with a line that names file and tensor. */
#include "core/checkpoint.h"
#include "support/support.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/tensor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char config[] = "{\"model_type\":\"llama\",\"hidden_size\":4,\"num_hidden_layers\":1}";

/* A folder whose model.safetensors has this header and `size` bytes of data. */
static const char *
folder_with(const char *header, size_t size)
{
	size_t length = strlen(header);
	char *bytes = calloc(1, 8 + length + size);

	memcpy(bytes, &(uint64_t){ length }, 8);
	memcpy(bytes + 8, header, length);
	for (size_t i = 0; i < size; i++)
		bytes[8 + length + i] = (char)i;
	support_file("config.json", config, sizeof(config) - 1);
	support_file("model.safetensors", bytes, 8 + length + size);
	free(bytes);
	return support_folder();
}

static void
assert_refused(enum err code, const char *part, const char *header, size_t size)
{
	struct checkpoint *checkpoint;
	const char *folder = folder_with(header, size);

	assert_err(code, part, checkpoint_open(&checkpoint, folder));
	assert_null(checkpoint);
	assert_true(support_contains(err_line(), "model.safetensors"));
}

static void
test_safetensors__headers_that_lie_are_refused_by_name(void **state)
{
	static const struct {
		const char *header, *part;
		size_t size;
	} bad[] = {
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}", "byte", 8 },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", "a: lies at",
		  7 },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
		  "behind its last", 9 },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", "a: lies at",
		  8 },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
		  "a: leaves a hole", 12 },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}",
		  "a: has 8 bytes", 8 },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
		  "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
		  "overlaps", 8 },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
		  "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
		  "b: overlaps", 12 },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
		  "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
		  "a: this tensor stands in the model twice", 16 },
		{ "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]"
		  "}}",
		  "dtype: this name stands twice", 8 },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775808,2],\"data_offsets\":[0,"
		  "8]}}",
		  "too large", 8 },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387905],\"data_offsets\":[0,4]"
		  "}}",
		  "a: has 4 bytes", 4 },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[18446744073709551616],\"data_offsets\":[0,"
		  "8]}}",
		  "no list of sizes", 8 },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
		  "no list of sizes", 8 },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}",
		  "no list of sizes", 8 },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,8]}"
		  "}",
		  "9 dimensions", 8 },
		{ "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", "a: has no shape", 8 },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "a: has no data_offsets", 8 },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}",
		  "a: has no data_offsets", 8 },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,"
		  "18446744073709551615]}}",
		  "a: lies at", 8 },
		{ "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", "a: has no dtype", 8 },
		{ "{\"a\":[1]}", "a: has no dtype", 8 },
		{ "{\"a\\u001b[31m\":{\"shape\":[2]}}", "a^[[31m: has no dtype", 8 },
		{ "{\"a\\u0000b\":{\"shape\":[2]}}", "NUL", 8 },
		{ "{\"__metadata__\":{\"a\":1}}", "__metadata__: holds something", 0 },
		{ "{\"__metadata__\":[]}", "__metadata__: is no object", 0 },
		{ "{\"__metadata__\":{},\"__metadata__\":{}}",
		  "__metadata__: this name stands twice", 0 },
		{ " {}", "does not begin with {", 0 },
		{ "[1,2,3]", "does not begin with {", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(ERR_FORMAT, bad[i].part, bad[i].header, bad[i].size);
	assert_refused(ERR_UNSUPPORTED, "a: has dtype \"F4\"",
		       "{\"a\":{\"dtype\":\"F4\",\"shape\":[2],\"data_offsets\":[0,1]}}", 1);
}

static void
test_safetensors__header_lengths_are_bounded_by_the_file(void **state)
{
	static const uint64_t lengths[] = {
		0, 1, 20, 1000, UINT64_MAX, UINT64_MAX / 2 + 1, 100000001, UINT64_MAX - 7
	};
	char bytes[24] = "xxxxxxxx{}              ";
	struct checkpoint *checkpoint;

	(void)state;
	support_file("config.json", config, sizeof(config) - 1);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memcpy(bytes, &lengths[i], 8);
		support_file("model.safetensors", bytes, sizeof(bytes));
		assert_err(ERR_FORMAT, "header has",
			   checkpoint_open(&checkpoint, support_folder()));
	}
	for (size_t size = 0; size < 10; size++) {
		support_file("model.safetensors", bytes, size);
		assert_err(ERR_FORMAT, "too few", checkpoint_open(&checkpoint, support_folder()));
	}
}

static void
test_safetensors__unaligned_data_reads_exactly(void **state)
{
	/* The data of b begins at an odd byte, and so does the header's end. */
	static const char header[] =
		"{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},"
		"\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[3,11]},"
		"\"none\":{\"dtype\":\"F32\",\"shape\":[0,18446744073709551615],"
		"\"data_offsets\":[11,11]}}  ";
	static const unsigned char bytes[] = { 3, 4, 5, 6, 7, 8, 9, 10 };
	struct checkpoint *checkpoint;
	const struct tensor *b;
	float values[2];

	(void)state;
	assert_ok(checkpoint_open(&checkpoint, folder_with(header, 11)));
	b = checkpoint_find(checkpoint, "b");
	assert_ok(tensor_read(values, b, 0, 2));
	assert_memory_equal(values, bytes, sizeof(values));
	assert_err(ERR_RANGE, "b: elements 1 to 3 of 2", tensor_read(values, b, 1, 2));
	assert_err(ERR_UNSUPPORTED, "type U8",
		   tensor_read(values, checkpoint_find(checkpoint, "a"), 0, 1));
	assert_ok(tensor_read(values, checkpoint_find(checkpoint, "none"), 0, 0));
	checkpoint_free(checkpoint);
}

static void
test_safetensors__a_file_that_shrinks_is_an_error_when_read(void **state)
{
	enum { COUNT = 1 << 16 };
	struct checkpoint *checkpoint;
	float *values = buf_alloc(COUNT, sizeof(float));
	char header[128];
	const struct tensor *a;

	(void)state;
	snprintf(header, sizeof(header),
		 "{\"a\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[0,%d]}}", COUNT,
		 4 * COUNT);
	assert_ok(checkpoint_open(&checkpoint, folder_with(header, 4 * COUNT)));
	a = checkpoint_find(checkpoint, "a");
	assert_ok(tensor_read(values, a, 0, COUNT));
	assert_int_equal(truncate(file_map_path(a->map), 5000), 0);
	assert_err(ERR_IO, "changed on disk", tensor_read(values, a, 0, COUNT));
	assert_err(ERR_IO, "changed on disk", tensor_read_bytes(values, a, 0, 4 * COUNT));
	checkpoint_free(checkpoint);
	buf_free(values);
}

/* As many names as a header of the largest kind allows must not take forever. */
static void
test_safetensors__a_header_of_many_tensors_opens_in_linear_time(void **state)
{
	enum { COUNT = 100000 };
	char *header = malloc(COUNT * 80), *at = header;
	struct checkpoint *checkpoint;
	clock_t start;

	(void)state;
	*at++ = '{';
	for (int i = 0; i < COUNT; i++)
		at += sprintf(
			at, "%s\"t%07d\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%d,%d]}",
			i ? "," : "", i, i, i + 1);
	strcpy(at, "}");
	start = clock();
	assert_ok(checkpoint_open(&checkpoint, folder_with(header, COUNT)));
	assert_true(clock() - start < 3 * CLOCKS_PER_SEC);
	assert_int_equal(checkpoint->count, COUNT);
	assert_non_null(checkpoint_find(checkpoint, "t0099999"));
	checkpoint_free(checkpoint);
	free(header);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_safetensors__headers_that_lie_are_refused_by_name),
		cmocka_unit_test(test_safetensors__header_lengths_are_bounded_by_the_file),
		cmocka_unit_test(test_safetensors__unaligned_data_reads_exactly),
		cmocka_unit_test(test_safetensors__a_file_that_shrinks_is_an_error_when_read),
		cmocka_unit_test(test_safetensors__a_header_of_many_tensors_opens_in_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
