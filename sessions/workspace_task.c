/* Goals as jobs: what each runs on the driver's thread. */
#include "core/buf.h"
#include "sessions/forecast.h"
#include "sessions/workspace_private.h"

#include <stdio.h>
#include <string.h>

/* Jobs start before there is an engine, so its pool comes in here. */
static struct work
with_pool(const struct work *work, struct engine *engine)
{
	struct work out = *work;

	out.pool = engine ? engine_pool(engine) : NULL;
	return out;
}

static enum err
run_open(struct job *job, const struct work *work)
{
	struct task *task = (struct task *)job;
	struct engine_options options = { .model = task->path[0] ? task->path : NULL,
					  .threads = task->workspace->options.threads,
					  .memory = task->workspace->options.memory,
					  .no_cache = task->workspace->options.no_cache };

	(void)work;
	return engine_open(&task->opened, &options);
}

static enum err
run_calibrate(struct job *job, const struct work *given)
{
	struct task *task = (struct task *)job;
	struct work work = with_pool(given, task->engine);

	return engine_calibrate(task->engine, &task->recipe.calibration, &work);
}

static enum err
run_quantize(struct job *job, const struct work *given)
{
	struct task *task = (struct task *)job;
	struct work work = with_pool(given, task->engine);
	enum err code;

	if (task->has_forget)
		engine_forget(task->engine, task->forget);
	if (task->growth)
		growth_prepare(task->growth, engine_model(task->engine), task->goal.layer);
	code = engine_quantize(&task->result, task->engine, task->goal.layer, &task->setting,
			       &task->recipe.calibration, &work);
	return code ? code : engine_park(&task->result, task->engine, &work);
}

static enum err
run_apply(struct job *job, const struct work *given)
{
	struct task *task = (struct task *)job;
	struct work work = with_pool(given, task->engine);

	return engine_apply(task->results, task->engine, &task->recipe, &work);
}

static enum err
run_evaluate(struct job *job, const struct work *given)
{
	struct task *task = (struct task *)job;
	struct work work = with_pool(given, task->engine);
	enum err code = engine_eval_shape(&task->shape, task->engine, &task->eval);
	const struct corpus *corpus;

	if (!code)
		code = engine_corpus(&corpus, task->engine, task->eval.text, task->eval.field);
	if (code)
		return code;
	snprintf(task->sha256, sizeof(task->sha256), "%s", corpus->sha256);
	return engine_evaluate(&task->evaluation, task->engine, &task->eval, task->results, &work);
}

static void
say_forecast(void *ctx, const char *line)
{
	outlet_add(ctx, LOG_NOTE, line, strlen(line));
}

/* Every layer of the recipe and every text that can be evaluated. */
static enum err
run_forecast(struct job *job, const struct work *given)
{
	struct task *task = (struct task *)job;
	struct work work = with_pool(given, task->engine);
	struct forecast forecast = forecast_start(task->engine);
	struct forecast_rates rates;
	enum err code = forecast_recipe(&forecast, &task->recipe);

	for (size_t i = 0; i < task->text_count && !code; i++) {
		task->eval.text = task->texts[i];
		/* A text that does not suit the model says so when it is evaluated. */
		(void)forecast_evaluation(&forecast, &task->eval, true);
	}
	if (!code)
		code = forecast_check(&forecast);
	if (!code)
		code = forecast_measure(&rates, &forecast, &work);
	if (code)
		return code;
	forecast_say(&forecast, &rates, say_forecast, task->workspace);
	task->seconds = forecast_seconds(&forecast, &rates);
	return OK;
}

static enum err
run_hash(struct job *job, const struct work *work)
{
	struct task *task = (struct task *)job;

	return model_sha256(task->sha256, engine_model(task->engine), work);
}

/* ------------------------------------------------------------------------ commands */

static void
sink_data(void *ctx, const char *bytes, size_t length)
{
	outlet_add(ctx, LOG_DATA, bytes, length);
}

static void
sink_narrate(void *ctx, const char *line)
{
	outlet_add(ctx, LOG_NOTE, line, strlen(line));
}

static enum err
run_command(struct job *job, const struct work *given)
{
	struct task *task = (struct task *)job;
	struct work work = with_pool(given, task->engine);
	struct sink sink = { .data = sink_data, .narrate = sink_narrate, .ctx = task->workspace };
	struct options options = { 0 };
	struct call call = { .command = task->command.command,
			     .options = &options,
			     .argc = task->command.argc,
			     .argv = task->command.argv,
			     .sink = &sink,
			     .engine = task->engine,
			     .work = &work };
	enum err code = options_take(&options, &call.argc, task->command.argv);

	options.no_cache |= task->workspace->options.no_cache;
	if (!options.threads)
		options.threads = task->workspace->options.threads;
	if (!options.memory)
		options.memory = task->workspace->options.memory;
	return code ? code : command_execute(&call);
}

void
pending_free(struct pending_command *command)
{
	for (int i = 0; i < command->argc; i++)
		buf_free(command->argv[i]);
	buf_free(command->argv);
	memset(command, 0, sizeof(*command));
}

/* ------------------------------------------------------------------------ making them */

