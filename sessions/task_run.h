#ifndef SESSIONS_TASK_RUN_H
#define SESSIONS_TASK_RUN_H

#include "sessions/engine.h"
#include "sessions/task_file.h"
#include "sessions/task_score.h"

/* A task on the original model and, where there is a subject, on that: the same items, so that they
 * can be compared pair by pair.
 *
 *	code = task_run(&result, engine, task, &setting, &subject, work);
 *	result->current.right of result->items, result->mcnemar_p
 *	task_result_free(result);
 *
 * What a model said is kept on disk, so the original costs once. */
struct task_setting {
	size_t max_tokens;        /* to generate for an item; 0: TASK_TOKENS */
	const char *const *stops; /* (stop_count) end what is generated; none: at a line's end */
	size_t stop_count;
};
enum { TASK_TOKENS = 32 };
struct task_setting task_settle(const struct task_setting *setting); /* defaults filled in */

struct task_answer {                /* to one item */
	size_t chosen, chosen_norm; /* of its choices; SIZE_MAX: the losses are no numbers */
	const double *nll;          /* (choices) nats, or NULL */
	char *text;                 /* what was generated, or NULL */
	struct task_match match;    /* of it */
	bool right, right_norm;     /* right: the chosen one, or an exact match */
};

struct task_score {                                  /* of one model */
	size_t right;                                /* items: by likelihood, or exact matches */
	size_t right_norm;                           /* by likelihood per character of the choice */
	double accuracy, accuracy_norm, f1, rouge_l; /* means over items */
	struct task_interval interval, interval_norm; /* 95 %, of the two accuracies */
	struct task_answer *answers;                  /* (items) */
	double *nll;                                  /* private */
};

struct task_result {
	size_t items, cut; /* cut: items whose prompt was shortened to fit the context */
	struct task_score baseline, current;
	bool has_current;
	size_t gained, lost, gained_norm,
		lost_norm; /* items that only current, baseline had right */
	double mcnemar_p, mcnemar_p_norm;
};

/* `subject` NULL: the baseline alone. */
enum err task_run(struct task_result **out, struct engine *engine, const struct task_file *task,
		  const struct task_setting *setting, const struct subject *subject,
		  const struct work *work);
void task_result_free(struct task_result *result); /* NULL is fine */

#endif
