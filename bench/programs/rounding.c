/* rounding DIR N: make a layer of N x N weights, write it to DIR/weight as raw float32 for a peer,
 * and then answer each line of standard input, a method that needs no statistics and its settings
 * ("hqq bits=3 axis=0"), with one line {"wall", "cpu", "peak"}; peak is the most memory in bytes,
 * the weights not counted. */
#include "core/buf.h"
#include "core/jobs.h"
#include "quantizers/quantizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct layer {
	struct quant_layer layer;
	struct work work;
	float *weight;
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

static void
save(const char *folder, const float *values, size_t count)
{
	char path[1024];
	FILE *file;

	snprintf(path, sizeof(path), "%s/weight", folder);
	file = fopen(path, "wb");
	if (!file || fwrite(values, sizeof(*values), count, file) != count || fclose(file))
		exit(1);
}

static enum err
set(struct param_values *params, const struct quantizer *quantizer, char *word)
{
	char *equals = strchr(word, '=');
	int at;

	if (!equals)
		return err_at(ERR_USAGE, NULL, word, "is no NAME=VALUE");
	*equals = '\0';
	at = param_find(quantizer->params, word);
	if (at < 0)
		return err_at(ERR_USAGE, NULL, word, "is no parameter of %s", quantizer->name);
	return param_parse(&params->v[at], &quantizer->params[at], equals + 1);
}

static enum err
solve(struct quantized *out, struct layer *l, char *line)
{
	char *save_at = NULL, *name = strtok_r(line, " ", &save_at);
	const struct quantizer *quantizer = quantizer_find(name);
	struct param_values params;
	struct quant_task task = { .kernels = kernels_current(),
				   .quantizer = quantizer,
				   .params = &params,
				   .layers = &l->layer,
				   .layer_count = 1,
				   .work = &l->work };
	enum err code = OK;

	if (!quantizer)
		return err_at(ERR_USAGE, NULL, name, "is no method");
	param_defaults(&params, quantizer->params);
	for (char *word; (word = strtok_r(NULL, " ", &save_at)) && !code;)
		code = set(&params, quantizer, word);
	return code ? code : quantizer_solve(out, &task);
}

static void
run(struct layer *l, char *line)
{
	struct quantized q = { 0 };
	double wall = jobs_now(), cpu = cpu_seconds();
	struct rusage usage;

	if (solve(&q, l, line)) {
		fprintf(stderr, "%s\n", err_line());
		exit(1);
	}
	wall = jobs_now() - wall;
	cpu = cpu_seconds() - cpu;
	quantized_free(&q);
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"wall\": %.6f, \"cpu\": %.6f, \"peak\": %.0f}\n", wall, cpu,
	       1024.0 * (double)usage.ru_maxrss -
		       4.0 * (double)l->layer.rows * (double)l->layer.columns);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	size_t n = argc > 2 ? (size_t)atoi(argv[2]) : 4096;
	struct layer l = { .layer = { .name = "layer", .rows = n, .columns = n } };
	char line[256];

	if (argc < 2 || !n || pool_create(&l.work.pool, (int)sysconf(_SC_NPROCESSORS_ONLN)))
		return 2;
	l.weight = buf_alloc(n * n, sizeof(float));
	if (!l.weight)
		return 1;
	l.layer.weight = l.weight;
	fill(l.weight, n * n, 1, 0.02f);
	save(argv[1], l.weight, n * n);
	printf("{}\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		run(&l, line);
	}
	return 0;
}
