/* qscope quantize: a whole model by one recipe, as a folder that other programs read. */
#include "core/architecture.h"
#include "core/buf.h"
#include "core/file.h"
#include "core/model_write.h"
#include "sessions/commands/common.h"
#include "sessions/commands/plan.h"
#include "sessions/output_folder.h"
#include "sessions/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MAX = 4096 };

struct written {
	char name[256];
	char sha256[HASH_HEX];
	uint64_t bytes;
};

struct quantize {
	struct call *call;
	struct common common;
	struct recipe recipe;
	char recipe_sha256[HASH_HEX];
	enum write_dtype dtype;
	const char *path;
	struct output_folder folder;
	struct layer_result **layers;
	struct model_files files;
	struct written *written;
	size_t written_count, written_capacity;
	struct forecast forecast;
};

static bool
is_calibrated(const struct quantize *q)
{
	for (size_t i = 0; i < engine_model(q->common.engine)->layer_count; i++)
		if (q->layers[i] && q->layers[i]->setting.method->needs)
			return true;
	return false;
}

/* What the recipe was taken with, so that it can be repeated and checked. */
static enum err
complete_recipe(struct quantize *q)
{
	struct recipe *recipe = &q->recipe;
	const struct model *model = engine_model(q->common.engine);
	struct model_names names;
	enum err code = engine_names(&names, q->common.engine, true, &q->common.work);

	if (code)
		return code;
	if (recipe->sha256[0] && strcmp(recipe->sha256, names.sha256))
		output_narrate(q->call, "the recipe was made for another model (sha256 %.12s...)",
			       recipe->sha256);
	snprintf(recipe->architecture, sizeof(recipe->architecture), "%s",
		 model->architecture->name);
	memcpy(recipe->identity, names.identity, HASH_HEX);
	memcpy(recipe->sha256, names.sha256, HASH_HEX);
	snprintf(recipe->numeric_profile, sizeof(recipe->numeric_profile), "%s",
		 is_calibrated(q) ? engine_profile() : "");
	snprintf(recipe->version, sizeof(recipe->version), "%s", build_version());
	return recipe_hash(q->recipe_sha256, recipe);
}

static enum err
note_file(struct quantize *q, const char *name)
{
	char *path = file_join(q->folder.temporary, name);
	struct written *w;
	struct stat st;
	enum err code = path ? OK : ERR_NOMEM;

	if (!code &&
	    buf_grow(&q->written, &q->written_capacity, q->written_count + 1, sizeof(*q->written)))
		code = ERR_NOMEM;
	if (!code && stat(path, &st))
		code = err_at(ERR_IO, path, NULL, "cannot be read back; check the disk");
	if (!code) {
		w = &q->written[q->written_count];
		snprintf(w->name, sizeof(w->name), "%s", name);
		w->bytes = (uint64_t)st.st_size;
		code = sha256_file(w->sha256, path, &q->common.work);
	}
	if (!code)
		q->written_count++;
	buf_free(path);
	return code;
}

static enum err
write_text(struct quantize *q, const char *name, const char *text)
{
	char *path = file_join(q->folder.temporary, name);
	enum err code = path ? file_write(path, text, strlen(text), false) : ERR_NOMEM;

	buf_free(path);
	return code;
}

static enum err
write_model(struct quantize *q)
{
	const struct model *model = engine_model(q->common.engine);
	struct replacement *replacements = buf_alloc(model->layer_count, sizeof(*replacements));
	struct overlay overlay;
	enum err code = replacements ? OK : ERR_NOMEM;

	if (!code) {
		overlay = engine_overlay(replacements, q->common.engine, q->layers);
		code = model_write(&q->files, model, &overlay, q->folder.temporary, q->dtype,
				   &q->common.work);
	}
	for (size_t i = 0; i < q->files.count && !code; i++)
		code = note_file(q, q->files.names[i]);
	buf_free(replacements);
	return code;
}

static enum err
write_recipe(struct quantize *q)
{
	char *text;
	enum err code = recipe_text(&text, &q->recipe);

	if (!code)
		code = write_text(q, "qscope-recipe.json", text);
	if (!code)
		code = note_file(q, "qscope-recipe.json");
	buf_free(text);
	return code;
}

/* ------------------------------------------------------------------------- the report */

static void
files_out(struct json_out *json, const struct quantize *q)
{
	json_out_array(json, "files");
	for (size_t i = 0; i < q->written_count; i++) {
		json_out_object(json, NULL);
		json_out_text(json, "name", q->written[i].name);
		json_out_count(json, "bytes", q->written[i].bytes);
		json_out_text(json, "sha256", q->written[i].sha256);
		json_out_end(json);
	}
	json_out_end(json);
}

