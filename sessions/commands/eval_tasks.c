#include "sessions/commands/eval_tasks.h"

#include "core/buf.h"
#include "sessions/task_report.h"
#include "sessions/task_tokens.h"

#include <string.h>

/* "\n" to a line's end; *out is the caller's. */
static enum err
unescape(char **out, const char *text)
{
	static const char from[] = "nt\\", to[] = "\n\t\\";
	char *at = buf_strdup(text);

	if (!(*out = at))
		return ERR_NOMEM;
	for (; *text; text++) {
		const char *found = *text == '\\' && text[1] ? strchr(from, text[1]) : NULL;

		text += found != NULL;
		*at++ = found ? to[found - from] : *text;
	}
	*at = '\0';
	return OK;
}

static enum err
read_setting(struct eval_tasks *out, const struct arguments *arguments)
{
	uint64_t tokens = 0;
	size_t at = 0;
	const char *stop;
	enum err code = arguments_count(&tokens, arguments, "--max-tokens", 1, 1 << 20);

	out->setting.max_tokens = (size_t)tokens;
	out->detail = arguments_value(arguments, "--detail") != NULL;
	while (!code && (stop = arguments_next(arguments, "--stop", &at))) {
		if (!stop[0] || out->setting.stop_count == EVAL_STOPS_MAX)
			return err_at(ERR_USAGE, NULL, "--stop", "%s",
				      stop[0] ? "more than 16 of them"
					      : "is empty, and everything would end there");
		code = unescape(&out->stops[out->setting.stop_count], stop);
		if (!code)
			out->setting.stop_count++;
	}
	out->setting.stops = (const char *const *)out->stops;
	return code;
}

static enum err
open_task(struct eval_tasks *out, struct call *call, const char *name)
{
	struct task_file *task;
	enum err code = task_file_open(&task, name);

	if (code)
		return code;
	if (task->unread)
		output_narrate(call,
			       "%s: \"%s\" and the like are not read; an item has prompt, "
			       "choices and answer",
			       task->path, task->unread);
	out->list[out->count++] = task;
	return OK;
}

enum err
eval_tasks_open(struct eval_tasks *out, struct call *call)
{
	const struct arguments *arguments = &call->arguments;
	size_t at = 0, n = 0;
	const char *name;
	enum err code;

	*out = (struct eval_tasks){ 0 };
	if ((code = read_setting(out, arguments)))
		return code;
	while (arguments_next(arguments, "--task", &at))
		n++;
	if (!n && (out->setting.stop_count || out->setting.max_tokens))
		return err_at(ERR_USAGE, NULL, out->setting.stop_count ? "--stop" : "--max-tokens",
			      "is about tasks; add --task");
	out->list = buf_alloc(n + 1, sizeof(*out->list));
	out->results = buf_alloc(n + 1, sizeof(*out->results));
	if (!out->list || !out->results)
		return ERR_NOMEM;
	for (at = 0; !code && (name = arguments_next(arguments, "--task", &at));)
		code = open_task(out, call, name);
	return code;
}

void
eval_tasks_close(struct eval_tasks *tasks)
{
	for (size_t i = 0; i < tasks->count; i++) {
		task_result_free(tasks->results[i]);
		task_file_free(tasks->list[i]);
	}
	for (size_t i = 0; i < EVAL_STOPS_MAX; i++)
		buf_free(tasks->stops[i]);
	buf_free(tasks->list);
	buf_free(tasks->results);
	*tasks = (struct eval_tasks){ 0 };
}

/* ------------------------------------------------------------------------------ forecast */

static enum err
forecast_task(struct forecast *forecast, const struct task_file *task,
	      const struct task_setting *setting, bool quantized)
{
	struct task_tokens tokens;
	size_t passed = 0, scored = 0;
	enum err code = task_tokens_open(&tokens, task, forecast->engine, setting->max_tokens);

	if (code)
		return code;
	for (size_t i = 0; i < tokens.count; i++) {
		const struct likelihood_item *item = &tokens.items[i];

		passed += item->prompt.count;
		for (size_t c = 0; c < item->choice_count; c++)
			scored += item->choices[c].count;
	}
	if (task->kind == TASK_GENERATE)
		scored = tokens.count * setting->max_tokens;
	forecast_tokens(forecast, passed + scored, scored, quantized);
	task_tokens_close(&tokens);
	return OK;
}

enum err
eval_tasks_forecast(const struct eval_tasks *tasks, struct forecast *forecast, bool quantized)
{
	const struct task_setting setting = task_settle(&tasks->setting);
	enum err code = OK;

	for (size_t i = 0; i < tasks->count && !code; i++)
		code = forecast_task(forecast, tasks->list[i], &setting, quantized);
	return code;
}

void
eval_tasks_plan(const struct eval_tasks *tasks, struct plan *plan)
{
	for (size_t i = 0; i < tasks->count; i++) {
		const struct task_file *task = tasks->list[i];

		plan_read(plan, task->path, task->bytes);
		plan_compute(plan, "answer the %zu items of %s", task->count, task->name);
	}
}

/* ----------------------------------------------------------------------------------- run */

enum err
eval_tasks_run(struct eval_tasks *tasks, struct call *call, struct common *common,
	       struct layer_result *const *layers)
{
	const struct subject subject = { .results = layers };
	enum err code = OK;

	for (size_t i = 0; i < tasks->count && !code; i++) {
		const struct task_file *task = tasks->list[i];

		output_phase(call, "answering %s (%zu of %zu)", task->name, i + 1, tasks->count);
		code = task_run(&tasks->results[i], common->engine, task, &tasks->setting,
				layers ? &subject : NULL, &common->work);
		if (!code && tasks->results[i]->cut)
			output_narrate(call,
				       "%s: %zu items are longer than the model's context; their "
				       "prompts lost tokens at the start",
				       task->name, tasks->results[i]->cut);
	}
	return code;
}

void
eval_tasks_out(struct json_out *json, const struct eval_tasks *tasks)
{
	json_out_array(json, "tasks");
	for (size_t i = 0; i < tasks->count; i++)
		task_report_out(json, tasks->list[i], tasks->results[i], &tasks->setting,
				tasks->detail);
	json_out_end(json);
}

enum err
eval_tasks_print(struct call *call, const struct eval_tasks *tasks)
{
	struct table *table;

	if (!tasks->count)
		return OK;
	table = task_report_table(false);
	for (size_t i = 0; i < tasks->count; i++)
		task_report_row(table, NULL, tasks->list[i], tasks->results[i]);
	return output_table(call, table);
}
