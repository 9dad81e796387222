/* Conversions of single values, over every 16-bit pattern. */
#include "core/tensor.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tensor__every_half_survives_the_way_to_float32_and_back),
		cmocka_unit_test(test_tensor__rounding_goes_to_nearest_even),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
