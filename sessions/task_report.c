#include "sessions/task_report.h"

#include <math.h>

static const struct task_score *
now(const struct task_result *result)
{
	return result->has_current ? &result->current : &result->baseline;
}

static void
share_out(struct json_out *json, const char *const keys[3], bool there, double share,
	  struct task_interval interval)
{
	json_out_number(json, keys[0], there ? share : (double)NAN);
	json_out_number(json, keys[1], there ? interval.low : (double)NAN);
	json_out_number(json, keys[2], there ? interval.high : (double)NAN);
}

static void
score_out(struct json_out *json, const struct task_file *task, const struct task_score *score)
{
	static const char *const plain[] = { "accuracy", "accuracy_low", "accuracy_high" };
	static const char *const norm[] = { "accuracy_norm", "accuracy_norm_low",
					    "accuracy_norm_high" };
	bool choices = task->kind == TASK_CHOICES;
	double none = (double)NAN;

	share_out(json, plain, true, score->accuracy, score->interval);
	share_out(json, norm, choices, score->accuracy_norm, score->interval_norm);
	json_out_number(json, "exact_match", choices ? none : score->accuracy);
	json_out_number(json, "f1", choices ? none : score->f1);
	json_out_number(json, "rouge_l", choices ? none : score->rouge_l);
}

/* ------------------------------------------------------------------------------- answers */

static void
chosen_out(struct json_out *json, const char *key, size_t chosen)
{
	if (chosen == SIZE_MAX)
		json_out_null(json, key);
	else
		json_out_count(json, key, chosen);
}

static void
answer_out(struct json_out *json, const struct task_item *item, const struct task_answer *answer)
{
	json_out_bool(json, "right", answer->right);
	if (!item->choice_count) {
		json_out_text(json, "text", answer->text);
		json_out_number(json, "f1", answer->match.f1);
		json_out_number(json, "rouge_l", answer->match.rouge_l);
		return;
	}
	json_out_bool(json, "right_norm", answer->right_norm);
	chosen_out(json, "chosen", answer->chosen);
	chosen_out(json, "chosen_norm", answer->chosen_norm);
	json_out_array(json, "nll");
	for (size_t i = 0; i < item->choice_count; i++)
		json_out_number(json, NULL, answer->nll[i]);
	json_out_end(json);
}

static void
answers_out(struct json_out *json, const struct task_file *task, const struct task_result *result)
{
	json_out_array(json, "answers");
	for (size_t i = 0; i < result->items; i++) {
		json_out_object(json, NULL);
		json_out_count(json, "line", task->items[i].line);
		answer_out(json, &task->items[i], &now(result)->answers[i]);
		if (result->has_current) {
			json_out_object(json, "baseline");
			answer_out(json, &task->items[i], &result->baseline.answers[i]);
			json_out_end(json);
		}
		json_out_end(json);
	}
	json_out_end(json);
}

/* ------------------------------------------------------------------------------- objects */

/* Against the baseline, or nulls. */
static void
pairs_out(struct json_out *json, const struct task_file *task, const struct task_result *result)
{
	double none = (double)NAN;
	bool there = result->has_current, norm = there && task->kind == TASK_CHOICES;

	if (there) {
		json_out_object(json, "baseline");
		score_out(json, task, &result->baseline);
		json_out_end(json);
		json_out_count(json, "gained", result->gained);
		json_out_count(json, "lost", result->lost);
	} else {
		json_out_null(json, "baseline");
		json_out_null(json, "gained");
		json_out_null(json, "lost");
	}
	json_out_number(json, "mcnemar_p", there ? result->mcnemar_p : none);
	json_out_number(json, "mcnemar_p_norm", norm ? result->mcnemar_p_norm : none);
}

static void
setting_out(struct json_out *json, const struct task_file *task, const struct task_setting *setting)
{
	if (task->kind == TASK_CHOICES) {
		json_out_null(json, "max_tokens");
		json_out_null(json, "stops");
		return;
	}
	json_out_count(json, "max_tokens", setting->max_tokens);
	json_out_array(json, "stops");
	for (size_t i = 0; i < setting->stop_count; i++)
		json_out_text(json, NULL, setting->stops[i]);
	json_out_end(json);
}

void
task_report_out(struct json_out *json, const struct task_file *task,
		const struct task_result *result, const struct task_setting *setting, bool answers)
{
	const struct task_setting settled = task_settle(setting);

	json_out_object(json, NULL);
	json_out_text(json, "name", task->name);
	json_out_text(json, "kind", task_file_kind_name(task->kind));
	json_out_text(json, "sha256", task->sha256);
	json_out_count(json, "items", result->items);
	json_out_count(json, "cut", result->cut);
	setting_out(json, task, &settled);
	score_out(json, task, now(result));
	pairs_out(json, task, result);
	if (answers)
		answers_out(json, task, result);
	json_out_end(json);
}

/* --------------------------------------------------------------------------------- table */

struct table *
task_report_table(bool named)
{
	static const char *const heads[] = { "candidate", "task",     "items",          "right %",
					     "low",       "high",     "norm. %",        "F1 %",
					     "ROUGE-L %", "before %", "norm. before %", "gained",
					     "lost",      "McNemar p" };
	size_t without = named ? 0 : 1;

	return table_create(sizeof(heads) / sizeof(heads[0]) - without, heads + without);
}

void
task_report_row(struct table *table, const char *name, const struct task_file *task,
		const struct task_result *result)
{
	const struct task_score *score = now(result), *before = &result->baseline;
	bool choices = task->kind == TASK_CHOICES, pairs = result->has_current;
	double none = (double)NAN;

	if (name)
		table_cell(table, "%s", name);
	table_cell(table, "%s", task->name);
	table_cell(table, "%zu", result->items);
	table_number(table, 100 * score->accuracy, "%.1f");
	table_number(table, 100 * score->interval.low, "%.1f");
	table_number(table, 100 * score->interval.high, "%.1f");
	table_number(table, choices ? 100 * score->accuracy_norm : none, "%.1f");
	table_number(table, choices ? none : 100 * score->f1, "%.1f");
	table_number(table, choices ? none : 100 * score->rouge_l, "%.1f");
	table_number(table, pairs ? 100 * before->accuracy : none, "%.1f");
	table_number(table, pairs && choices ? 100 * before->accuracy_norm : none, "%.1f");
	table_number(table, pairs ? (double)result->gained : none, "%.0f");
	table_number(table, pairs ? (double)result->lost : none, "%.0f");
	table_number(table, pairs ? result->mcnemar_p : none, "%.2g");
}
