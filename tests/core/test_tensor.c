/* Conversions of single values, over every 16-bit pattern; and what reading leaves in memory. */
#include "core/tensor.h"
#include "support/support.h"

#include "core/buf.h"
#include "core/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
test_tensor__every_half_survives_the_way_to_float32_and_back(void **state)
{
	(void)state;
	for (uint32_t bits = 0; bits < 65536; bits++) {
		float f = f16_to_f32((uint16_t)bits), b = bf16_to_f32((uint16_t)bits);

		if (!isnan(f))
			assert_int_equal(f16_from_f32(f), bits);
		if (!isnan(b))
			assert_int_equal(bf16_from_f32(b), bits);
		assert_int_equal(isnan(f) != 0, (bits & 0x7c00) == 0x7c00 && (bits & 0x3ff));
		assert_true(!isnan(f) || isnan(f16_to_f32(f16_from_f32(f))));
	}
}

static void
test_tensor__rounding_goes_to_nearest_even(void **state)
{
	(void)state;
	assert_int_equal(f16_from_f32(1.0f + 0x1p-11f), 0x3c00);     /* tie, down to even */
	assert_int_equal(f16_from_f32(1.0f + 3 * 0x1p-11f), 0x3c02); /* tie, up to even */
	assert_int_equal(f16_from_f32(65519.996f), 0x7bff);
	assert_int_equal(f16_from_f32(65520.0f), 0x7c00);
	assert_int_equal(f16_from_f32(0x1p-25f), 0);
	assert_int_equal(f16_from_f32(0x1.8p-24f), 2);
	assert_int_equal(f16_from_f32(-0.0f), 0x8000);
	assert_int_equal(bf16_from_f32(1.0f + 0x1p-8f), 0x3f80);
	assert_int_equal(bf16_from_f32(1.0f + 3 * 0x1p-8f), 0x3f82);
	assert_int_equal(bf16_from_f32(3.4e38f), 0x7f80);
}

/* Bytes of mapped files in this process now. */
static long
mapped_bytes(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	long kib = -1;

	assert_non_null(status);
	while (fgets(line, sizeof(line), status))
		sscanf(line, "RssFile: %ld kB", &kib);
	fclose(status);
	return kib * 1024;
}

enum { LARGE = 96 << 20 };

/* A file too large to stay mapped: what has been read leaves the process, and reads the same again;
 * a file that shrank meanwhile is noticed as ever. */
static void
test_tensor__what_was_read_does_not_stay_in_memory(void **state)
{
	const char *path = support_file("large", "", 0);
	struct tensor tensor = { .name = "t", .dtype = DTYPE_F32, .elements = LARGE / 4 };
	float *values = buf_alloc(LARGE / 4, sizeof(*values)), last;
	FILE *file = fopen(path, "r+b");
	struct file_map *map;
	long before;

	(void)state;
	assert_non_null(file);
	assert_non_null(values);
	for (int i = 0; i < LARGE / 4; i += 1 << 18) { /* one value in each mebibyte */
		last = (float)i;
		assert_int_equal(fseek(file, 4L * i, SEEK_SET), 0);
		assert_int_equal(fwrite(&last, 4, 1, file), 1);
	}
	assert_int_equal(ftruncate(fileno(file), LARGE), 0);
	fclose(file);
	assert_ok(file_map_open(&map, path));
	tensor.map = map;
	before = mapped_bytes();
	for (int round = 0; round < 2; round++) {
		assert_ok(tensor_read(values, &tensor, 0, tensor.elements));
		assert_true(mapped_bytes() < before + (8 << 20));
		for (int i = 0; i < LARGE / 4; i += 1 << 18)
			assert_true(values[i] == (float)i && values[i + 1] == 0.0f);
	}
	assert_int_equal(truncate(path, LARGE / 2), 0);
	assert_err(ERR_IO, "changed on disk", tensor_read(values, &tensor, 0, tensor.elements));
	file_map_free(map);
	buf_free(values);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tensor__every_half_survives_the_way_to_float32_and_back),
		cmocka_unit_test(test_tensor__rounding_goes_to_nearest_even),
		cmocka_unit_test(test_tensor__what_was_read_does_not_stay_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
