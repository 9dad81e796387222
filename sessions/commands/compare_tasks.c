#include "sessions/commands/compare_tasks.h"

#include "core/buf.h"
#include "sessions/task_report.h"

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

struct table *
compare_tasks_table(const struct compare_tasks *tasks)
{
	struct table *table = task_report_table(true);

	for (size_t i = 0; table && i < tasks->candidates->count; i++)
		for (size_t t = 0; t < tasks->asked.count; t++)
			task_report_row(table, tasks->candidates->list[i].name,
					tasks->asked.list[t], results_of(tasks, i)[t]);
	return table;
}
