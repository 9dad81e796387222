/* gptq and awq against float64 ports of the published algorithms, nf4 against bitsandbytes itself:
 * tests/peers/make_quantizer_fixtures.py made the files. */
#include "quantizers/bnb4.h"
#include "support/support.h"

#include "core/buf.h"
#include "support/golden.h"
#include "support/solve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *
fixture(const char *name)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "tests/quantizers/fixtures/%s", name);
	file = fopen(support_source(path), "rb");
	assert_non_null(file);
	return file;
}

static float *
make_weight(size_t rows, size_t columns, uint32_t seed)
{
	float *weight = buf_alloc(rows * columns, sizeof(*weight));

	assert_non_null(weight);
	golden_values(weight, rows * columns, seed, 1.0f);
	return weight;
}

static void
check_gptq(const char *line, FILE *codes)
{
	struct solve solve = { .method = "gptq" };
	double expected, error;
	size_t equal = 0, count;
	struct quantized q;
	uint8_t *port;
	int at;

	assert_int_equal(
		sscanf(line, "%zu %zu %lf %n", &solve.rows, &solve.columns, &expected, &at), 3);
	count = solve.rows * solve.columns;
	port = buf_alloc(count, 1);
	assert_non_null(port);
	assert_int_equal(fread(port, 1, count, codes), count);
	solve.settings = line + at;
	solve.weight = make_weight(solve.rows, solve.columns, 12345);
	solve.statistics = golden_statistics(solve.columns);
	assert_ok(solve_run(&q, &solve));
	for (size_t i = 0; i < count; i++)
		equal += q.codes[i] == port[i];
	error = solve_output_error(&solve, &q);
	if ((double)equal < 0.995 * (double)count || fabs(error / expected - 1.0) > 1e-3)
		fail_msg("%s: %zu of %zu codes, error %.9g, port %.9g", line, equal, count, error,
			 expected);
	quantized_free(&q);
	golden_free((struct statistics *)(uintptr_t)solve.statistics);
	buf_free((void *)(uintptr_t)solve.weight);
	buf_free(port);
}

static void
test_gptq__equals_the_published_algorithm_in_float64(void **state)
{
	FILE *lines = fixture("gptq.txt"), *codes = fixture("gptq.bin");
	char line[256];

	(void)state;
	while (fgets(line, sizeof(line), lines)) {
		line[strcspn(line, "\n")] = '\0';
		check_gptq(line, codes);
	}
	fclose(lines);
	fclose(codes);
}

/* GPTQModel's own weights, to the last code. */
static void
check_gptqmodel(const char *line, FILE *weights)
{
	struct solve solve = { .method = "gptq" };
	struct quantized q;
	size_t count;
	float *peer;
	int at;

	assert_int_equal(sscanf(line, "%zu %zu %n", &solve.rows, &solve.columns, &at), 2);
	count = solve.rows * solve.columns;
	peer = buf_alloc(count, sizeof(*peer));
	assert_non_null(peer);
	assert_int_equal(fread(peer, sizeof(*peer), count, weights), count);
	solve.settings = line + at;
	solve.weight = make_weight(solve.rows, solve.columns, 12345);
	solve.statistics = golden_statistics(solve.columns);
	assert_ok(solve_run(&q, &solve));
	for (size_t i = 0; i < count; i++)
		if (!(fabsf(q.dequantized[i] - peer[i]) <= 1e-6f))
			fail_msg("%s: row %zu, column %zu is %.9g, not %.9g", line + at,
				 i / solve.columns, i % solve.columns, (double)q.dequantized[i],
				 (double)peer[i]);
	quantized_free(&q);
	golden_free((struct statistics *)(uintptr_t)solve.statistics);
	buf_free((void *)(uintptr_t)solve.weight);
	buf_free(peer);
}

static void
test_gptq__weights_equal_gptqmodel_within_a_millionth(void **state)
{
	FILE *lines = fixture("gptqmodel.txt"), *weights = fixture("gptqmodel.bin");
	char line[256];

	(void)state;
	while (fgets(line, sizeof(line), lines)) {
		line[strcspn(line, "\n")] = '\0';
		check_gptqmodel(line, weights);
	}
	fclose(lines);
	fclose(weights);
}

enum { GROUP = 3 };

struct awq_case {
	size_t columns, rows[GROUP];
	int foldable, at;
	double expected[GROUP];
};

static void
read_awq(struct awq_case *c, const char *line)
{
	assert_int_equal(sscanf(line, "%zu %d %zu %lf %zu %lf %zu %lf %n", &c->columns,
				&c->foldable, &c->rows[0], &c->expected[0], &c->rows[1],
				&c->expected[1], &c->rows[2], &c->expected[2], &c->at),
			 8);
}

