#ifndef SESSIONS_SHIPPED_H
#define SESSIONS_SHIPPED_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

/* The model and the texts that come with qscope: below QSCOPE_MODELS, else beside the program in a
 * build tree or an installation. Looked for once. */
enum err shipped_model(const char **out); /* path; ERR_IO says where it was looked for */

struct shipped_text {
	const char *name;   /* "stories.calibration" */
	const char *domain; /* "stories" */
	const char *path;
	bool evaluation;
	bool trained; /* the shipped model was trained on its domain; others stay out of every mean
		       */
};

/* Taken where a text is needed and none is named. */
#define SHIPPED_CALIBRATION "stories.calibration"
#define SHIPPED_EVALUATION  "stories.evaluation"

/* In the order shown: the calibration text of a domain, then its evaluation text. Those not on the
 * disk are left out. Borrowed. */
const struct shipped_text *shipped_texts(size_t *count);

/* The path of a shipped text, or NULL: no such name. */
const char *shipped_text_path(const char *name);

/* Tasks, one for each domain: models/tasks/DOMAIN.jsonl. */
struct shipped_task {
	const char *name; /* "stories.task" */
	const char *domain, *path;
};
const struct shipped_task *shipped_tasks(size_t *count); /* in the order of the texts */
const char *shipped_task_path(const char *name);         /* NULL: no such name */

/* Whether a figure on this text belongs into a mean: all do but shipped ones of untrained domains.
 */
bool shipped_text_counts(const char *name);

/* The evaluation text names, ends with NULL; *count may be NULL. */
const char *const *shipped_evaluation_texts(size_t *count);

#endif
