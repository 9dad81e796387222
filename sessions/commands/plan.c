#include "sessions/commands/plan.h"

#include "core/buf.h"
#include "sessions/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { STEPS_MAX = 4096, STEP = 600 };

struct step {
	const char *kind; /* "read", "compute", "write" */
	char what[STEP];
	uint64_t bytes;
};

struct plan {
	struct call *call;
	struct step *steps;
	size_t count, capacity;
	bool failed, has_forecast;
	struct forecast forecast;
};

struct plan *
plan_create(struct call *call)
{
	struct plan *plan = buf_alloc(1, sizeof(*plan));

	if (plan)
		plan->call = call;
	return plan;
}

static void
add(struct plan *plan, const char *kind, const char *what, uint64_t bytes)
{
	struct step *step;

	if (!plan || plan->count == STEPS_MAX)
		return;
	if (buf_grow(&plan->steps, &plan->capacity, plan->count + 1, sizeof(*plan->steps))) {
		plan->failed = true;
		return;
	}
	step = &plan->steps[plan->count++];
	step->kind = kind;
	step->bytes = bytes;
	snprintf(step->what, sizeof(step->what), "%s", what);
}

void
plan_read(struct plan *plan, const char *path, uint64_t bytes)
{
	add(plan, "read", path, bytes);
}

void
plan_write(struct plan *plan, const char *path, uint64_t bytes)
{
	add(plan, "write", path, bytes);
}

void
plan_compute(struct plan *plan, const char *fmt, ...)
{
	char what[STEP];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	add(plan, "compute", what, 0);
}

void
plan_model(struct plan *plan, const struct engine *engine)
{
	plan_read(plan, engine_model(engine)->path, model_count(engine_model(engine)).bytes);
}

enum err
plan_calibration(struct plan *plan, struct engine *engine,
		 const struct calibration_setting *calibration)
{
	const struct corpus *corpus;
	enum err code;

	if (!calibration->text[0])
		return OK;
	code = engine_corpus(&corpus, engine, calibration->text, calibration->field);
	if (code)
		return code;
	plan_read(plan, corpus->path, corpus->bytes);
	plan_compute(plan, "calibrate on %s: at most %zu windows of %zu tokens", calibration->text,
		     calibration->sequences, calibration->length);
	return OK;
}

enum err
plan_recipe(struct plan *plan, struct engine *engine, const struct recipe *recipe)
{
	const struct model *model = engine_model(engine);
	struct layer_setting *settings = buf_alloc(model->layer_count, sizeof(*settings));
	int *because = buf_alloc(model->layer_count, sizeof(*because));
	enum err code = settings && because ? OK : ERR_NOMEM;
	char text[512];

	if (!code)
		code = plan_calibration(plan, engine, &recipe->calibration);
	if (!code)
		code = engine_plan(settings, because, engine, recipe);
	for (size_t i = 0; i < model->layer_count && !code; i++) {
		recipe_describe(text, sizeof(text), &settings[i]);
		plan_compute(plan, "%s: %s%s%s", model->layers[i].name, text,
			     because[i] < 0 ? "" : ", with its input group, set on ",
			     because[i] < 0 ? "" : model->layers[because[i]].name);
		if (settings[i].method)
			code = common_check(&settings[i], engine, (int)i);
	}
	buf_free(settings);
	buf_free(because);
	return code;
}

/* ---------------------------------------------------------------------------- what it takes */

enum err
plan_forecast(struct plan *plan, const struct forecast *forecast, const struct work *work)
{
	struct forecast_rates rates;
	enum err code;

	if (!plan)
		return OK;
	plan->forecast = *forecast;
	plan->has_forecast = true;
	code = forecast_measure(&rates, forecast, work);
	plan->call->expected = forecast_seconds(forecast, &rates);
	plan->call->rate = rates.operations;
	return code;
}

static void
say(void *ctx, const char *line)
{
	output_narrate(ctx, "plan: %s", line);
}

enum err
plan_announce(struct call *call, const struct forecast *forecast, const struct work *work)
{
	struct forecast_rates rates;
	enum err code = forecast_check(forecast);

	if (code || !engine_is_large(forecast->engine) ||
	    (forecast->operations <= 0 && !forecast->parked && !forecast->output))
		return code;
	code = forecast_measure(&rates, forecast, work);
	if (!code)
		forecast_say(forecast, &rates, say, call);
	return code;
}

