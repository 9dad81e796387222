/* gptq DIR N: make a layer of N x N weights and the Gram matrix of its inputs, write both to DIR as
 * raw float32 for a peer, and then answer each line of standard input ("gptq", "rtn", "nf4",
 * "measure", "peak") with one line {"wall", "cpu"[, "gflops"]}, so that runs can be interleaved. */
#include "core/buf.h"
#include "core/jobs.h"
#include "core/measurement.h"
#include "quantizers/quantizer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PEAK = 2048, PEAK_TILES = 8 };

struct layer {
	size_t n;
	float *weight, *gram, *mean_abs, *mean_sq, *product;
	struct statistics statistics;
	struct work work;
	double gflop; /* of the last peak */
};

static double
cpu_seconds(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	       1e-6 * (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

/* Roughly normal: the sum of four uniform values. */
static void
fill(float *out, size_t count, uint64_t seed, float scale)
{
	for (size_t i = 0; i < count; i++) {
		float sum = -2.0f;

		for (int k = 0; k < 4; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			sum += (float)(seed >> 40) * 0x1p-24f;
		}
		out[i] = sum * scale;
	}
}

/* X'X / tokens of inputs whose neighbours share a half, every 61st ten times larger. */
static void
make_gram(struct layer *l)
{
	size_t n = l->n, tokens = 2 * n;
	float *x = buf_alloc(tokens * n, sizeof(*x));
	struct gemm g = { .m = n,
			  .n = n,
			  .k = tokens,
			  .a = x,
			  .lda = n,
			  .transpose_a = 1,
			  .b = x,
			  .ldb = n,
			  .c = l->gram,
			  .ldc = n,
			  .alpha = 1.0f / (float)tokens };

	fill(x, tokens * n, 2, 1.0f);
	for (size_t i = tokens * n; i-- > 0;)
		x[i] = (x[i] + (i % n ? 0.5f * x[i - 1] : 0.0f)) * (i % n % 61 ? 1.0f : 10.0f);
	kernels_current()->gemm(&g);
	for (size_t i = 0; i < n; i++) {
		l->mean_sq[i] = l->gram[i * (n + 1)];
		l->mean_abs[i] = sqrtf(l->mean_sq[i]) * 0.8f;
	}
	buf_free(x);
}

static void
save(const char *folder, const char *name, const float *values, size_t count)
{
	char path[1024];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "wb");
	if (!file || fwrite(values, sizeof(*values), count, file) != count || fclose(file))
		exit(1);
}

static enum err
solve(struct quantized *out, const struct layer *l, const char *method)
{
	const struct quantizer *quantizer = quantizer_find(method);
	struct param_values params;
	struct quant_layer layer = {
		.name = "layer", .rows = l->n, .columns = l->n, .weight = l->weight
	};
	struct quant_task task = { .kernels = kernels_current(),
				   .quantizer = quantizer,
				   .params = &params,
				   .layers = &layer,
				   .layer_count = 1,
				   .work = &l->work };

	layer.statistics = &l->statistics;
	param_defaults(&params, quantizer->params);
	return quantizer_solve(out, &task);
}

static enum err
peak_tile(void *arg, size_t index, int worker)
{
	const struct layer *l = arg;
	struct gemm g = { .m = PEAK,
			  .n = PEAK,
			  .k = PEAK,
			  .a = l->weight,
			  .lda = PEAK,
			  .b = l->gram,
			  .ldb = PEAK,
			  .c = l->product + (size_t)worker * PEAK * PEAK,
			  .ldc = PEAK,
			  .alpha = 1.0f };

	(void)index;
	kernels_current()->gemm(&g);
	return OK;
}

static void
measure(const struct layer *l)
{
	struct measurement_request request = { .rows = l->n,
					       .columns = l->n,
					       .weight = l->weight,
					       .dequantized = l->product,
					       .statistics = &l->statistics };
	struct measurement *measurement;

	if (measurement_run(&measurement, &request, &l->work))
		exit(1);
	measurement_free(measurement);
}

/* Run one thing; its result is left in `kept` for the next to be compared with. */
static void
run(struct layer *l, const char *folder, const char *what)
{
	struct quantized q = { 0 };
	double wall = jobs_now(), cpu = cpu_seconds(), gflop = 0.0;

	if (!strcmp(what, "peak")) {
		work_each(&l->work, PEAK_TILES, peak_tile, l);
		gflop = 2e-9 * PEAK * PEAK * PEAK * PEAK_TILES;
	} else if (!strcmp(what, "measure")) {
		measure(l);
	} else if (!quantizer_find(what) || solve(&q, l, what)) {
		fprintf(stderr, "%s: %s\n", what, err_line());
		exit(1);
	}
	wall = jobs_now() - wall;
	cpu = cpu_seconds() - cpu;
	if (q.dequantized && !strcmp(what, "gptq"))
		save(folder, "dequantized", q.dequantized, l->n * l->n);
	quantized_free(&q);
	printf("{\"wall\": %.6f, \"cpu\": %.6f, \"gflops\": %.3f}\n", wall, cpu, gflop / wall);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct layer l = { .n = argc > 2 ? (size_t)atoi(argv[2]) : 4096 };
	char line[64];

	if (argc < 2 || l.n * l.n < (size_t)PEAK * PEAK)
		return 2;
	if (pool_create(&l.work.pool, (int)sysconf(_SC_NPROCESSORS_ONLN)))
		return 1;
	l.weight = buf_alloc(l.n * l.n, sizeof(float));
	l.gram = buf_alloc(l.n * l.n, sizeof(float));
	l.mean_abs = buf_alloc(l.n, sizeof(float));
	l.mean_sq = buf_alloc(l.n, sizeof(float));
	l.product = buf_alloc((size_t)pool_threads(l.work.pool) * PEAK * PEAK + l.n * l.n,
			      sizeof(float));
	fill(l.weight, l.n * l.n, 1, 0.02f);
	make_gram(&l);
	l.statistics = (struct statistics){ .columns = l.n,
					    .tokens = 2 * l.n,
					    .gram = l.gram,
					    .mean_abs = l.mean_abs,
					    .mean_sq = l.mean_sq };
	save(argv[1], "weight", l.weight, l.n * l.n);
	save(argv[1], "gram", l.gram, l.n * l.n);
	printf("{}\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		run(&l, argv[1], line);
	}
	return 0;
}
