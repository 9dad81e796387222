/* NF4 and FP4 against bitsandbytes: reference hashes, and what they do not reach. */
#include "quantizers/bnb4.h"
#include "support/support.h"

#include "core/buf.h"
#include "support/golden.h"
#include "support/solve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COUNT = GOLDEN_ROWS * GOLDEN_COLUMNS };

static float weight[COUNT];

static void
pack(uint8_t *out, const uint8_t *codes, size_t count)
{
	for (size_t i = 0; i < count; i += 2)
		out[i / 2] = (uint8_t)(codes[i] << 4 | (i + 1 < count ? codes[i + 1] : 0));
}

/* The 16-bit types that a float32 is rounded to before it is quantized. */
static float
keep(float x)
{
	return x;
}

static float
as_bfloat16(float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof(bits));
	bits = (bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u;
	memcpy(&x, &bits, sizeof(x));
	return x;
}

static float
as_float16(float x)
{
	int exponent;

	frexpf(x, &exponent);
	x = ldexpf(x, 11 - (exponent > -13 ? exponent : -13));
	return ldexpf(rintf(x), (exponent > -13 ? exponent : -13) - 11);
}

static void
check_golden(const char *method, const char *dtype, float (*round_to)(float), int block_size)
{
	struct solve solve = {
		.method = method, .rows = GOLDEN_ROWS, .columns = GOLDEN_COLUMNS, .weight = weight
	};
	char settings[64], key[64];
	uint8_t packed[COUNT / 2];
	struct quantized q;

	golden_weight(weight);
	for (size_t i = 0; i < COUNT; i++)
		weight[i] = round_to(weight[i]);
	snprintf(settings, sizeof(settings), "block_size=%d", block_size);
	solve.settings = settings;
	assert_ok(solve_run(&q, &solve));
	pack(packed, q.codes, COUNT);
	snprintf(key, sizeof(key), "bnb.%s.%s.b%d.packed", dtype, method, block_size);
	assert_string_equal(sha256_hex(packed, sizeof(packed)), golden_sha256(key));
	snprintf(key, sizeof(key), "bnb.%s.%s.b%d.absmax", dtype, method, block_size);
	assert_string_equal(sha256_hex(q.scales, q.scale_count * 4), golden_sha256(key));
	quantized_free(&q);
}

static void
test_bnb4__codes_and_maxima_equal_the_reference(void **state)
{
	static const char *const methods[] = { "nf4", "fp4" };

	(void)state;
	support_need_data("golden/golden.json");
	for (int block_size = 64; block_size <= 128; block_size *= 2) {
		for (size_t m = 0; m < 2; m++) {
			check_golden(methods[m], "float32", keep, block_size);
			check_golden(methods[m], "bfloat16", as_bfloat16, block_size);
			check_golden(methods[m], "float16", as_float16, block_size);
		}
	}
	assert_string_equal(sha256_hex(bnb4_dynamic_map, sizeof(bnb4_dynamic_map)),
			    golden_sha256("bnb.float32.nf4.b64.nested.map"));
}

static void
test_bnb4__nested_maxima_equal_the_reference(void **state)
{
	struct solve solve = { .method = "nf4",
			       .settings = "block_size=64 double_quant=true",
			       .rows = GOLDEN_ROWS,
			       .columns = GOLDEN_COLUMNS,
			       .weight = weight };
	const struct quant_array *codes, *absmax, *offset;
	uint8_t packed[COUNT / 2];
	struct quantized q;

	(void)state;
	support_need_data("golden/golden.json");
	golden_weight(weight);
	assert_ok(solve_run(&q, &solve));
	pack(packed, q.codes, COUNT);
	assert_string_equal(sha256_hex(packed, sizeof(packed)),
			    golden_sha256("bnb.float32.nf4.b64.nested.packed"));
	codes = quantized_extra(&q, "nested_codes");
	absmax = quantized_extra(&q, "nested_absmax");
	offset = quantized_extra(&q, "nested_offset");
	assert_string_equal(sha256_hex(codes->data, codes->count),
			    golden_sha256("bnb.float32.nf4.b64.nested.absmax_u8"));
	assert_string_equal(sha256_hex(absmax->data, absmax->count * 4),
			    golden_sha256("bnb.float32.nf4.b64.nested.absmax2"));
	assert_true(*(float *)offset->data == (float)golden_number("bnb.nested_offset"));
	assert_string_equal(sha256_hex(q.dequantized, COUNT * 4),
			    golden_sha256("bnb.float32.nf4.b64.nested.deq"));
	quantized_free(&q);
}

