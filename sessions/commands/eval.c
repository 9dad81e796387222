/* qscope eval: perplexity before and after, on the same tokens. */
#include "core/buf.h"
#include "sessions/commands/common.h"
#include "sessions/commands/eval_bands.h"
#include "sessions/commands/eval_long_form.h"
#include "sessions/commands/eval_tasks.h"
#include "sessions/commands/plan.h"
#include "sessions/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct evaluation {
	struct call *call;
	struct common common;
	struct eval_setting setting; /* text set for each in turn */
	const char *texts[COMMON_TEXTS_MAX];
	struct eval_result results[COMMON_TEXTS_MAX];
	struct eval_result weights[COMMON_TEXTS_MAX]; /* without what is done to activations */
	struct loss_bands bands[COMMON_TEXTS_MAX];
	bool has_effects;
	size_t count;
	struct eval_tasks tasks;
	struct eval_long_form long_form;
	bool has_recipe;
	struct recipe recipe;
	struct layer_result **layers; /* NULL: the baseline alone */
	double max_delta, max_kl;     /* NaN: no gate */
	struct forecast forecast;
};

/* Who asks for tasks alone gets those. */
static bool
wants_texts(const struct evaluation *e)
{
	return !e->tasks.count || e->long_form.setting.prompts ||
	       arguments_value(&e->call->arguments, "--text");
}

static enum err
read_arguments(struct evaluation *e)
{
	const struct arguments *arguments = &e->call->arguments;
	uint64_t context = 0, tokens = 0;
	enum err code =
		common_protocol(&e->setting.protocol, arguments_value(arguments, "--protocol"));

	e->max_delta = e->max_kl = (double)NAN;
	e->setting.field = arguments_value(arguments, "--field");
	if (!code)
		code = arguments_count(&context, arguments, "--context", 2, 1 << 24);
	if (!code)
		code = arguments_count(&tokens, arguments, "--tokens", 2, UINT64_C(1) << 40);
	if (!code)
		code = arguments_number(&e->max_delta, arguments, "--max-delta-nll");
	if (!code)
		code = arguments_number(&e->max_kl, arguments, "--max-kl");
	if (!code)
		code = eval_tasks_open(&e->tasks, e->call);
	if (!code)
		code = eval_long_form_read(&e->long_form, arguments);
	if (!code && wants_texts(e))
		code = common_texts(e->texts, &e->count, e->call);
	if (!code)
		code = eval_long_form_open(&e->long_form, e->texts, e->count);
	e->setting.context = (size_t)context;
	e->setting.max_tokens = (size_t)tokens;
	e->has_recipe =
		arguments_value(arguments, "--recipe") || arguments_value(arguments, "--method");
	if (!code && !e->has_recipe && arguments_value(arguments, "--set"))
		return err_at(ERR_USAGE, NULL, "--set", "is a parameter of a method; add --method");
	if (!code && !e->has_recipe && (!isnan(e->max_delta) || !isnan(e->max_kl)))
		return err_at(ERR_USAGE, NULL, isnan(e->max_kl) ? "--max-delta-nll" : "--max-kl",
			      "compares with the unquantized model; add --recipe or --method");
	if (!code && !e->count && (!isnan(e->max_delta) || !isnan(e->max_kl)))
		return err_at(ERR_USAGE, NULL, isnan(e->max_kl) ? "--max-delta-nll" : "--max-kl",
			      "is about a text; add --text");
	return code;
}

/* Every text is opened before the first is evaluated: a misspelt one is found at once. */
static enum err
open_texts(struct evaluation *e)
{
	enum err code = OK;

	for (size_t i = 0; i < e->count && !code; i++) {
		struct eval_shape shape;

		e->setting.text = e->texts[i];
		code = engine_eval_shape(&shape, e->common.engine, &e->setting);
	}
	return code;
}

static enum err
quantize(struct evaluation *e)
{
	size_t count = engine_model(e->common.engine)->layer_count;

	e->layers = buf_alloc(count, sizeof(struct layer_result *));
	if (!e->layers)
		return ERR_NOMEM;
	output_phase(e->call, "quantizing");
	return engine_apply(e->layers, e->common.engine, &e->recipe, &e->common.work);
}

