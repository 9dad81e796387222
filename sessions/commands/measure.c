/* qscope measure: what a method does to one layer, in numbers. */
#include "core/buf.h"
#include "core/formats/npy.h"
#include "sessions/commands/common.h"
#include "sessions/commands/plan.h"
#include "sessions/report.h"

#include <math.h>

#include <stdio.h>
#include <string.h>

static enum err
write_arrays(const struct call *call, const struct layer_result *result)
{
	const struct quantized *q = &result->quantized;
	const char *codes = arguments_value(&call->arguments, "--codes");
	const char *dequantized = arguments_value(&call->arguments, "--dequantized");
	const char *channels = arguments_value(&call->arguments, "--channels");
	size_t shape[2] = { q->rows, q->columns }, wide[2] = { q->columns, CHANNEL_COUNT };
	enum err code = OK;

	if (codes && !q->codes)
		return err_at(ERR_UNSUPPORTED, NULL, "--codes", "%s stores no codes",
			      result->setting.method->name);
	if (codes)
		code = npy_write(codes, NPY_U8, q->codes, 2, shape);
	if (!code && dequantized)
		code = npy_write(dequantized, NPY_F32, q->dequantized, 2, shape);
	if (!code && channels)
		code = npy_write(channels, NPY_F32, result->measurement->channels, 2, wide);
	return code;
}

static enum err
print_json(struct call *call, const struct engine *engine, const struct layer_result *result,
	   const struct calibration_setting *calibration)
{
	struct json_out *json = json_out_start("qscope.measure/1");
	enum err code = report_measure(json, engine, result, calibration);

	if (code) {
		json_out_drop(json);
		return code;
	}
	return output_json(call, json);
}

static void
row(struct table *table, const char *name, double value, const char *fmt)
{
	table_cell(table, "%s", name);
	table_number(table, value, fmt);
}

static void
error_rows(struct table *table, const struct layer_result *result)
{
	const struct measurement *m = result->measurement;

	row(table, "bits per weight", result->bits_per_weight, "%.4f");
	row(table, "weight error, relative", m->relative, "%.6g");
	row(table, "weight error, mean square", m->mse, "%.6g");
	row(table, "signal to noise, dB", m->sqnr_db, "%.3f");
	row(table, "largest error", m->max_abs, "%.6g");
	row(table, "clipped weights", (double)m->clipped, "%.0f");
	row(table, "output error, relative", m->has_output ? m->output.relative : NAN, "%.6g");
	row(table, "output error, per token", m->has_output ? m->output.per_token : NAN, "%.6g");
	row(table, "output error, diagonal", m->has_output ? m->output.diagonal_relative : NAN,
	    "%.6g");
}

static void
print_head(struct call *call, const struct engine *engine, const struct layer_result *result,
	   const struct calibration_setting *calibration)
{
	const struct layer *layer = &engine_model(engine)->layers[result->layer];
	char setting[512];

	recipe_describe(setting, sizeof(setting), &result->setting);
	output_text(call, "%s (%zu x %zu): %s\n", layer->name, layer->rows, layer->columns,
		    setting);
	if (result->calibration_tokens)
		output_text(call, "calibrated on %s: %zu windows, %zu tokens\n", calibration->text,
			    result->calibration_sequences, result->calibration_tokens);
	if (layer->expert >= 0 && (result->measurement->has_output || result->measurement->unseen))
		output_text(call, "of which this expert saw %llu\n",
			    (unsigned long long)result->measurement->tokens);
	if (result->scope_count > 1)
		output_text(call, "solved together with the %d other layers of its input\n",
			    result->scope_count - 1);
	if (result->quantized.note[0])
		output_text(call, "%s\n", result->quantized.note);
	output_text(call, "\n");
}

static void
print_channels(struct call *call, const struct layer_result *result)
{
	const struct measurement *m = result->measurement;
	uint32_t top[8];
	size_t k = m->columns < 8 ? m->columns : 8;

	if (!m->has_output)
		return;
	measurement_top(top, m, CHANNEL_MEAN_ABS, k);
	output_text(call, "\nchannels with the largest mean |x|:");
	for (size_t i = 0; i < k; i++)
		output_text(call, " %u", top[i]);
	measurement_top(top, m, CHANNEL_DAMAGE, k);
	output_text(call, "\nchannels with the most damage:     ");
	for (size_t i = 0; i < k; i++)
		output_text(call, " %u", top[i]);
	output_text(call, "\n");
}

