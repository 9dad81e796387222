/* hqq against hqq's own codes, errors and bytes (tests/peers/make_hqq_fixtures.py), and against
 * reference hashes where they are at hand. */
#include "quantizers/hqq.h"
#include "support/support.h"

#include "core/buf.h"
#include "support/golden.h"
#include "support/solve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static FILE *
fixture(const char *name)
{
	FILE *file = fopen(support_source(name), "rb");

	assert_non_null(file);
	return file;
}

static double
weight_error(const struct solve *solve, const struct quantized *q)
{
	double error = 0.0, signal = 0.0;

	for (size_t i = 0; i < q->rows * q->columns; i++) {
		double w = (double)solve->weight[i], d = w - (double)q->dequantized[i];

		error += d * d;
		signal += w * w;
	}
	return error / signal;
}

struct hqq_case {
	struct solve solve;
	double scale, bytes, error;
};

static void
read_case(struct hqq_case *c, const char *line)
{
	int at;

	*c = (struct hqq_case){ .solve.method = "hqq" };
	assert_int_equal(sscanf(line, "%zu %zu %lf %lf %lf %n", &c->solve.rows, &c->solve.columns,
				&c->scale, &c->bytes, &c->error, &at),
			 5);
	c->solve.settings = line + at;
}

static void
check_case(const char *line, FILE *codes)
{
	struct quantized q;
	struct hqq_case c;
	size_t count, equal = 0;
	uint8_t *peer;
	float *weight;
	double error;

	read_case(&c, line);
	count = c.solve.rows * c.solve.columns;
	peer = buf_alloc(count, 1);
	weight = buf_alloc(count, sizeof(*weight));
	assert_true(peer && weight);
	assert_int_equal(fread(peer, 1, count, codes), count);
	golden_values(weight, count, 12345, (float)c.scale);
	c.solve.weight = weight;
	assert_ok(solve_run(&q, &c.solve));
	for (size_t i = 0; i < count; i++)
		equal += q.codes[i] == peer[i];
	error = weight_error(&c.solve, &q);
	if ((double)equal < 0.999 * (double)count || fabs(error / c.error - 1.0) > 1e-3)
		fail_msg("%s: %zu of %zu codes, error %.9g", line, equal, count, error);
	if (quantized_bits(&q) != 8.0 * c.bytes)
		fail_msg("%s: %g bits", line, quantized_bits(&q));
	quantized_free(&q);
	buf_free(peer);
	buf_free(weight);
}

static void
test_hqq__codes_errors_and_bytes_equal_the_reference(void **state)
{
	FILE *lines = fixture("tests/quantizers/fixtures/hqq.txt");
	FILE *codes = fixture("tests/quantizers/fixtures/hqq.bin");
	char line[256];

	(void)state;
	while (fgets(line, sizeof(line), lines)) {
		line[strcspn(line, "\n")] = '\0';
		check_case(line, codes);
	}
	fclose(lines);
	fclose(codes);
}

enum { COUNT = GOLDEN_ROWS * GOLDEN_COLUMNS };

/* Row r of the packed matrix holds rows r, r + step, ... of the codes, the first highest; 3 bits
 * ten to a word. */
static size_t
pack(uint8_t *out, const uint8_t *codes, int bits, size_t rows, size_t columns)
{
	size_t shared = bits == 3 ? 10 : 8 / (size_t)bits, step = (rows + shared - 1) / shared;
	size_t bytes = bits == 3 ? 4 : 1;

	for (size_t r = 0; r < step; r++)
		for (size_t c = 0; c < columns; c++) {
			uint32_t word = 0;

			for (size_t part = 0; part < shared; part++) {
				size_t row = r + part * step;
				uint32_t code = row < rows ? codes[row * columns + c] : 0;

				word = word << bits | code;
			}
			for (size_t b = 0; b < bytes; b++)
				out[(r * columns + c) * bytes + b] = (uint8_t)(word >> 8 * b);
		}
	return step * columns * bytes;
}

static void
check_hash(const char *name, const char *part, const void *data, size_t size)
{
	char key[64];

	snprintf(key, sizeof(key), "%s.%s", name, part);
	if (strcmp(sha256_hex(data, size), golden_sha256(key)))
		fail_msg("%s differs", key);
}

/* Of zero points, a mean's last bits depend on the order of its sum, so they have no hash when
 * solved for. */
static void
check_golden(int bits, int axis, bool solved)
{
	static float weight[COUNT];
	static uint8_t packed[COUNT * 2];
	struct solve solve = {
		.method = "hqq", .rows = GOLDEN_ROWS, .columns = GOLDEN_COLUMNS, .weight = weight
	};
	char settings[96], name[64];
	struct quantized q;

	golden_weight(weight);
	snprintf(settings, sizeof(settings), "bits=%d axis=%d scale_dtype=f32 iterations=%d", bits,
		 axis, solved ? 20 : 0);
	snprintf(name, sizeof(name), "hqq.%db.g64.axis%d.%s", bits, axis, solved ? "opt" : "noopt");
	solve.settings = settings;
	assert_ok(solve_run(&q, &solve));
	check_hash(name, "W_q", packed,
		   pack(packed, q.codes, bits, axis ? COUNT / 64 : 64, axis ? 64 : COUNT / 64));
	check_hash(name, "scale", q.scales, q.scale_count * sizeof(float));
	if (!solved)
		check_hash(name, "zero", q.zero_points, q.scale_count * sizeof(float));
	quantized_free(&q);
}

static void
test_hqq__codes_and_scales_have_the_reference_hashes(void **state)
{
	static const int widths[] = { 8, 4, 3, 2 };

	(void)state;
	support_need_data("golden/golden.json");
	for (size_t i = 0; i < 4; i++)
		for (int axis = 0; axis < 2; axis++) {
			check_golden(widths[i], axis, false);
			check_golden(widths[i], axis, true);
		}
}

static void
test_hqq__groups_that_cannot_be_are_refused(void **state)
{
	static float weight[20 * 30];
	struct solve solve = { .method = "hqq", .rows = 20, .columns = 30, .weight = weight };
	struct quantized q;

	(void)state;
	solve.settings = "group_size=64";
	assert_err(ERR_RANGE, "64 does not divide 600 weights; use 60 or 75",
		   solve_run(&q, &solve));
	solve.settings = "group_size=60 quant_scale=true";
	assert_err(ERR_RANGE, "quant_scale: 10 groups are no multiple of 128",
		   solve_run(&q, &solve));
	solve.settings = "group_size=60 axis=0";
	assert_ok(solve_run(&q, &solve));
	assert_int_equal(q.scale_count, 10);
	assert_int_equal(q.group_count, 0);
	quantized_free(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hqq__codes_errors_and_bytes_equal_the_reference),
		cmocka_unit_test(test_hqq__codes_and_scales_have_the_reference_hashes),
		cmocka_unit_test(test_hqq__groups_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