static bool
any_effect(const struct evaluation *e)
{
	for (size_t i = 0; e->layers && i < engine_model(e->common.engine)->layer_count; i++)
		if (e->layers[i] && e->layers[i]->quantized.effect)
			return true;
	return false;
}

/* The weights alone too, where a method also rounds what its layers read. */
static enum err
evaluate_weights(struct evaluation *e, size_t text)
{
	enum err code;

	e->setting.weights_only = true;
	code = engine_evaluate(&e->weights[text], e->common.engine, &e->setting, e->layers,
			       &e->common.work);
	e->setting.weights_only = false;
	return code;
}

/* With its losses by frequency and position, where they are shown. */
static enum err
evaluate_text(struct evaluation *e, size_t text)
{
	if (e->call->options->json || e->tasks.detail)
		return eval_bands_text(&e->results[text], &e->bands[text], &e->common, &e->setting,
				       e->layers);
	return engine_evaluate(&e->results[text], e->common.engine, &e->setting, e->layers,
			       &e->common.work);
}

static enum err
evaluate(struct evaluation *e)
{
	enum err code = OK;

	e->has_effects = any_effect(e);

	for (size_t i = 0; i < e->count && !code; i++) {
		output_phase(e->call, "evaluating %s (%zu of %zu)", e->texts[i], i + 1, e->count);
		e->setting.text = e->texts[i];
		code = evaluate_text(e, i);
		if (!code && e->has_effects)
			code = evaluate_weights(e, i);
	}
	return code;
}

/* -------------------------------------------------------------------------- reporting */

static enum err
protocol_out(struct json_out *json, struct evaluation *e)
{
	struct eval_shape shape = { .bos = -1 };
	size_t windows = 0;
	enum err code = OK;

	e->setting.text = e->texts[0];
	if (e->count)
		code = engine_eval_shape(&shape, e->common.engine, &e->setting);
	for (size_t i = 0; i < e->count; i++)
		windows += e->results[i].windows;
	report_protocol(json, e->setting.protocol, &shape, windows);
	return code;
}

static enum err
build_json(struct json_out **out, struct evaluation *e)
{
	struct json_out *json = json_out_start("qscope.eval/1");
	const struct corpus *corpus;
	enum err code;

	code = common_model_out(json, e->common.engine);
	if (!code)
		code = common_recipe_out(json, e->has_recipe ? &e->recipe : NULL);
	if (!code)
		code = protocol_out(json, e);
	json_out_array(json, "texts");
	for (size_t i = 0; i < e->count && !code; i++) {
		code = engine_corpus(&corpus, e->common.engine, e->texts[i], e->setting.field);
		if (!code)
			report_eval_bands(json, e->texts[i], corpus, &e->results[i],
					  e->has_effects ? &e->weights[i] : NULL, &e->bands[i]);
	}
	json_out_end(json);
	if (!code) {
		eval_tasks_out(json, &e->tasks);
		eval_long_form_out(json, &e->long_form);
	}
	report_engine_bits(json, "bits", engine_bits(e->common.engine, e->layers));
	if (code)
		json_out_drop(json);
	*out = code ? NULL : json;
	return code;
}

static void
row(struct table *table, const char *name, const struct eval_result *r)
{
	double none = (double)NAN;
	bool now = r->has_current;

	table_cell(table, "%s", name);
	table_cell(table, "%zu", r->scored);
	table_number(table, r->baseline_ppl, "%.4f");
	table_number(table, now ? r->ppl : none, "%.4f");
	table_number(table, now ? r->delta.mean : none, "%+.5f");
	table_number(table, now ? r->delta.se : none, "%.5f");
	table_number(table, now ? r->kl_mean : none, "%.5f");
	table_number(table, now ? r->kl_q99 : none, "%.4f");
	table_number(table, now ? 100 * r->top1_share : none, "%.2f");
}

