/* torchao against reference hashes, its solvers, and which inputs it rounds. */
#include "support/support.h"

#include "support/golden.h"
#include "support/solve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COUNT = GOLDEN_ROWS * GOLDEN_COLUMNS };

static float weight[COUNT];

static struct solve
setup(const char *settings)
{
	golden_weight(weight);
	return (struct solve){ .method = "torchao",
			       .settings = settings,
			       .rows = GOLDEN_ROWS,
			       .columns = GOLDEN_COLUMNS,
			       .weight = weight };
}

static void
expect(const char *name, const char *part, const void *data, size_t size)
{
	char key[64];

	snprintf(key, sizeof(key), "torchao.%s.%s", name, part);
	if (strcmp(sha256_hex(data, size), golden_sha256(key)))
		fail_msg("%s differs", key);
}

/* The upper half of each float, in place: a bfloat16 in memory. */
static size_t
as_bfloat16(float *x, size_t count)
{
	unsigned char *out = (unsigned char *)x;

	for (size_t i = 0; i < count; i++) {
		uint32_t bits;
		uint16_t half;

		memcpy(&bits, &x[i], sizeof(bits));
		half = (uint16_t)(bits >> 16);
		memcpy(out + i * sizeof(half), &half, sizeof(half));
	}
	return 2 * count;
}

static void
check_golden(const char *settings, const char *name, uint8_t offset, bool narrow_scales)
{
	struct solve solve = setup(settings);
	struct quantized q;
	size_t size;

	assert_ok(solve_run(&q, &solve));
	for (size_t i = 0; i < COUNT; i++)
		q.codes[i] = (uint8_t)(q.codes[i] - offset);
	expect(name, "qdata", q.codes, COUNT);
	size = narrow_scales ? as_bfloat16(q.scales, q.scale_count) : 4 * q.scale_count;
	expect(name, "scale", q.scales, size);
	expect(name, "deq", q.dequantized, as_bfloat16(q.dequantized, COUNT));
	quantized_free(&q);
}

static void
test_torchao__everything_stored_has_the_reference_hashes(void **state)
{
	(void)state;
	support_need_data("golden/golden.json");
	check_golden("variant=int8wo", "int8wo", 128, false);
	check_golden("variant=fp8wo", "fp8wo", 0, false);
	check_golden("variant=intx bits=4 group_size=64", "intx4.g64", 8, true);
}

static double
error_of(const char *settings)
{
	struct solve solve = setup(settings);
	struct quantized q;
	double error = 0.0;

	assert_ok(solve_run(&q, &solve));
	for (size_t i = 0; i < COUNT; i++) {
		double d = (double)weight[i] - (double)q.dequantized[i];

		error += d * d;
	}
	quantized_free(&q);
	return error;
}

static void
test_torchao__solvers_lose_less_than_ranges(void **state)
{
	(void)state;
	assert_true(error_of("variant=int4wo choose_qparams=hqq") < error_of("variant=int4wo"));
	assert_true(error_of("bits=3 group_size=32 choose_qparams=hqq_scale_only") <
		    error_of("bits=3 group_size=32"));
}

static void
check_effect(const char *settings, const char *name)
{
	struct solve solve = setup(settings);
	struct quantized q;

	assert_ok(solve_run(&q, &solve));
	if (name)
		assert_string_equal(q.effect->name, name);
	else
		assert_null(q.effect);
	quantized_free(&q);
}

static void
test_torchao__dynamic_variants_round_their_inputs_unless_told_not_to(void **state)
{
	(void)state;
	check_effect("variant=int8wo", NULL);
	check_effect("variant=fp8wo", NULL);
	check_effect("variant=int8dyn", "int8_torchao");
	check_effect("variant=int8dyn granularity=tensor", "int8_torchao_tensor");
	check_effect("variant=int8dyn activations=none", NULL);
	check_effect("variant=intx activations=int8_torchao_affine", "int8_torchao_affine");
	check_effect("variant=fp8dyn", "fp8_tensor");
	check_effect("variant=fp8dyn granularity=row", "fp8_token");
}

static void
test_torchao__what_does_not_go_together_is_refused(void **state)
{
	static const struct {
		const char *settings, *line;
	} cases[] = {
		{ "variant=int8dyn group_size=64", "int8dyn has no scale for each group" },
		{ "variant=int4wo group_size=-1", "group_size: int4wo has no scale for each row" },
		{ "granularity=tensor", "granularity: intx has no scale for each tensor" },
		{ "variant=fp8dyn granularity=block", "do not divide 64 rows" },
		{ "choose_qparams=hqq", "choose_qparams: hqq is not for intx; use default" },
		{ "variant=int8wo mapping=asymmetric", "mapping: asymmetric is for intx" },
		{ "bits=1 mapping=symmetric_no_clipping", "1 of bits has not" },
		{ "group_size=100", "100 does not divide 256 columns; use 64 or 128" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct solve solve = setup(cases[i].settings);
		struct quantized q;

		assert_err(ERR_RANGE, cases[i].line, solve_run(&q, &solve));
	}
}

static void
test_torchao__weights_that_float16_cannot_hold_are_refused(void **state)
{
	struct solve solve = setup("compute_dtype=float16");
	struct quantized q;

	(void)state;
	weight[77] = -70000.0f;
	assert_err(ERR_RANGE, "a weight of -70000 is beyond float16", solve_run(&q, &solve));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_torchao__everything_stored_has_the_reference_hashes),
		cmocka_unit_test(test_torchao__solvers_lose_less_than_ranges),
		cmocka_unit_test(
			test_torchao__dynamic_variants_round_their_inputs_unless_told_not_to),
		cmocka_unit_test(test_torchao__what_does_not_go_together_is_refused),
		cmocka_unit_test(test_torchao__weights_that_float16_cannot_hold_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