static void
layer_out(struct json_out *json, const char *name, const struct layer_result *result)
{
	json_out_object(json, NULL);
	json_out_text(json, "name", name);
	json_out_text(json, "method", result->setting.method->name);
	recipe_params_out(json, "params", &result->setting);
	report_bits(json, "bits", result);
	report_weight_error(json, "weight_error", result->measurement);
	report_output_error(json, "output_error", result->measurement);
	report_tokens(json, result->measurement);
	json_out_text(json, "note", result->quantized.note[0] ? result->quantized.note : NULL);
	json_out_end(json);
}

static void
layers_out(struct json_out *json, const struct quantize *q)
{
	const struct model *model = engine_model(q->common.engine);

	json_out_array(json, "layers");
	for (size_t i = 0; i < model->layer_count; i++)
		if (q->layers[i])
			layer_out(json, model->layers[i].name, q->layers[i]);
	json_out_end(json);
	json_out_array(json, "kept");
	for (size_t i = 0; i < model->layer_count; i++)
		if (!q->layers[i])
			json_out_text(json, NULL, model->layers[i].name);
	json_out_end(json);
}

static void
calibration_out(struct json_out *json, const struct quantize *q)
{
	const struct layer_result *any = NULL;

	for (size_t i = 0; i < engine_model(q->common.engine)->layer_count && !any; i++)
		if (q->layers[i] && q->layers[i]->calibration_tokens)
			any = q->layers[i];
	report_calibration(json, "calibration", &q->recipe.calibration,
			   any ? any->calibration_sequences : 0, any ? any->calibration_tokens : 0);
}

static struct json_out *
build_json(const struct quantize *q, const char *output)
{
	struct json_out *json = json_out_start("qscope.quantize/1");

	json_out_text(json, "output", output);
	json_out_text(json, "format", engine_model(q->common.engine)->format);
	json_out_text(json, "dtype", write_dtype_name(q->dtype));
	files_out(json, q);
	json_out_text(json, "recipe_sha256", q->recipe_sha256);
	report_engine_bits(json, "bits", engine_bits(q->common.engine, q->layers));
	layers_out(json, q);
	calibration_out(json, q);
	return json;
}

/* The report lies in the folder it speaks of, so it names that "." and itself not at all: equal
 * inputs give equal bytes. */
static enum err
write_report(struct quantize *q)
{
	char *text;
	enum err code = json_out_finish(&text, build_json(q, "."), JSON_PRETTY);

	if (!code)
		code = write_text(q, "qscope-report.json", text);
	buf_free(text);
	return code;
}

static enum err
print_table(struct quantize *q)
{
	static const char *const heads[] = { "layer", "method", "bits/weight", "weight error",
					     "output error" };
	const struct model *model = engine_model(q->common.engine);
	struct engine_bits bits = engine_bits(q->common.engine, q->layers);
	struct table *table = table_create(5, heads);
	enum err code;

	for (size_t i = 0; i < model->layer_count; i++) {
		const struct layer_result *r = q->layers[i];

		if (!r)
			continue;
		table_cell(table, "%s", model->layers[i].name);
		table_cell(table, "%s", r->setting.method->name);
		table_number(table, r->bits_per_weight, "%.4f");
		table_number(table, r->measurement->relative, "%.6g");
		table_number(table,
			     r->measurement->has_output ? r->measurement->output.relative
							: (double)NAN,
			     "%.6g");
	}
	code = output_table(q->call, table);
	if (!code && !q->call->options->csv)
		output_text(q->call,
			    "\n%s: %zu files, %.3f bits per weight in the linear layers, %.3f in "
			    "the model\nrecipe sha256 %s\n",
			    q->path, q->written_count + 1, bits.linear, bits.model,
			    q->recipe_sha256);
	return code;
}

/* ---------------------------------------------------------------------------- running */

static void
warn_effects(struct quantize *q)
{
	for (size_t i = 0; i < engine_model(q->common.engine)->layer_count; i++)
		if (q->layers[i] && q->layers[i]->quantized.effect) {
			output_narrate(q->call,
				       "the folder holds weights alone: what %s does to "
				       "activations shows in eval --recipe only",
				       q->layers[i]->setting.method->name);
			return;
		}
}