static enum err
print_table(struct evaluation *e)
{
	static const char *const heads[] = { "text",      "scored",    "ppl before",
					     "ppl after", "delta nll", "se",
					     "mean KL",   "KL 99 %",   "top-1 %" };
	struct table *table = table_create(9, heads);

	for (size_t i = 0; i < e->count; i++) {
		char alone[256];

		row(table, e->texts[i], &e->results[i]);
		snprintf(alone, sizeof(alone), "%s, weights alone", e->texts[i]);
		if (e->has_effects)
			row(table, alone, &e->weights[i]);
	}
	return output_table(e->call, table);
}

/* Tables of different columns are parted by an empty line, also in CSV. */
static enum err
print(struct evaluation *e)
{
	struct engine_bits bits = engine_bits(e->common.engine, e->layers);
	enum err code = e->count ? print_table(e) : OK;

	if (!code && e->tasks.detail)
		code = eval_bands_print(e->call, e->texts, e->bands, e->count);

	if (!code && e->count && e->tasks.count)
		output_text(e->call, "\n");
	if (!code)
		code = eval_tasks_print(e->call, &e->tasks);
	if (!code && e->long_form.count)
		output_text(e->call, "\n");
	if (!code)
		code = eval_long_form_print(e->call, &e->long_form);
	if (code || e->call->options->csv)
		return code;
	output_text(e->call, "\n");
	if (e->count)
		output_text(e->call, "protocol %s; natural logarithms; ",
			    e->setting.protocol->name);
	output_text(e->call, "%.3f bits per weight in the linear layers, %.3f in the model\n",
		    bits.linear, bits.model);
	return OK;
}

static enum err
gate(const struct evaluation *e)
{
	for (size_t i = 0; i < e->count; i++) {
		const struct eval_result *r = &e->results[i];

		if (r->delta.mean > e->max_delta)
			return err_at(ERR_GATE, NULL, e->texts[i],
				      "delta nll %.6g is above --max-delta-nll %.6g; use more bits "
				      "or raise the gate",
				      r->delta.mean, e->max_delta);
		if (r->kl_mean > e->max_kl)
			return err_at(ERR_GATE, NULL, e->texts[i],
				      "mean KL %.6g is above --max-kl %.6g; use more bits or raise "
				      "the gate",
				      r->kl_mean, e->max_kl);
	}
	return OK;
}

static enum err
report(struct evaluation *e)
{
	struct json_out *json = NULL;
	enum err code;

	if (!e->call->options->json) {
		code = print(e);
		return code ? code : gate(e);
	}
	code = build_json(&json, e);
	if (code)
		return code;
	if (gate(e)) {
		e->call->result = json;
		return ERR_GATE;
	}
	return output_json(e->call, json);
}

static enum err
dry_run(struct evaluation *e)
{
	struct plan *plan = plan_create(e->call);
	const struct corpus *corpus;
	enum err code = OK;

	plan_model(plan, e->common.engine);
	if (e->has_recipe)
		code = plan_recipe(plan, e->common.engine, &e->recipe);
	for (size_t i = 0; i < e->count && !code; i++) {
		code = engine_corpus(&corpus, e->common.engine, e->texts[i], e->setting.field);
		if (!code)
			plan_read(plan, corpus->path, corpus->bytes);
		plan_compute(plan, "evaluate %s under %s", e->texts[i], e->setting.protocol->name);
	}
	eval_tasks_plan(&e->tasks, plan);
	eval_long_form_plan(&e->long_form, plan);
	if (!code)
		code = plan_forecast(plan, &e->forecast, &e->common.work);
	return plan_finish(plan, code);
}

static enum err
forecast(struct evaluation *e)
{
	enum err code = OK;

	e->forecast = forecast_start(e->common.engine);
	if (e->has_recipe)
		code = forecast_recipe(&e->forecast, &e->recipe);
	for (size_t i = 0; i < e->count && !code; i++) {
		e->setting.text = e->texts[i];
		code = forecast_evaluation(&e->forecast, &e->setting, e->has_recipe);
	}
	if (!code)
		code = eval_long_form_forecast(&e->long_form, &e->forecast, e->has_recipe);
	return code ? code : eval_tasks_forecast(&e->tasks, &e->forecast, e->has_recipe);
}

