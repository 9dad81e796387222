/* qscope run: the main job. Every method at 4 and 3 bits, every shipped text, one table. */
#include "core/buf.h"
#include "sessions/commands/common.h"
#include "sessions/commands/plan.h"
#include "sessions/report.h"
#include "sessions/shipped.h"
#include "sessions/variants.h"

#include <math.h>
#include <string.h>

enum { VARIANTS_MAX = 16, TEXTS_MAX = 16, TOKENS = 8192, GROUP_SIZE = 128 };

struct outcome {
	struct recipe recipe;
	struct engine_bits bits;
	struct eval_result texts[TEXTS_MAX];
};

struct job {
	struct call *call;
	struct common common;
	struct calibration_setting calibration;
	struct eval_setting eval;
	uint64_t group_size;
	const char *const *texts;
	size_t text_count, variant_count;
	struct outcome outcomes[VARIANTS_MAX];
	struct forecast forecast;
};

static enum err
read_arguments(struct job *job)
{
	const struct arguments *arguments = &job->call->arguments;
	uint64_t context = 0, tokens = TOKENS;
	enum err code =
		common_protocol(&job->eval.protocol, arguments_value(arguments, "--protocol"));

	job->group_size = GROUP_SIZE;
	job->texts = shipped_evaluation_texts(&job->text_count);
	if (job->text_count > TEXTS_MAX)
		job->text_count = TEXTS_MAX;
	while (variants[job->variant_count].name && job->variant_count < VARIANTS_MAX)
		job->variant_count++;
	if (!code)
		code = arguments_count(&job->group_size, arguments, "--group-size", 1, 1 << 20);
	if (!code)
		code = arguments_count(&context, arguments, "--context", 2, 1 << 24);
	if (!code)
		code = arguments_count(&tokens, arguments, "--tokens", 2, UINT64_C(1) << 40);
	job->eval.context = (size_t)context;
	job->eval.max_tokens = (size_t)tokens;
	return code;
}

static enum err
evaluate(struct job *job, struct outcome *outcome, struct layer_result *const *results,
	 const char *name)
{
	enum err code = OK;

	outcome->bits = engine_bits(job->common.engine, results);
	for (size_t i = 0; i < job->text_count && !code; i++) {
		output_phase(job->call, "%s: evaluating %s", name, job->texts[i]);
		job->eval.text = job->texts[i];
		code = engine_evaluate(&outcome->texts[i], job->common.engine, &job->eval, results,
				       &job->common.work);
	}
	return code;
}

static enum err
run_variant(struct job *job, size_t index)
{
	size_t count = engine_model(job->common.engine)->layer_count;
	struct layer_result **results = buf_alloc(count, sizeof(struct layer_result *));
	struct outcome *outcome = &job->outcomes[index];
	const char *name = variants[index].name;
	enum err code = results ? OK : ERR_NOMEM;

	output_phase(job->call, "%s: quantizing every layer", name);
	if (!code)
		code = engine_apply(results, job->common.engine, &outcome->recipe,
				    &job->common.work);
	if (!code) {
		common_warn_experts(job->call, job->common.engine, results);
		code = evaluate(job, outcome, results, name);
	}
	layer_results_free(results, count);
	return code;
}

/* -------------------------------------------------------------------------- reporting */

/* Over the texts that count: what the model never saw may get better by being damaged. */
static double
mean_delta(const struct job *job, const struct outcome *outcome)
{
	double sum = 0, count = 0;

	for (size_t i = 0; i < job->text_count; i++)
		if (shipped_text_counts(job->texts[i])) {
			sum += outcome->texts[i].delta.mean;
			count++;
		}
	return count > 0 ? sum / count : 0;
}

static enum err
outcome_out(struct json_out *json, struct job *job, size_t index)
{
	const struct outcome *outcome = &job->outcomes[index];
	const struct layer_setting *setting = &outcome->recipe.fallback;
	char hash[HASH_HEX];
	enum err code = recipe_hash(hash, &outcome->recipe);

	json_out_object(json, NULL);
	json_out_text(json, "name", variants[index].name);
	json_out_text(json, "method", setting->method->name);
	recipe_params_out(json, "params", setting);
	json_out_text(json, "recipe_sha256", hash);
	report_engine_bits(json, "bits", outcome->bits);
	json_out_number(json, "mean_delta_nll", mean_delta(job, outcome));
	json_out_array(json, "texts");
	for (size_t i = 0; i < job->text_count && !code; i++) {
		const struct corpus *corpus;

		code = engine_corpus(&corpus, job->common.engine, job->texts[i], NULL);
		if (!code)
			report_eval(json, job->texts[i], corpus, &outcome->texts[i], NULL);
	}
	json_out_end(json);
	json_out_end(json);
	return code;
}

static enum err
print_json(struct job *job)
{
	struct json_out *json = json_out_start("qscope.run/1");
	enum err code = common_model_out(json, job->common.engine);

	recipe_calibration_out(json, "calibration", &job->calibration);
	json_out_text(json, "protocol", job->eval.protocol->name);
	json_out_array(json, "results");
	for (size_t i = 0; i < job->variant_count && !code; i++)
		code = outcome_out(json, job, i);
	json_out_end(json);
	if (code) {
		json_out_drop(json);
		return code;
	}
	return output_json(job->call, json);
}

/* A domain's name is enough for a column: all of them are evaluation texts. */
static void
heads_make(const char **heads, char (*names)[64], const struct job *job)
{
	heads[0] = "method";
	heads[1] = "bits/weight";
	heads[2] = "mean delta nll";
	for (size_t i = 0; i < job->text_count; i++) {
		size_t length = strcspn(job->texts[i], ".");

		length = length < 63 ? length : 63;
		memcpy(names[i], job->texts[i], length);
		heads[3 + i] = names[i];
	}
}

