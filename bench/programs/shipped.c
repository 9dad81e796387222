/* Times the engine's calls on the shipped model, nothing kept on disk; prints one JSON object. A
 * turn of a knob is timed as the workbench runs it: engine_quantize (solve, dequantize, measure),
 * then engine_evaluate. Every run has settings that no earlier one had, so that nothing is found.
 */
#include "core/jobs.h"
#include "kernels/kernels.h"
#include "sessions/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 5 };

static struct engine *engine;
static struct work work;

static void
must(enum err code)
{
	if (code) {
		fprintf(stderr, "bench shipped: %s\n", err_line());
		exit(1);
	}
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct times {
	double median, max;
};

static struct times
summarize(double *seconds, size_t count)
{
	qsort(seconds, count, sizeof(*seconds), compare);
	return (struct times){ seconds[count / 2], seconds[count - 1] };
}

static void
print(const char *name, struct times t)
{
	printf(",\n \"%s\": {\"median\": %.6f, \"max\": %.6f}", name, t.median, t.max);
}

static struct calibration_setting
calibration(uint64_t seed)
{
	struct calibration_setting c = { .sequences = 64, .length = 256, .seed = seed };

	snprintf(c.text, sizeof(c.text), "stories.calibration");
	must(engine_settle(&c, engine));
	return c;
}

static void
bench_calibration(void)
{
	double seconds[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		struct calibration_setting c = calibration((uint64_t)i + 1);
		double start = jobs_now();

		must(engine_calibrate(engine, &c, &work));
		seconds[i] = jobs_now() - start;
	}
	print("calibrate", summarize(seconds, ROUNDS));
}

/* Settings that differ from round to round by a parameter that costs no time. */
static struct layer_setting
setting(const char *name, int round)
{
	struct layer_setting s = { .method = quantizer_find(name) };
	static const double bits[ROUNDS] = { 3, 4, 8, 2, 3 };
	static const double blocks[ROUNDS] = { 32, 64, 128, 256, 512 };
	int at;

	param_defaults(&s.params, s.method->params);
	if ((at = param_find(s.method->params, "bits")) >= 0)
		s.params.v[at] = bits[round];
	if ((at = param_find(s.method->params, "block_size")) >= 0)
		s.params.v[at] = blocks[round];
	if (round == ROUNDS - 1 && (at = param_find(s.method->params, "group_size")) >= 0)
		s.params.v[at] = 64;
	return s;
}

static struct times
time_layer(int layer, const char *method, const struct calibration_setting *c)
{
	double seconds[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		struct layer_setting s = setting(method, i);
		struct layer_result *result;
		double start = jobs_now();

		must(engine_quantize(&result, engine, layer, &s, c, &work));
		seconds[i] = jobs_now() - start;
		layer_result_unref(result);
	}
	return summarize(seconds, ROUNDS);
}

/* One layer of each shape: the slowest one's median is what a user may have to wait. */
static void
bench_method(const char *method)
{
	static const char *const names[] = { "layers.0.attn.q", "layers.1.attn.o",
					     "layers.2.mlp.up", "layers.3.mlp.down" };
	struct calibration_setting c = calibration(1);
	struct times worst = { 0 };

	must(engine_calibrate(engine, &c, &work));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct times t =
			time_layer(model_find_layer(engine_model(engine), names[i]), method, &c);

		worst.median = t.median > worst.median ? t.median : worst.median;
		worst.max = t.max > worst.max ? t.max : worst.max;
	}
	print(method, worst);
}

static void
evaluate(struct eval_result *out, struct layer_result *const *results)
{
	struct eval_setting s = { .text = "stories.evaluation",
				  .protocol = protocol_find("llama.cpp"),
				  .max_tokens = 17 * 512 };

	must(engine_evaluate(out, engine, &s, results, &work));
}

static void
bench_evaluation(void)
{
	const struct model *model = engine_model(engine);
	int layer = model_find_layer(model, "layers.0.attn.q");
	struct layer_result **results = calloc(model->layer_count, sizeof(struct layer_result *));
	struct eval_result result;
	double seconds[ROUNDS];

	evaluate(&result, NULL); /* the baseline, once */
	for (int i = 0; i < ROUNDS; i++) {
		struct layer_setting s = setting("rtn", i);
		double start;

		must(engine_quantize(&results[layer], engine, layer, &s, NULL, &work));
		start = jobs_now();
		evaluate(&result, results);
		seconds[i] = jobs_now() - start;
		layer_result_unref(results[layer]);
	}
	printf("{\"scored\": %zu", result.scored);
	print("evaluate", summarize(seconds, ROUNDS));
	free(results);
}

int
main(void)
{
	struct engine_options options = { .no_cache = true };

	kernels_select(NULL);
	must(engine_open(&engine, &options));
	work.pool = engine_pool(engine);
	bench_evaluation();
	bench_calibration();
	bench_method("rtn");
	bench_method("nf4");
	bench_method("gptq");
	bench_method("awq");
	printf("}\n");
	engine_free(engine);
	return 0;
}