static enum err
evaluation_run(struct evaluation *e)
{
	enum err code = OK;

	if (e->has_recipe)
		code = common_recipe(&e->recipe, e->call, e->common.engine);
	if (!code)
		code = open_texts(e);
	if (!code)
		code = forecast(e);
	if (!code && e->call->options->dry_run)
		return dry_run(e);
	if (!code)
		code = plan_announce(e->call, &e->forecast, &e->common.work);
	if (!code && e->has_recipe)
		code = quantize(e);
	if (!code)
		code = evaluate(e);
	if (!code)
		code = eval_tasks_run(&e->tasks, e->call, &e->common, e->layers);
	if (!code)
		code = eval_long_form_run(&e->long_form, e->call, &e->common, e->layers);
	for (size_t i = 0; i < e->count && !code; i++)
		if (!isfinite(e->results[i].baseline.mean))
			output_narrate(e->call,
				       "%s: the loss is no number; the weights hold NaN, or values "
				       "too large for float32",
				       e->texts[i]);
	return code ? code : report(e);
}

static enum err
run(struct call *call)
{
	struct evaluation *e = buf_alloc(1, sizeof(*e));
	enum err code;

	if (!e)
		return ERR_NOMEM;
	e->call = call;
	code = read_arguments(e);
	if (!code)
		code = common_open(&e->common, call, arguments_value(&call->arguments, "MODEL"));
	if (!code)
		code = evaluation_run(e);
	if (e->layers)
		layer_results_free(e->layers, engine_model(e->common.engine)->layer_count);
	recipe_clear(&e->recipe);
	eval_tasks_close(&e->tasks);
	eval_long_form_close(&e->long_form);
	common_close(&e->common);
	buf_free(e);
	return code;
}

const struct command command_eval = {
	.name = "eval",
	.summary = "measure perplexity, before and after quantization",
	.help = "Without --recipe or --method the model as it is. With one, the difference in loss "
		"is\n"
		"taken on the same tokens, so its standard error is far smaller than those of the\n"
		"perplexities; beside it the KL divergence from the unquantized model and the "
		"share\n"
		"of equal top tokens. Where a method also rounds the inputs of its layers, the "
		"figures\n"
		"of its weights alone stand beside. Protocols: llama.cpp (context 512, second half "
		"of each "
		"window\n"
		"scored), window (whole windows, as in the papers). With --max-delta-nll or "
		"--max-kl\n"
		"the exit status is 4 when a text is above.\n\n"
		"--task reads a file of one object a line: {\"prompt\", \"choices\", \"answer\"} "
		"is\n"
		"answered by the most likely choice, by itself and for each of its characters,\n"
		"{\"prompt\", \"answer\"} by greedy generation. Shares have a 95 % interval; p "
		"says\n"
		"whether gained and lost items are more than chance. --long-form writes on "
		"greedily "
		"from\n"
		"prompts of each text: tokens until it parts from what the unquantized model "
		"writes,\n"
		"and the share of runs of 4 tokens that stood before.\n\n"
		"Example: qscope eval --method rtn --set bits=3 --set group_size=128 \\\n"
		"             --text stories.evaluation --max-delta-nll 0.1",
	.args =
		(const struct command_arg[]){
			COMMON_MODEL,
			{ "--recipe", "FILE", "file", "quantize as this recipe says", false,
			  false },
			COMMON_SETTING,
			COMMON_CALIBRATION,
			{ "--propagated", NULL, NULL,
			  "calibrate each block through the quantized ones", false, false },
			{ "--text", "TEXT", "text",
			  "evaluate on: a shipped name or a file (default: every shipped one, or "
			  "none with --task)",
			  false, true },
			EVAL_TASKS_ARGUMENTS,
			EVAL_LONG_FORM_ARGUMENTS,
			{ "--detail", NULL, NULL,
			  "losses by the tokens' frequency and position; in --json every item's "
			  "answers",
			  false, false },
			COMMON_PROTOCOL,
			{ "--context", "N", NULL, "tokens of a window", false, false },
			{ "--tokens", "N", NULL, "use at most N tokens of each text", false,
			  false },
			{ "--max-delta-nll", "X", NULL, "fail when the loss rises by more, in nats",
			  false, false },
			{ "--max-kl", "X", NULL,
			  "fail when the mean KL divergence is above, in nats", false, false },
			{ 0 },
		},
	.run = run,
};
