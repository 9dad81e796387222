#ifndef TESTS_SUPPORT_METHOD_BENCH_H
#define TESTS_SUPPORT_METHOD_BENCH_H

#include "quantizers/quantizer.h"

/* A scope of layers to quantize again and again by any method, for tests that name none:
 *
 *	method_bench_open(&b, method, rows, columns);
 *	assert_ok(method_bench_run(&b, quantized));    as often as wanted, settings changed between
 *	method_bench_free(&b, quantized);
 *	method_bench_close(&b); */
enum { METHOD_BENCH_LAYERS = 2 };

struct method_bench {
	const struct quantizer *method;
	struct param_values params; /* defaults, groups of 32 where they divide the row */
	struct quant_layer layers[METHOD_BENCH_LAYERS];
	size_t count; /* 1, or 2 of a method that solves an input group together */
	struct statistics *statistics;
	struct work work;
};

void method_bench_open(struct method_bench *b, const struct quantizer *method, size_t rows,
		       size_t columns);
void method_bench_close(struct method_bench *b);
enum err method_bench_run(const struct method_bench *b, struct quantized *out);
void method_bench_free(const struct method_bench *b, struct quantized *q); /* results */

/* (rows, columns) of one layer, to be changed; borrowed. */
float *method_bench_weight(const struct method_bench *b, size_t layer);

/* Run `test` on every method on the list. */
void method_bench_each(void (*test)(const struct quantizer *method));

#endif
