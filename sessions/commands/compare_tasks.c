#include "sessions/commands/compare_tasks.h"

#include "core/buf.h"
#include "sessions/task_report.h"

#include <math.h>

enum err
compare_tasks_open(struct compare_tasks *out, struct call *call)
{
	*out = (struct compare_tasks){ 0 };
	return eval_tasks_open(&out->asked, call);
}

enum err
compare_tasks_room(struct compare_tasks *tasks, const struct contenders *candidates)
{
	tasks->candidates = candidates;
	tasks->results =
		buf_alloc(candidates->count * tasks->asked.count + 1, sizeof(*tasks->results));
	return tasks->results ? OK : ERR_NOMEM;
}

void
compare_tasks_close(struct compare_tasks *tasks)
{
	for (size_t i = 0; tasks->results && i < tasks->candidates->count * tasks->asked.count; i++)
		task_result_free(tasks->results[i]);
	buf_free(tasks->results);
	eval_tasks_close(&tasks->asked);
}

static struct task_result **
results_of(const struct compare_tasks *tasks, size_t candidate)
{
	return tasks->results + candidate * tasks->asked.count;
}

enum err
compare_tasks_run(struct compare_tasks *tasks, struct call *call, struct engine *engine,
		  size_t candidate, const struct subject *subject, const struct work *work)
{
	const struct contender *asked = &tasks->candidates->list[candidate];
	bool baseline = asked->kind == CONTENDER_BASELINE;
	enum err code = OK;

	for (size_t i = 0; i < tasks->asked.count && !code; i++) {
		const struct task_file *task = tasks->asked.list[i];

		output_phase(call, "%s: answering %s", asked->name, task->name);
		code = task_run(&results_of(tasks, candidate)[i], engine, task,
				&tasks->asked.setting, baseline ? NULL : subject, work);
	}
	return code;
}

void
compare_tasks_out(struct json_out *json, const struct compare_tasks *tasks, size_t candidate)
{
	for (size_t i = 0; i < tasks->asked.count; i++)
		task_report_out(json, tasks->asked.list[i], results_of(tasks, candidate)[i],
				&tasks->asked.setting, tasks->asked.detail);
}

static void
row(struct table *table, const char *name, const struct task_file *task,
    const struct task_result *result)
{
	const struct task_score *score = result->has_current ? &result->current : &result->baseline;
	bool choices = task->kind == TASK_CHOICES, now = result->has_current;
	double none = (double)NAN;

	table_cell(table, "%s", name);
	table_cell(table, "%s", task->name);
	table_cell(table, "%zu", result->items);
	table_number(table, 100 * score->accuracy, "%.1f");
	table_number(table, 100 * score->interval.low, "%.1f");
	table_number(table, 100 * score->interval.high, "%.1f");
	table_number(table, choices ? 100 * score->accuracy_norm : none, "%.1f");
	table_number(table, choices ? none : 100 * score->f1, "%.1f");
	table_number(table, choices ? none : 100 * score->rouge_l, "%.1f");
	table_number(table, now ? (double)result->gained : none, "%.0f");
	table_number(table, now ? (double)result->lost : none, "%.0f");
	table_number(table, now ? result->mcnemar_p : none, "%.2g");
}

struct table *
compare_tasks_table(const struct compare_tasks *tasks)
{
	static const char *const heads[] = { "candidate", "task",   "items",   "right %",
					     "low",       "high",   "norm. %", "F1 %",
					     "ROUGE-L %", "gained", "lost",    "McNemar p" };
	struct table *table = table_create(sizeof(heads) / sizeof(heads[0]), heads);

	for (size_t i = 0; table && i < tasks->candidates->count; i++)
		for (size_t t = 0; t < tasks->asked.count; t++)
			row(table, tasks->candidates->list[i].name, tasks->asked.list[t],
			    results_of(tasks, i)[t]);
	return table;
}
