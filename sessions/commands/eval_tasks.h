#ifndef SESSIONS_COMMANDS_EVAL_TASKS_H
#define SESSIONS_COMMANDS_EVAL_TASKS_H

#include "sessions/commands/plan.h"
#include "sessions/task_run.h"

/* The tasks of a command that takes --task, --max-tokens, --stop and --detail. */
enum { EVAL_STOPS_MAX = 16 };

struct eval_tasks {
	struct task_file **list;      /* (count) */
	struct task_result **results; /* (count) once they have run */
	size_t count;
	struct task_setting setting;
	char *stops[EVAL_STOPS_MAX];
	bool detail;
};

/* Opens every file, and tells once for each of keys that are left unread. */
enum err eval_tasks_open(struct eval_tasks *out, struct call *call);
void eval_tasks_close(struct eval_tasks *tasks);

/* Reads every item as the model will: what it refuses is refused before anything is quantized. */
enum err eval_tasks_forecast(const struct eval_tasks *tasks, struct forecast *forecast,
			     bool quantized);
void eval_tasks_plan(const struct eval_tasks *tasks, struct plan *plan);

/* `layers` NULL: the baseline alone. */
enum err eval_tasks_run(struct eval_tasks *tasks, struct call *call, struct common *common,
			struct layer_result *const *layers);

void eval_tasks_out(struct json_out *json, const struct eval_tasks *tasks); /* "tasks":[...] */
enum err eval_tasks_print(struct call *call, const struct eval_tasks *tasks);

#define EVAL_TASKS_ARGUMENTS                                                                  \
	{ "--task", "FILE",                                                                   \
	  "task",   "questions to answer: a shipped name (arithmetic.task) or a .jsonl file", \
	  false,    true },                                                                   \
		{ "--max-tokens",                                                             \
		  "N",                                                                        \
		  NULL,                                                                       \
		  "generate at most N tokens for an item without choices (default 32)",       \
		  false,                                                                      \
		  false },                                                                    \
	{                                                                                     \
		"--stop", "TEXT", NULL,                                                       \
			"end what is generated at TEXT, which may hold \\n, \\t and \\\\ "    \
			"(default: \\n)",                                                     \
			false, true                                                           \
	}

#endif
