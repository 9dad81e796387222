#ifndef SESSIONS_COMPARISON_REPORT_H
#define SESSIONS_COMPARISON_REPORT_H

#include "sessions/comparison.h"
#include "sessions/json_out.h"
#include "sessions/output.h"
#include "sessions/picture.h"

/* A comparison that has run, for programs and for people. */

/* texts, candidates, pairs and pareto of qscope.compare/1. */
enum err comparison_json(struct json_out *json, const struct comparison *comparison,
			 const struct comparison_hooks *hooks);

/* A row for each candidate; the figures are means over the texts that count. `plain`: numbers in
 * full, for programs. NULL: no memory. */
struct table *comparison_table(const struct comparison *comparison, bool plain);

/* Rise in loss against bits per weight, a series for each method, the front joined and labelled.
 * picture_clear frees it; the names are borrowed from the comparison. */
enum err comparison_picture(struct picture *out, const struct comparison *comparison);

#endif