static enum err
write_folder(struct quantize *q)
{
	enum err code = output_folder_create(&q->folder, q->path);

	output_phase(q->call, "writing %s", q->path);
	if (!code)
		code = write_model(q);
	if (!code)
		code = write_recipe(q);
	if (!code)
		code = write_report(q);
	if (!code)
		code = work_check(&q->common.work);
	return code ? code : output_folder_commit(&q->folder);
}

static enum err
dry_run(struct quantize *q)
{
	struct plan *plan = plan_create(q->call);
	enum err code;

	plan_model(plan, q->common.engine);
	code = plan_recipe(plan, q->common.engine, &q->recipe);
	plan_write(plan, q->path, q->forecast.output);
	if (!code)
		code = plan_forecast(plan, &q->forecast, &q->common.work);
	return plan_finish(plan, code);
}

static enum err
forecast(struct quantize *q)
{
	struct model_totals totals = model_count(engine_model(q->common.engine));

	q->forecast = forecast_start(q->common.engine);
	forecast_output(&q->forecast, q->path,
			q->dtype == WRITE_FLOAT32 ? totals.elements * 4 : totals.bytes);
	return forecast_recipe(&q->forecast, &q->recipe);
}

static enum err
quantize_run(struct quantize *q)
{
	size_t count = engine_model(q->common.engine)->layer_count;
	enum err code = common_recipe(&q->recipe, q->call, q->common.engine);

	if (!code)
		code = forecast(q);
	if (!code && q->call->options->dry_run)
		return dry_run(q);
	if (!code)
		code = plan_announce(q->call, &q->forecast, &q->common.work);
	q->layers = buf_alloc(count, sizeof(struct layer_result *));
	if (!code && !q->layers)
		code = ERR_NOMEM;
	output_phase(q->call, "quantizing");
	if (!code)
		code = engine_apply(q->layers, q->common.engine, &q->recipe, &q->common.work);
	output_phase(q->call, "hashing the model");
	if (!code)
		code = complete_recipe(q);
	if (!code)
		code = write_folder(q);
	if (code)
		return code;
	warn_effects(q);
	common_warn_experts(q->call, q->common.engine, q->layers);
	return q->call->options->json ? output_json(q->call, build_json(q, q->path))
				      : print_table(q);
}

static enum err
read_arguments(struct quantize *q)
{
	const char *dtype = arguments_value(&q->call->arguments, "--dtype");
	enum err code = OK;

	q->path = arguments_value(&q->call->arguments, "-o");
	q->dtype = WRITE_FLOAT32;
	if (dtype)
		code = write_dtype_parse(&q->dtype, dtype);
	if (code)
		return err_at(ERR_USAGE, NULL, "--dtype", "%s", err_last()->message);
	return output_folder_check(q->path);
}

static enum err
run(struct call *call)
{
	struct quantize *q = buf_alloc(1, sizeof(*q));
	enum err code;

	if (!q)
		return ERR_NOMEM;
	q->call = call;
	code = read_arguments(q);
	if (!code)
		code = common_open(&q->common, call, arguments_value(&call->arguments, "MODEL"));
	if (!code)
		code = quantize_run(q);
	if (q->layers)
		layer_results_free(q->layers, engine_model(q->common.engine)->layer_count);
	output_folder_drop(&q->folder);
	model_files_clear(&q->files);
	buf_free(q->written);
	recipe_clear(&q->recipe);
	common_close(&q->common);
	buf_free(q);
	return code;
}

const struct command command_quantize = {
	.name = "quantize",
	.summary = "quantize a model and write it as a folder",
	.help = "Writes the dequantized weights in the source's own layout, so that every program\n"
		"that reads the model reads the result; float32 by default, which keeps them "
		"exact.\n"
		"Beside them qscope-recipe.json (give it to eval or quantize again) and\n"
		"qscope-report.json. DIR must not exist or be empty; it appears whole or not at "
		"all.\n\n"
		"Example: qscope quantize --method gptq --set bits=4 --set group_size=128 \\\n"
		"             --calibration stories.calibration -o out",
	.args =
		(const struct command_arg[]){
			COMMON_MODEL,
			{ "-o", "DIR", "folder", "the folder to write", true, false },
			{ "--recipe", "FILE", "file", "quantize as this recipe says", false,
			  false },
			COMMON_SETTING,
			COMMON_CALIBRATION,
			{ "--propagated", NULL, NULL,
			  "calibrate each block through the quantized ones", false, false },
			{ "--dtype", "TYPE", NULL, "float32 (default), source, bf16 or f16", false,
			  false },
			{ 0 },
		},
	.run = run,
};