static const struct {
	enum err (*run)(struct job *job, const struct work *work);
	bool recipe, results; /* what it needs of the workspace */
} kinds[] = {
	[GOAL_OPEN] = { run_open, false, false },
	[GOAL_COMMAND] = { run_command, false, false },
	[GOAL_FORECAST] = { run_forecast, true, false },
	[GOAL_CALIBRATE] = { run_calibrate, true, false },
	[GOAL_QUANTIZE] = { run_quantize, true, false },
	[GOAL_APPLY] = { run_apply, true, true },
	[GOAL_EVALUATE] = { run_evaluate, false, true },
	[GOAL_HASH] = { run_hash, false, false },
};

void
task_title(char *out, size_t capacity, const struct workspace *workspace, const struct goal *goal)
{
	const struct model *model = workspace->engine ? engine_model(workspace->engine) : NULL;

	switch (goal->kind) {
	case GOAL_OPEN:
		snprintf(out, capacity, "open %s",
			 workspace->wanted[0] ? workspace->wanted : "the shipped model");
		break;
	case GOAL_COMMAND:
		snprintf(out, capacity, "%s",
			 workspace->command_count ? workspace->commands[0].command->name
						  : "command");
		break;
	case GOAL_CALIBRATE:
		snprintf(out, capacity, "calibrate %s",
			 workspace_recipe(workspace)->calibration.text);
		break;
	case GOAL_QUANTIZE:
		snprintf(out, capacity, "%s %s",
			 workspace->layers[goal->layer].setting.method->name,
			 model->layers[goal->layer].name);
		break;
	case GOAL_APPLY:
		snprintf(out, capacity, "quantize every layer in order");
		break;
	case GOAL_EVALUATE:
		snprintf(out, capacity, "evaluate %s", workspace->texts[goal->text].state.name);
		break;
	case GOAL_FORECAST:
		snprintf(out, capacity, "estimate what all of it takes");
		break;
	case GOAL_HASH:
		snprintf(out, capacity, "hash the model");
		break;
	}
}

static enum err
take_results(struct task *task, struct workspace *workspace)
{
	task->result_count = workspace->layer_count;
	task->results = buf_alloc(workspace->layer_count, sizeof(*task->results));
	if (!task->results)
		return ERR_NOMEM;
	for (size_t i = 0; task->goal.kind == GOAL_EVALUATE && i < task->result_count; i++)
		task->results[i] = layer_result_ref(workspace->layers[i].result);
	return OK;
}

static enum err
take_texts(struct task *task, const struct workspace *workspace)
{
	task->texts = buf_alloc(workspace->text_count, sizeof(*task->texts));
	if (!task->texts)
		return ERR_NOMEM;
	task->text_count = workspace->text_count;
	for (size_t i = 0; i < task->text_count; i++)
		snprintf(task->texts[i], sizeof(task->texts[i]), "%s",
			 workspace->texts[i].state.name);
	task->eval = workspace->protocol;
	return OK;
}

/* What is special to a kind. */
static enum err
fill(struct task *task, struct workspace *workspace)
{
	const struct goal *goal = &task->goal;

	switch (goal->kind) {
	case GOAL_OPEN:
		snprintf(task->path, sizeof(task->path), "%s", workspace->wanted);
		return OK;
	case GOAL_COMMAND:
		task->command = workspace->commands[0];
		memmove(workspace->commands, workspace->commands + 1,
			--workspace->command_count * sizeof(*workspace->commands));
		return OK;
	case GOAL_FORECAST:
		return take_texts(task, workspace);
	case GOAL_CALIBRATE:
		task->key = plan_calibration_key(workspace);
		return OK;
	case GOAL_QUANTIZE:
		task->key = workspace->layers[goal->layer].key;
		task->setting = workspace->layers[goal->layer].setting;
		task->job.key = (uint64_t)goal->layer + 1;
		task->has_forget = workspace->layers[goal->layer].has_forget;
		task->forget = workspace->layers[goal->layer].forget;
		workspace->layers[goal->layer].has_forget = false;
		if (goal->layer != workspace->selected)
			return OK;
		task->job.publish = growth_publish;
		return growth_create(&task->growth, workspace, goal->layer);
	case GOAL_APPLY:
		task->key = workspace->layers[0].key;
		return OK;
	case GOAL_EVALUATE:
		task->key = plan_text_key(workspace, goal->text);
		snprintf(task->text, sizeof(task->text), "%s",
			 workspace->texts[goal->text].state.name);
		task->eval = workspace->protocol;
		task->eval.text = task->text;
		return OK;
	default:
		return OK;
	}
}

struct task *
task_create(struct workspace *workspace, const struct goal *goal)
{
	struct task *task = buf_alloc(1, sizeof(*task));
	enum err code = OK;

	if (!task)
		return NULL;
	task->goal = *goal;
	task->workspace = workspace;
	task->engine = workspace->engine;
	task_title(task->title, sizeof(task->title), workspace, goal);
	task->job.run = kinds[goal->kind].run;
	task->job.arg = task;
	task->job.title = task->title;
	recipe_init(&task->recipe);
	if (kinds[goal->kind].recipe)
		code = recipe_copy(&task->recipe, workspace_recipe(workspace));
	if (!code && kinds[goal->kind].results)
		code = take_results(task, workspace);
	if (!code)
		code = fill(task, workspace);
	if (code) {
		task_free(task);
		return NULL;
	}
	return task;
}

void
task_free(struct task *task)
{
	if (!task)
		return;
	layer_results_free(task->results, task->result_count);
	layer_result_unref(task->result);
	engine_free(task->opened);
	recipe_clear(&task->recipe);
	growth_free(task->growth);
	buf_free(task->texts);
	pending_free(&task->command);
	buf_free(task);
}
