#ifndef SESSIONS_COMMANDS_COMPARE_TASKS_H
#define SESSIONS_COMMANDS_COMPARE_TASKS_H

#include "sessions/commands/eval_tasks.h"
#include "sessions/comparison.h"

/* The tasks that every candidate of a comparison answers. */
struct compare_tasks {
	struct eval_tasks asked;
	const struct contenders *candidates;
	struct task_result **results; /* (candidates->count, asked.count) */
};

/* Files are opened first; results have room once the candidates are known. */
enum err compare_tasks_open(struct compare_tasks *out, struct call *call);
enum err compare_tasks_room(struct compare_tasks *tasks, const struct contenders *candidates);
void compare_tasks_close(struct compare_tasks *tasks);

/* For comparison_hooks. */
enum err compare_tasks_run(struct compare_tasks *tasks, struct call *call, struct engine *engine,
			   size_t candidate, const struct subject *subject,
			   const struct work *work);
void compare_tasks_out(struct json_out *json, const struct compare_tasks *tasks, size_t candidate);

/* A row for each candidate and task; NULL: no memory. */
struct table *compare_tasks_table(const struct compare_tasks *tasks);

#endif
