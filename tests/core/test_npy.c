/* Token ids from NumPy's arrays, and what NumPy itself would have written. */
#include "core/formats/npy.h"
#include "support/support.h"

#include "core/buf.h"
#include "core/file.h"

#include <stdio.h>
#include <string.h>

/* A version 1 file with this dictionary and these values. */
static const char *
array_file(const char *dictionary, const void *values, size_t size)
{
	char bytes[1024] = "\x93NUMPY\1";
	size_t length = strlen(dictionary);

	bytes[8] = (char)length;
	memcpy(bytes + 10, dictionary, length);
	memcpy(bytes + 10 + length, values, size);
	return support_file("ids.npy", bytes, 10 + length + size);
}

static void
assert_ids(const char *path, const int32_t *expected, size_t count)
{
	int32_t *ids;
	size_t n;

	assert_ok(npy_read_ids(&ids, &n, path));
	assert_int_equal(n, count);
	if (count)
		assert_memory_equal(ids, expected, count * sizeof(*ids));
	buf_free(ids);
}

static void
test_npy__integers_of_every_width_and_order_are_ids(void **state)
{
	static const int32_t expected[] = { 1, 300, 2 };
	static const int64_t wide[] = { 1, 300, 2 };
	static const unsigned char big[] = { 0, 1, 1, 44, 0, 2 };

	(void)state;
	assert_ids(array_file("{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }\n",
			      expected, sizeof(expected)),
		   expected, 3);
	assert_ids(array_file("{'shape': (3, 1), 'fortran_order': False, 'descr': '<i8'}", wide,
			      sizeof(wide)),
		   expected, 3);
	assert_ids(array_file("{\"descr\": \">u2\", 'fortran_order': False, 'shape': (3,)}", big,
			      sizeof(big)),
		   expected, 3);
	assert_ids(array_file("{'descr': '|u1', 'fortran_order': False, 'shape': (0, 7)}", "", 0),
		   NULL, 0);
}

static void
test_npy__what_is_no_array_of_ids_is_refused_by_name(void **state)
{
	static const struct {
		const char *dictionary, *part;
		enum err code;
	} bad[] = {
		{ "{'descr': '<i4', 'fortran_order': True, 'shape': (2,)}",
		  "fortran_order: is True", ERR_UNSUPPORTED },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "descr: is '<f4'",
		  ERR_UNSUPPORTED },
		{ "{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", "must be integers",
		  ERR_UNSUPPORTED },
		{ "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (2,)}",
		  "structured type", ERR_UNSUPPORTED },
		{ "{'descr': '<i4', 'fortran_order': False, 'shape': (3,)}", "says 3 values",
		  ERR_FORMAT },
		{ "{'descr': '<i4', 'fortran_order': False, 'shape': (1,)}", "says 1 values",
		  ERR_FORMAT },
		{ "{'descr': '<i4', 'fortran_order': False, 'shape': (4611686018427387906,)}",
		  "says 4611686018427387906 values", ERR_FORMAT },
		{ "{'descr': '<i4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
		  "larger than any file", ERR_FORMAT },
		{ "{'descr': '<i4', 'fortran_order': False, 'shape': (-2,)}", "no extent",
		  ERR_FORMAT },
		{ "{'descr': '<i4', 'fortran_order': False}", "lacks", ERR_FORMAT },
		{ "{'descr': '<i4', 'descr': '<i4', 'shape': (2,)}", "twice", ERR_FORMAT },
		{ "{'descr': '<i4', 'fortran_order': False, 'shape': (2,)", "never ends",
		  ERR_FORMAT },
		{ "__import__('os')", "no dictionary", ERR_FORMAT },
	};
	static const int32_t two[] = { 7, 8 };
	int32_t *ids;
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *path = array_file(bad[i].dictionary, two, sizeof(two));

		assert_err(bad[i].code, bad[i].part, npy_read_ids(&ids, &count, path));
		assert_null(ids);
	}
	assert_err(
		ERR_RANGE, "value 1 is -3",
		npy_read_ids(&ids, &count,
			     array_file("{'descr': '<i4', 'fortran_order': False, 'shape': (2,)}",
					(const int32_t[]){ 1, -3 }, 8)));
	assert_err(ERR_FORMAT, "no NumPy array",
		   npy_read_ids(&ids, &count, support_file("ids.npy", "hello", 5)));
	assert_err(ERR_IO, "none.npy", npy_read_ids(&ids, &count, "none.npy"));
}

static void
test_npy__a_written_array_has_numpys_bytes(void **state)
{
	static const char expected[] =
		"\x93NUMPY\1\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
	static const float values[] = { 1, 2, 3, 4, 5, 6 };
	const char *path = support_file("out.npy", "old", 3);
	char *text;
	size_t size;

	(void)state;
	assert_ok(npy_write(path, NPY_F32, values, 2, (const size_t[]){ 2, 3 }));
	assert_ok(file_read(&text, &size, path, 4096));
	assert_int_equal(size, 128 + sizeof(values));
	assert_memory_equal(text, expected, sizeof(expected) - 1);
	assert_int_equal(text[127], '\n');
	assert_int_equal(text[126], ' ');
	assert_memory_equal(text + 128, values, sizeof(values));
	buf_free(text);
}

static void
test_npy__written_bytes_come_back_as_ids(void **state)
{
	static const uint8_t values[] = { 0, 255, 3 };
	const char *path = support_file("out.npy", "", 0);

	(void)state;
	assert_ok(npy_write(path, NPY_U8, values, 1, (const size_t[]){ 3 }));
	assert_ids(path, (const int32_t[]){ 0, 255, 3 }, 3);
	assert_ok(npy_write(path, NPY_U8, values, 0, NULL));
	assert_ids(path, (const int32_t[]){ 0 }, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_npy__integers_of_every_width_and_order_are_ids),
		cmocka_unit_test(test_npy__what_is_no_array_of_ids_is_refused_by_name),
		cmocka_unit_test(test_npy__a_written_array_has_numpys_bytes),
		cmocka_unit_test(test_npy__written_bytes_come_back_as_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
