#ifndef QUANTIZERS_PARAM_H
#define QUANTIZERS_PARAM_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

/* One knob of a method. From this one declaration come the knobs on screen, :set and its
 * completion, command-line flags, JSON validation and the reference page. */
enum { PARAM_MAX = 16 }; /* parameters of one method */

enum param_type { PARAM_INT, PARAM_FLOAT, PARAM_BOOL, PARAM_CHOICE };

struct param {
	const char *name; /* as pinned: bits, group_size, symmetric, ... */
	enum param_type type;
	double min, max, def; /* PARAM_BOOL: def 0 or 1; PARAM_CHOICE: def is an index */
	const double *values; /* the only numbers allowed, or NULL for the whole range */
	size_t value_count;
	const char *const *choices; /* PARAM_CHOICE: ends with NULL */
	const char *help;           /* one line */
};

/* A value: the number, 0/1 for a bool, the index for a choice. */
struct param_values {
	double v[PARAM_MAX]; /* in the order of the declaration */
};

size_t param_count(const struct param *params); /* the list ends with a NULL name */
void param_defaults(struct param_values *out, const struct param *params);
int param_find(const struct param *params, const char *name); /* -1: none */
double param_get(const struct param *params, const struct param_values *values,
		 const char *name); /* 0 when the list has no such name */

/* Take over the values of parameters that both lists have, where they are allowed: numbers as they
 * are; choices and switches, which each method has reasons of its own for, only where they were
 * turned away from their default, and choices by their word. */
void param_carry(struct param_values *to, const struct param *params,
		 const struct param_values *from, const struct param *from_params);

/* Parse and check one value; the error names the parameter, the value, what is allowed. */
enum err param_parse(double *out, const struct param *param, const char *text);
enum err param_check(const struct param *param, double value);

/* As text that param_parse reads back: "4", "0.01", "true", "none". */
size_t param_format(char *out, size_t capacity, const struct param *param, double value);

/* What is allowed, for messages and help: "2, 3, 4 or 8", "0 to 1", "true or false". */
size_t param_allowed(char *out, size_t capacity, const struct param *param);

/* A step up or down for a knob: the next allowed value, halving or doubling where that is natural.
 */
double param_step(const struct param *param, double value, int direction);

#endif
