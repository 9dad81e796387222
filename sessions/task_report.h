#ifndef SESSIONS_TASK_REPORT_H
#define SESSIONS_TASK_REPORT_H

#include "sessions/json_out.h"
#include "sessions/output.h"
#include "sessions/task_run.h"

/* What came of a task, as an element of "tasks" in qscope.eval/1 and as a row of a table. The
 * figures stand for the model as it was asked about: quantized where there were results, with those
 * of the original under "baseline". */

/* `answers`: every item's too. */
void task_report_out(struct json_out *json, const struct task_file *task,
		     const struct task_result *result, const struct task_setting *setting,
		     bool answers);

/* A table whose rows begin with a name, of a candidate, or not: `named`, `name` NULL. */
struct table *task_report_table(bool named);
void task_report_row(struct table *table, const char *name, const struct task_file *task,
		     const struct task_result *result);

#endif