static void
check_awq(const char *line)
{
	static const char *const names[] = { "layers.0.attn.q", "layers.0.attn.v",
					     "layers.0.mlp.up" };
	struct quant_layer layers[GROUP];
	struct quantized q[GROUP];
	struct param_values params;
	struct statistics *statistics;
	struct awq_case c;
	struct quant_task task = { .kernels = kernels_current(),
				   .quantizer = quantizer_find("awq"),
				   .params = &params,
				   .layers = layers,
				   .layer_count = GROUP };
	double sum = 0.0, expected = 0.0;

	read_awq(&c, line);
	statistics = golden_statistics(c.columns);
	for (uint32_t l = 0; l < GROUP; l++)
		layers[l] =
			(struct quant_layer){ .name = names[l],
					      .rows = c.rows[l],
					      .columns = c.columns,
					      .weight = make_weight(c.rows[l], c.columns, l + 1),
					      .statistics = statistics,
					      .foldable = c.foldable };
	solve_params(&params, task.quantizer, line + c.at);
	assert_ok(quantizer_solve(q, &task));
	for (size_t l = 0; l < GROUP; l++) {
		struct solve solve = { .rows = c.rows[l],
				       .columns = c.columns,
				       .weight = layers[l].weight,
				       .statistics = statistics };

		sum += solve_output_error(&solve, &q[l]);
		expected += c.expected[l];
		assert_true(q[l].scale_folded == (c.foldable != 0));
		quantized_free(&q[l]);
		buf_free((void *)(uintptr_t)layers[l].weight);
	}
	if (sum > expected * (1.0 + 1e-6))
		fail_msg("%s: %.9g, port %.9g", line + c.at, sum, expected);
	golden_free(statistics);
}

static void
test_awq__output_error_is_never_above_the_published_search(void **state)
{
	FILE *lines = fixture("awq.txt");
	char line[256];

	(void)state;
	while (fgets(line, sizeof(line), lines)) {
		line[strcspn(line, "\n")] = '\0';
		check_awq(line);
	}
	fclose(lines);
}

struct nf4_case {
	size_t rows, columns, block_size;
	int nested;
	char packed[GOLDEN_HEX], absmax[GOLDEN_HEX], nested_absmax[GOLDEN_HEX];
	double offset;
};

static void
read_nf4(struct nf4_case *c, const char *line)
{
	char offset[64];

	if (sscanf(line, "%zu %zu %zu %d %64s %63s %64s %64s", &c->rows, &c->columns,
		   &c->block_size, &c->nested, c->packed, offset, c->absmax, c->nested_absmax) != 8)
		assert_int_equal(sscanf(line, "%zu %zu %zu %d %64s %64s", &c->rows, &c->columns,
					&c->block_size, &c->nested, c->packed, c->absmax),
				 6);
	c->offset = strtod(offset, NULL);
}

static void
check_packed(const struct nf4_case *c, const struct quantized *q)
{
	size_t count = c->rows * c->columns;
	uint8_t *packed = buf_alloc(count / 2 + 1, 1);

	assert_non_null(packed);
	for (size_t i = 0; i < count; i++)
		packed[i / 2] |= (uint8_t)(i % 2 ? q->codes[i] : q->codes[i] << 4);
	/* An odd count is padded with a weight of zero, which is code 7. */
	packed[count / 2] |= count % 2 ? 7 : 0;
	assert_string_equal(sha256_hex(packed, (count + 1) / 2), c->packed);
	buf_free(packed);
}

/* Given the reference's own offset, the nested codes are its own too. */
static void
check_nested(const struct nf4_case *c, const struct quantized *plain, const struct quantized *q)
{
	const float *offset = quantized_extra(q, "nested_offset")->data;
	size_t blocks = plain->scale_count;
	struct bnb4_nested nested = { .offset = (float)c->offset,
				      .codes = buf_alloc(blocks, 1),
				      .absmax = buf_alloc(blocks, sizeof(float)) };

	assert_true(fabsf(*offset - nested.offset) <=
		    nextafterf(nested.offset, INFINITY) - nested.offset);
	assert_ok(bnb4_nest(&nested, plain->scales, blocks));
	assert_string_equal(sha256_hex(nested.codes, blocks), c->absmax);
	assert_string_equal(sha256_hex(nested.absmax, (blocks + 255) / 256 * sizeof(float)),
			    c->nested_absmax);
	buf_free(nested.codes);
	buf_free(nested.absmax);
}

static void
check_nf4(const char *line)
{
	struct nf4_case c;
	struct quantized q, plain;
	char settings[64];
	struct solve solve = { .method = "nf4", .settings = settings };

	read_nf4(&c, line);
	solve.rows = c.rows;
	solve.columns = c.columns;
	solve.weight = make_weight(c.rows, c.columns, 99);
	snprintf(settings, sizeof(settings), "block_size=%zu", c.block_size);
	assert_ok(solve_run(&plain, &solve));
	strcat(settings, c.nested ? " double_quant=true" : "");
	assert_ok(solve_run(&q, &solve));
	check_packed(&c, &q);
	if (c.nested)
		check_nested(&c, &plain, &q);
	else
		assert_string_equal(sha256_hex(q.scales, q.scale_count * 4), c.absmax);
	quantized_free(&q);
	quantized_free(&plain);
	buf_free((void *)(uintptr_t)solve.weight);
}

static void
test_nf4__odd_shapes_and_nested_blocks_equal_the_reference(void **state)
{
	FILE *lines = fixture("nf4.txt");
	char line[512];

	(void)state;
	while (fgets(line, sizeof(line), lines))
		check_nf4(line);
	fclose(lines);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gptq__equals_the_published_algorithm_in_float64),
		cmocka_unit_test(test_gptq__weights_equal_gptqmodel_within_a_millionth),
		cmocka_unit_test(test_awq__output_error_is_never_above_the_published_search),
		cmocka_unit_test(test_nf4__odd_shapes_and_nested_blocks_equal_the_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