static enum err
print_table(struct call *call, const struct engine *engine, const struct layer_result *result,
	    const struct calibration_setting *calibration)
{
	static const char *const heads[] = { "measure", "value" };
	struct table *table = table_create(2, heads);
	enum err code;

	if (!call->options->csv)
		print_head(call, engine, result, calibration);
	error_rows(table, result);
	code = output_table(call, table);
	if (!code && !call->options->csv)
		print_channels(call, result);
	return code;
}

static enum err
prepare(struct layer_setting *setting, int *layer, struct calibration_setting *calibration,
	struct call *call, struct common *common)
{
	enum err code = common_setting(setting, call);

	if (!code)
		code = common_layer(layer, common->engine,
				    arguments_value(&call->arguments, "--layer"));
	/* Before the calibration, which takes longer than saying no. */
	if (!code)
		code = common_check(setting, common->engine, *layer);
	if (!code)
		code = common_one_calibration(calibration, call, common->engine, setting);
	return code;
}

/* What is asked of one layer. */
struct task {
	struct call *call;
	struct common *common;
	struct layer_setting setting;
	struct calibration_setting calibration;
	int layer;
	struct forecast forecast;
};

static enum err
dry_run(struct task *task)
{
	static const char *const outputs[] = { "--codes", "--dequantized", "--channels" };
	struct engine *engine = task->common->engine;
	struct call *call = task->call;
	const struct layer *l = &engine_model(engine)->layers[task->layer];
	const size_t sizes[] = { l->rows * l->columns, 4 * l->rows * l->columns,
				 4 * CHANNEL_COUNT * l->columns };
	struct plan *plan = plan_create(call);
	char text[512];
	enum err code;

	plan_model(plan, engine);
	code = plan_calibration(plan, engine, &task->calibration);
	recipe_describe(text, sizeof(text), &task->setting);
	plan_compute(plan, "quantize and measure %s: %s", l->name, text);
	for (size_t i = 0; i < 3; i++)
		if (arguments_value(&call->arguments, outputs[i]))
			plan_write(plan, arguments_value(&call->arguments, outputs[i]),
				   sizes[i] + 128);
	if (!code)
		code = plan_forecast(plan, &task->forecast, &task->common->work);
	return plan_finish(plan, code);
}

static enum err
measure(struct task *task)
{
	struct call *call = task->call;
	struct common *common = task->common;
	struct layer_result *result = NULL;
	enum err code = plan_announce(call, &task->forecast, &common->work);

	if (code)
		return code;
	output_phase(call, "%s %s", task->setting.method->name,
		     engine_model(common->engine)->layers[task->layer].name);
	code = engine_quantize(&result, common->engine, task->layer, &task->setting,
			       &task->calibration, &common->work);
	if (!code)
		code = write_arrays(call, result);
	if (!code && call->options->json)
		code = print_json(call, common->engine, result, &task->calibration);
	else if (!code)
		code = print_table(call, common->engine, result, &task->calibration);
	layer_result_unref(result);
	return code;
}

static enum err
run(struct call *call)
{
	struct common common;
	struct task task = { .call = call, .common = &common };
	enum err code = common_open(&common, call, arguments_value(&call->arguments, "MODEL"));

	if (code)
		return code;
	code = prepare(&task.setting, &task.layer, &task.calibration, call, &common);
	task.forecast = forecast_start(common.engine);
	if (!code)
		code = forecast_layer(&task.forecast, task.layer, &task.setting, &task.calibration);
	if (!code)
		code = call->options->dry_run ? dry_run(&task) : measure(&task);
	common_close(&common);
	return code;
}

const struct command command_measure = {
	.name = "measure",
	.summary = "quantize one layer and measure what it did",
	.help = "Weight error is what rounding did to the weights; output error, on calibration\n"
		"inputs, is what the next layer feels: tr(D H D') / tr(W H W') with the full Gram\n"
		"matrix H, and by its diagonal alone. Methods that need no calibration run "
		"without\n"
		"one, and then have no output error. Bits count everything that would be "
		"stored.\n\n"
		"Example: qscope measure --layer layers.0.attn.q --method gptq --set bits=3 \\\n"
		"             --set group_size=128 --calibration stories.calibration",
	.args =
		(const struct command_arg[]){
			COMMON_MODEL,
			{ "--layer", "NAME", "layer", "the layer, by either of its names", true,
			  false },
			COMMON_SETTING,
			COMMON_CALIBRATION,
			{ "--codes", "FILE", "file", "write the codes (rows, columns) as .npy",
			  false, false },
			{ "--dequantized", "FILE", "file",
			  "write the weights (rows, columns) as .npy", false, false },
			{ "--channels", "FILE", "file",
			  "write (columns, 5): mean |x|, mean x^2, weight error, damage, method "
			  "scale",
			  false, false },
			{ 0 },
		},
	.run = run,
};