static void
test_bnb4__zeros_are_code_7_and_every_bit_is_counted(void **state)
{
	struct solve solve = { .method = "nf4", .rows = 3, .columns = 43, .weight = weight };
	struct quantized q;

	(void)state;
	memset(weight, 0, sizeof(weight));
	assert_ok(solve_run(&q, &solve));
	for (size_t i = 0; i < 129; i++) {
		assert_int_equal(q.codes[i], 7);
		assert_true(q.dequantized[i] == 0.0f);
	}
	assert_true(q.scales[0] == 0.0f && q.scales[1] == 0.0f);
	assert_true(q.scales[2] == 1e-38f);
	assert_true(quantized_bits(&q) == 129 * 4 + 4 + 3 * 32 + 16 * 32);
	assert_true(q.part_bits[PART_PADDING] == 4);
	quantized_free(&q);
}

static void
test_bnb4__fp4_takes_zero_for_one_zero_and_tiny_positives_for_the_other(void **state)
{
	struct solve solve = { .method = "fp4", .rows = 1, .columns = 32, .weight = weight };
	struct quantized q;

	(void)state;
	memset(weight, 0, sizeof(weight));
	weight[0] = 1.0f;
	weight[1] = 1e-4f;
	weight[2] = -1e-4f;
	weight[3] = -1.0f;
	assert_ok(solve_run(&q, &solve));
	assert_int_equal(q.codes[0], 3);
	assert_int_equal(q.codes[1], 8);
	assert_int_equal(q.codes[2], 0);
	assert_int_equal(q.codes[3], 11);
	assert_int_equal(q.codes[4], 0);
	assert_true(q.dequantized[1] == 0.0f && q.dequantized[3] == -1.0f);
	quantized_free(&q);
}

static void
test_bnb4__weights_are_restored_to_the_compute_dtype(void **state)
{
	struct solve solve = {
		.method = "nf4", .rows = GOLDEN_ROWS, .columns = GOLDEN_COLUMNS, .weight = weight
	};
	struct quantized plain, half, brain;

	(void)state;
	golden_values(weight, COUNT, 5, 1.0f);
	assert_ok(solve_run(&plain, &solve));
	solve.settings = "compute_dtype=float16";
	assert_ok(solve_run(&half, &solve));
	solve.settings = "compute_dtype=bfloat16";
	assert_ok(solve_run(&brain, &solve));
	for (size_t i = 0; i < COUNT; i++) {
		assert_true(half.dequantized[i] == as_float16(plain.dequantized[i]));
		assert_true(brain.dequantized[i] == as_bfloat16(plain.dequantized[i]));
	}
	assert_memory_equal(plain.codes, brain.codes, COUNT);
	quantized_free(&plain);
	quantized_free(&half);
	quantized_free(&brain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bnb4__codes_and_maxima_equal_the_reference),
		cmocka_unit_test(test_bnb4__nested_maxima_equal_the_reference),
		cmocka_unit_test(test_bnb4__zeros_are_code_7_and_every_bit_is_counted),
		cmocka_unit_test(
			test_bnb4__fp4_takes_zero_for_one_zero_and_tiny_positives_for_the_other),
		cmocka_unit_test(test_bnb4__weights_are_restored_to_the_compute_dtype),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