static void
baseline_row(struct table *table, const struct job *job)
{
	table_cell(table, "unquantized");
	table_number(table, engine_bits(job->common.engine, NULL).linear, "%.3f");
	table_number(table, 0, "%.4f");
	for (size_t i = 0; i < job->text_count; i++)
		table_number(table, job->outcomes[0].texts[i].baseline_ppl, "%.3f");
}

static enum err
print_table(struct job *job)
{
	const char *heads[3 + TEXTS_MAX];
	char names[TEXTS_MAX][64] = { { 0 } };
	struct table *table;
	enum err code;

	heads_make(heads, names, job);
	table = table_create(3 + job->text_count, heads);
	baseline_row(table, job);
	for (size_t v = 0; v < job->variant_count; v++) {
		const struct outcome *outcome = &job->outcomes[v];

		table_cell(table, "%s", variants[v].name);
		table_number(table, outcome->bits.linear, "%.3f");
		table_number(table, mean_delta(job, outcome), "%.4f");
		for (size_t i = 0; i < job->text_count; i++)
			table_number(table, outcome->texts[i].ppl, "%.3f");
	}
	code = output_table(job->call, table);
	if (!code && !job->call->options->csv)
		output_text(job->call,
			    "\nperplexity by text (protocol %s, at most %zu tokens of each); "
			    "calibrated on %s; held_out is in no mean\n",
			    job->eval.protocol->name, job->eval.max_tokens, job->calibration.text);
	return code;
}

static enum err
dry_run(struct job *job)
{
	struct plan *plan = plan_create(job->call);
	const struct corpus *corpus;
	enum err code;

	plan_model(plan, job->common.engine);
	code = plan_calibration(plan, job->common.engine, &job->calibration);
	for (size_t i = 0; i < job->text_count && !code; i++) {
		code = engine_corpus(&corpus, job->common.engine, job->texts[i], NULL);
		if (!code)
			plan_read(plan, corpus->path, corpus->bytes);
	}
	for (size_t i = 0; i < job->variant_count; i++)
		plan_compute(plan, "%s: quantize every layer, evaluate %zu texts", variants[i].name,
			     job->text_count);
	if (!code)
		code = plan_forecast(plan, &job->forecast, &job->common.work);
	return plan_finish(plan, code);
}

static enum err
forecast(struct job *job)
{
	enum err code = OK;

	job->forecast = forecast_start(job->common.engine);
	for (size_t v = 0; v < job->variant_count && !code; v++) {
		code = forecast_recipe(&job->forecast, &job->outcomes[v].recipe);
		for (size_t i = 0; i < job->text_count && !code; i++) {
			job->eval.text = job->texts[i];
			code = forecast_evaluation(&job->forecast, &job->eval, true);
		}
	}
	return code;
}

static enum err
job_run(struct job *job)
{
	enum err code = OK;

	memcpy(job->calibration.text, SHIPPED_CALIBRATION, sizeof(SHIPPED_CALIBRATION));
	code = common_calibration(&job->calibration, job->call, job->common.engine);
	for (size_t i = 0; i < job->variant_count && !code; i++)
		code = variant_recipe(&job->outcomes[i].recipe, &variants[i], (int)job->group_size,
				      &job->calibration);
	if (!code)
		code = forecast(job);
	if (!code && job->call->options->dry_run)
		return dry_run(job);
	if (!code)
		code = plan_announce(job->call, &job->forecast, &job->common.work);
	output_phase(job->call, "calibrating on %s", job->calibration.text);
	if (!code)
		code = engine_calibrate(job->common.engine, &job->calibration, &job->common.work);
	for (size_t i = 0; i < job->variant_count && !code; i++)
		code = run_variant(job, i);
	if (code)
		return code;
	return job->call->options->json ? print_json(job) : print_table(job);
}

static enum err
run(struct call *call)
{
	struct job *job = buf_alloc(1, sizeof(*job));
	enum err code;

	if (!job)
		return ERR_NOMEM;
	job->call = call;
	code = read_arguments(job);
	if (!code && !job->text_count)
		code = err_at(
			ERR_IO, NULL, "texts",
			"the shipped texts are not here; set QSCOPE_MODELS to the folder that "
			"holds shipped/ and texts/");
	if (!code)
		code = common_open(&job->common, call, arguments_value(&call->arguments, "MODEL"));
	if (!code)
		code = job_run(job);
	for (size_t i = 0; i < VARIANTS_MAX; i++)
		recipe_clear(&job->outcomes[i].recipe);
	common_close(&job->common);
	buf_free(job);
	return code;
}

const struct command command_run = {
	.name = "run",
	.summary = "compare every method at 4 and 3 bits on every shipped text",
	.help = "The main job without a screen: calibrates on one text, quantizes every layer "
		"with\n"
		"each method, evaluates all shipped texts, prints one table.\n\n"
		"Example: qscope run --calibration code.calibration",
	.args =
		(const struct command_arg[]){
			COMMON_MODEL,
			COMMON_CALIBRATION,
			{ "--group-size", "N", NULL, "weights that share a scale (default 128)",
			  false, false },
			COMMON_PROTOCOL,
			{ "--context", "N", NULL, "tokens of a window", false, false },
			{ "--tokens", "N", NULL, "use at most N tokens of each text (default 8192)",
			  false, false },
			{ 0 },
		},
	.run = run,
};
