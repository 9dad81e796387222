/* Knobs: parsing, checking, printing and stepping, from the declaration alone. */
#include "quantizers/param.h"

#include "core/text.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TEXT_MAX = 64, LADDER_START = 16, LADDER_SPAN = 1000 };

size_t
param_count(const struct param *params)
{
	size_t count = 0;

	while (params[count].name)
		count++;
	return count;
}

void
param_defaults(struct param_values *out, const struct param *params)
{
	*out = (struct param_values){ { 0 } };
	for (size_t i = 0; params[i].name; i++)
		out->v[i] = params[i].def;
}

int
param_find(const struct param *params, const char *name)
{
	for (int i = 0; params[i].name; i++)
		if (!strcmp(params[i].name, name))
			return i;
	return -1;
}

double
param_get(const struct param *params, const struct param_values *values, const char *name)
{
	int at = param_find(params, name);

	return at < 0 ? 0.0 : values->v[at];
}

static size_t
choice_count(const struct param *param)
{
	size_t count = 0;

	while (param->choices[count])
		count++;
	return count;
}

/* Append " a, b or c" to a message. */
static void
append_item(char *out, size_t capacity, const char *item, size_t at, size_t count)
{
	size_t used = strlen(out);

	snprintf(out + used, capacity - used, "%s%s",
		 at == 0           ? ""
		 : at + 1 == count ? " or "
				   : ", ",
		 item);
}

size_t
param_allowed(char *out, size_t capacity, const struct param *param)
{
	char item[TEXT_MAX];

	out[0] = '\0';
	if (param->type == PARAM_BOOL) {
		snprintf(out, capacity, "true or false");
	} else if (param->type == PARAM_CHOICE) {
		for (size_t i = 0; param->choices[i]; i++)
			append_item(out, capacity, param->choices[i], i, choice_count(param));
	} else if (param->values) {
		for (size_t i = 0; i < param->value_count; i++) {
			param_format(item, sizeof(item), param, param->values[i]);
			append_item(out, capacity, item, i, param->value_count);
		}
	} else {
		char most[TEXT_MAX];

		param_format(item, sizeof(item), param, param->min);
		param_format(most, sizeof(most), param, param->max);
		snprintf(out, capacity, "%s to %s", item, most);
	}
	return strlen(out);
}

static enum err
refuse(const struct param *param, const char *what)
{
	char allowed[256];

	param_allowed(allowed, sizeof(allowed), param);
	return err_at(ERR_RANGE, NULL, param->name, "%s is not allowed; use %s", what, allowed);
}

static bool
value_listed(const struct param *param, double value)
{
	for (size_t i = 0; i < param->value_count; i++)
		if (param->values[i] == value)
			return true;
	return false;
}

static bool
value_fits(const struct param *param, double value)
{
	switch (param->type) {
	case PARAM_BOOL:
		return value == 0.0 || value == 1.0;
	case PARAM_CHOICE:
		return value >= 0.0 && value == floor(value) && value < (double)choice_count(param);
	case PARAM_INT:
		if (value != floor(value))
			return false;
		break;
	case PARAM_FLOAT:
		break;
	}
	/* Written so that a NaN fits nowhere. */
	return param->values ? value_listed(param, value)
			     : value >= param->min && value <= param->max;
}

enum err
param_check(const struct param *param, double value)
{
	char text[TEXT_MAX];

	if (value_fits(param, value))
		return OK;
	snprintf(text, sizeof(text), "%.17g", value);
	return refuse(param, text);
}

/* strtod in the C locale, the whole text. */
static bool
number_parse(double *out, const char *text)
{
	locale_t c_locale = newlocale(LC_ALL_MASK, "C", NULL);
	char *end;

	if (!c_locale)
		return false;
	*out = strtod_l(text, &end, c_locale);
	freelocale(c_locale);
	return *text && !*end && isfinite(*out);
}

static bool
word_parse(double *out, const struct param *param, const char *text)
{
	static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };

	if (param->type == PARAM_CHOICE) {
		for (size_t i = 0; param->choices[i]; i++)
			if (!strcasecmp(text, param->choices[i])) {
				*out = (double)i;
				return true;
			}
		return false;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(text, words[i])) {
			*out = (double)(i % 2);
			return true;
		}
	return false;
}