enum err
plan_announce_layer(struct call *call, struct common *common, int layer,
		    const struct layer_setting *setting,
		    const struct calibration_setting *calibration)
{
	struct forecast forecast = forecast_start(common->engine);
	enum err code = forecast_layer(&forecast, layer, setting, calibration);

	return code ? code : plan_announce(call, &forecast, &common->work);
}

enum err
plan_announce_recipe(struct call *call, struct common *common, const struct recipe *recipe)
{
	struct forecast forecast = forecast_start(common->engine);
	enum err code = forecast_recipe(&forecast, recipe);

	return code ? code : plan_announce(call, &forecast, &common->work);
}

/* -------------------------------------------------------------------------------- printing */

static void
list_out(struct json_out *json, const char *key, const struct plan *plan, const char *kind)
{
	bool sized = strcmp(kind, "compute") != 0;

	json_out_array(json, key);
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		if (strcmp(step->kind, kind))
			continue;
		if (!sized) {
			json_out_text(json, NULL, step->what);
			continue;
		}
		json_out_object(json, NULL);
		json_out_text(json, "path", step->what);
		json_out_count(json, "bytes", step->bytes);
		json_out_end(json);
	}
	json_out_end(json);
}

static void
forecast_out(struct json_out *json, const struct plan *plan)
{
	const struct forecast *f = &plan->forecast;

	if (!plan->has_forecast) {
		json_out_null(json, "estimate");
		return;
	}
	json_out_object(json, "estimate");
	json_out_number(json, "operations", f->operations);
	json_out_count(json, "read_bytes", f->read);
	json_out_count(json, "memory_bytes", f->memory);
	json_out_count(json, "memory_limit", engine_memory(f->engine));
	json_out_count(json, "kept_bytes", f->kept);
	json_out_count(json, "spilled_bytes", f->spilled + f->parked);
	json_out_count(json, "output_bytes", f->output);
	json_out_end(json);
}

static void
forecast_rows(struct table *table, const struct plan *plan)
{
	const struct forecast *f = &plan->forecast;
	const struct {
		uint64_t bytes;
		const char *what;
	} rows[] = { { f->read, "of the checkpoint, as often as it is read" },
		     { f->memory, "of memory at once, at the least" },
		     { f->kept, "of results kept on disk" },
		     { f->spilled + f->parked, "on disk in passing" } };
	char bytes[32], time[32];

	for (size_t i = 0; plan->has_forecast && i < sizeof(rows) / sizeof(rows[0]); i++) {
		table_cell(table, "take");
		table_cell(table, "%s", rows[i].bytes ? common_count(bytes, rows[i].bytes) : "-");
		table_cell(table, "%s", rows[i].what);
	}
	if (!plan->has_forecast)
		return;
	table_cell(table, "take");
	table_cell(table, "-");
	table_cell(table, "%s: %.3g TFLOP at %.3g GFLOP/s, and the disk",
		   forecast_time(time, plan->call->expected), f->operations / 1e12,
		   plan->call->rate / 1e9);
}

static enum err
print(struct plan *plan)
{
	static const char *const heads[] = { "step", "bytes", "what" };
	struct json_out *json;
	struct table *table;
	char bytes[32];

	if (plan->call->options->json) {
		json = json_out_start("qscope.plan/1");
		json_out_text(json, "command", plan->call->command->name);
		list_out(json, "reads", plan, "read");
		list_out(json, "computes", plan, "compute");
		list_out(json, "writes", plan, "write");
		forecast_out(json, plan);
		return output_json(plan->call, json);
	}
	table = table_create(3, heads);
	for (size_t i = 0; i < plan->count; i++) {
		table_cell(table, "%s", plan->steps[i].kind);
		table_cell(table, "%s",
			   plan->steps[i].bytes ? common_count(bytes, plan->steps[i].bytes) : "-");
		table_cell(table, "%s", plan->steps[i].what);
	}
	forecast_rows(table, plan);
	return output_table(plan->call, table);
}

enum err
plan_finish(struct plan *plan, enum err code)
{
	if (!code && (!plan || plan->failed))
		code = err_set(ERR_NOMEM, "no memory for the plan; close other programs");
	if (!code)
		code = print(plan);
	if (plan)
		buf_free(plan->steps);
	buf_free(plan);
	return code;
}
