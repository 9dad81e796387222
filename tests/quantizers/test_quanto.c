/* quanto against reference hashes, and what its peer does not answer. */
#include "support/support.h"

#include "core/buf.h"
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
	return (struct solve){ .method = "quanto",
			       .settings = settings,
			       .rows = GOLDEN_ROWS,
			       .columns = GOLDEN_COLUMNS,
			       .weight = weight };
}

static void
expect(const char *key, const void *data, size_t size)
{
	if (strcmp(sha256_hex(data, size), golden_sha256(key)))
		fail_msg("%s differs", key);
}

/* Groups as rows, cut in bands of rows: the first lies in the low bits. */
static size_t
pack(uint8_t *out, const uint8_t *codes, int bits)
{
	size_t bands = 8 / (size_t)bits, size = COUNT / bands;

	memset(out, 0, size);
	for (size_t band = 0; band < bands; band++)
		for (size_t i = 0; i < size; i++)
			out[i] |= (uint8_t)(codes[band * size + i] << band * (size_t)bits);
	return size;
}

static void
check_affine(const char *settings, int bits)
{
	static uint8_t packed[COUNT];
	struct solve solve = setup(settings);
	const char *names[] = { "packed", "scale", "shift", "deq" };
	struct quantized q;
	const void *data[4];
	size_t sizes[4];

	assert_ok(solve_run(&q, &solve));
	sizes[0] = pack(packed, q.codes, bits);
	sizes[1] = sizes[2] = q.scale_count * sizeof(float);
	sizes[3] = COUNT * sizeof(float);
	data[0] = packed;
	data[1] = q.scales;
	data[2] = quantized_extra(&q, "shifts")->data;
	data[3] = q.dequantized;
	for (int i = 0; i < 4; i++) {
		char key[64];

		snprintf(key, sizeof(key), "quanto.qint%d.g128.%s", bits, names[i]);
		expect(key, data[i], sizes[i]);
	}
	quantized_free(&q);
}

static void
check_bytes(const char *settings, const char *name, uint8_t offset)
{
	struct solve solve = setup(settings);
	struct quantized q;
	char key[64];

	assert_ok(solve_run(&q, &solve));
	for (size_t i = 0; i < COUNT; i++)
		q.codes[i] = (uint8_t)(q.codes[i] - offset);
	snprintf(key, sizeof(key), "quanto.%s.data", name);
	expect(key, q.codes, COUNT);
	snprintf(key, sizeof(key), "quanto.%s.scale", name);
	expect(key, q.scales, q.scale_count * sizeof(float));
	quantized_free(&q);
}

static void
test_quanto__everything_stored_has_the_reference_hashes(void **state)
{
	(void)state;
	support_need_data("golden/golden.json");
	check_affine("variant=qint4", 4);
	check_affine("variant=qint2", 2);
	check_bytes("variant=qint8", "qint8", 128);
	check_bytes("variant=qfloat8_e4m3", "qfloat8", 0);
}

/* Whose scale is 0: the reference divides by it. */
static void
test_quanto__rows_of_one_value_keep_it(void **state)
{
	static const char *const variants[] = { "variant=qint2", "variant=qint4" };

	(void)state;
	for (size_t v = 0; v < 2; v++) {
		struct solve solve = setup(variants[v]);
		struct quantized q;

		for (size_t i = 0; i < GOLDEN_COLUMNS; i++)
			weight[i] = -0.3f;
		assert_ok(solve_run(&q, &solve));
		for (size_t i = 0; i < GOLDEN_COLUMNS; i++)
			assert_true(q.codes[i] == 0 && q.dequantized[i] == -0.3f);
		quantized_free(&q);
	}
}

static void
test_quanto__an_optimizer_that_does_not_fit_is_refused(void **state)
{
	struct solve solve = setup("variant=qint4 optimizer=absmax");
	struct quantized q;

	(void)state;
	assert_err(ERR_RANGE,
		   "optimizer: absmax finds no shifts, which qint4 needs; use max or hqq",
		   solve_run(&q, &solve));
	solve = setup("variant=qfloat8_e5m2 optimizer=hqq");
	assert_err(ERR_RANGE, "hqq finds shifts, which qfloat8_e5m2 has not; use absmax",
		   solve_run(&q, &solve));
}

/* Both find a least error where there is one; the range's grid is where they start. */
static void
test_quanto__hqq_loses_less_than_max(void **state)
{
	static const char *const settings[] = { "variant=qint2", "variant=qint2 optimizer=hqq" };
	double errors[2] = { 0.0, 0.0 };

	(void)state;
	for (size_t s = 0; s < 2; s++) {
		struct solve solve = setup(settings[s]);
		struct quantized q;

		assert_ok(solve_run(&q, &solve));
		for (size_t i = 0; i < COUNT; i++)
			errors[s] += fabs((double)weight[i] - (double)q.dequantized[i]);
		quantized_free(&q);
	}
	assert_true(errors[1] < errors[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quanto__everything_stored_has_the_reference_hashes),
		cmocka_unit_test(test_quanto__rows_of_one_value_keep_it),
		cmocka_unit_test(test_quanto__an_optimizer_that_does_not_fit_is_refused),
		cmocka_unit_test(test_quanto__hqq_loses_less_than_max),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