/* The place of a word among the choices; their number where it is not there. */
static double
place_of(const char *word, const char *const *choices)
{
	int at = 0;

	while (choices[at] && strcmp(choices[at], word))
		at++;
	return at;
}

void
param_carry(struct param_values *to, const struct param *params, const struct param_values *from,
	    const struct param *from_params)
{
	for (size_t i = 0; i < param_count(from_params); i++) {
		const struct param *old = &from_params[i];
		double value = from->v[i];
		int j = param_find(params, old->name);

		if (j < 0 || params[j].type != old->type)
			continue;
		if ((old->type == PARAM_CHOICE || old->type == PARAM_BOOL) && value == old->def)
			continue;
		if (old->type == PARAM_CHOICE)
			value = place_of(old->choices[(int)value], params[j].choices);
		if (!param_check(&params[j], value))
			to->v[j] = value;
	}
}

enum err
param_parse(double *out, const struct param *param, const char *text)
{
	bool word = param->type == PARAM_BOOL || param->type == PARAM_CHOICE;
	double value = 0.0;

	if (!(word ? word_parse(&value, param, text) : number_parse(&value, text)) ||
	    !value_fits(param, value)) {
		char quoted[TEXT_MAX];

		snprintf(quoted, sizeof(quoted), "\"%.40s\"", text);
		return refuse(param, quoted);
	}
	*out = value;
	return OK;
}

/* The shortest decimal form that reads back as the same double. */
static size_t
number_format(char *out, size_t capacity, double value)
{
	int length = 0;

	for (int digits = 1; digits <= 17; digits++) {
		double back;

		length = snprintf(out, capacity, "%.*g", digits, value);
		for (char *comma = strchr(out, ','); comma; comma = NULL)
			*comma = '.';
		if (number_parse(&back, out) && back == value)
			break;
	}
	return (size_t)length;
}

size_t
param_format(char *out, size_t capacity, const struct param *param, double value)
{
	if (param->type == PARAM_BOOL)
		snprintf(out, capacity, "%s", value != 0.0 ? "true" : "false");
	else if (param->type == PARAM_CHOICE)
		snprintf(out, capacity, "%s", param->choices[(size_t)value]);
	else if (param->type == PARAM_INT)
		snprintf(out, capacity, "%lld", (long long)value);
	else
		return number_format(out, capacity, value);
	return strlen(out);
}

static double
step_listed(const struct param *param, double value, int direction)
{
	double best = value;

	for (size_t i = 0; i < param->value_count; i++) {
		double v = param->values[i];
		bool ahead = direction > 0 ? v > value : v < value;
		bool nearer = best == value || (direction > 0 ? v < best : v > best);

		if (ahead && nearer)
			best = v;
	}
	return best;
}

/* Wide integer ranges double and halve above 16; below that lie special values (-1, 0). */
static double
step_ladder(const struct param *param, double value, int direction)
{
	double next;

	if (direction > 0)
		next = value < 0              ? 0
		       : value < LADDER_START ? LADDER_START
					      : exp2(floor(log2(value)) + 1);
	else
		next = value > LADDER_START ? exp2(ceil(log2(value)) - 1) : value > 0 ? 0 : -1;
	return fmin(fmax(next, param->min), param->max);
}

/* Fractions step through 1, 2, 5, 10 of their decade, with zero below a ten-thousandth. */
static double
step_float(const struct param *param, double value, int direction)
{
	static const double ladder[] = { 0,   1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05,
					 0.1, 0.2,  0.5,  1,    2,    2.4,  3,    4,    5,    6,
					 8,   10,   20,   50,   100,  200,  500,  1000 };
	struct param listed = *param;

	listed.values = ladder;
	listed.value_count = sizeof(ladder) / sizeof(ladder[0]);
	return fmin(fmax(step_listed(&listed, value, direction), param->min), param->max);
}

double
param_step(const struct param *param, double value, int direction)
{
	double next = value + (direction > 0 ? 1 : -1);

	if (param->type == PARAM_BOOL)
		return value != 0.0 ? 0.0 : 1.0;
	if (param->type == PARAM_CHOICE) {
		double count = (double)choice_count(param);

		return fmod(next + count, count);
	}
	if (param->values)
		return step_listed(param, value, direction);
	if (param->type == PARAM_FLOAT)
		return step_float(param, value, direction);
	if (param->max - param->min >= LADDER_SPAN)
		return step_ladder(param, value, direction);
	return fmin(fmax(next, param->min), param->max);
}
