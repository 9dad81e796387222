/* Every case that a real tool answered (fixtures/schemes, by tests/peers/make_*_fixtures.py):
 * codes, scales, restored weights and stored bits, to the last one. */
#include "support/support.h"

#include "core/buf.h"
#include "support/golden.h"
#include "support/solve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scheme_case {
	char method[24], kind[8], bits[24];
	char codes[GOLDEN_HEX], scales[GOLDEN_HEX], values[GOLDEN_HEX];
	size_t rows, columns;
	unsigned seed;
	int at; /* of the settings */
};

static float *
make_weight(const struct scheme_case *c)
{
	size_t count = c->rows * c->columns;
	float *weight = buf_alloc(count, sizeof(*weight));

	assert_non_null(weight);
	golden_values(weight, count, c->seed, 1.0f);
	if (!strcmp(c->kind, "edge")) {
		memset(weight, 0, c->columns * sizeof(*weight));
		weight[count - 1] *= 60.0f;
	}
	return weight;
}

static void
expect(const char *line, const char *what, const char *expected, const void *data, size_t size)
{
	if (strcmp(expected, "-") && strcmp(sha256_hex(data, size), expected))
		fail_msg("%s: %s differ", line, what);
}

static void
check(const char *line)
{
	struct scheme_case c;
	struct solve solve;
	struct quantized q;
	float *weight;

	assert_int_equal(sscanf(line, "%23s %zu %zu %u %7s %23s %64s %64s %64s %n", c.method,
				&c.rows, &c.columns, &c.seed, c.kind, c.bits, c.codes, c.scales,
				c.values, &c.at),
			 9);
	weight = make_weight(&c);
	solve = (struct solve){ .method = c.method,
				.settings = line + c.at,
				.rows = c.rows,
				.columns = c.columns,
				.weight = weight };
	assert_ok(solve_run(&q, &solve));
	for (size_t i = 0; i < c.rows * c.columns; i++)
		q.dequantized[i] += 0.0f; /* one kind of zero */
	expect(line, "codes", c.codes, q.codes, c.rows * c.columns);
	expect(line, "scales", c.scales, q.scales, q.scale_count * sizeof(float));
	expect(line, "weights", c.values, q.dequantized, c.rows * c.columns * sizeof(float));
	if (strcmp(c.bits, "-") && quantized_bits(&q) != strtod(c.bits, NULL))
		fail_msg("%s: %.0f bits", line, quantized_bits(&q));
	quantized_free(&q);
	buf_free(weight);
}

static void
test_schemes__codes_scales_weights_and_bits_equal_the_peers(void **state)
{
	(void)state;
	support_each_line("tests/quantizers/fixtures/schemes", check);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schemes__codes_scales_weights_and_bits_equal_the_peers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
