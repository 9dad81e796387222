#include "plots/scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Beyond this a range cannot be subtracted without overflow. */
static const double most_value = 1e300;

const struct extent extent_none = { INFINITY, -INFINITY };

void
extent_add(struct extent *extent, double value, bool log10)
{
	if (!isfinite(value) || (log10 && value <= 0))
		return;
	extent->low = fmin(extent->low, value);
	extent->high = fmax(extent->high, value);
}

static bool
usable(double low, double high, enum scale_kind kind)
{
	return isfinite(low) && isfinite(high) && low < high && (kind != SCALE_LOG10 || low > 0);
}

/* A single value gets some room on both sides. */
static void
widen(double *low, double *high, enum scale_kind kind)
{
	double value = *low;

	if (kind == SCALE_LOG10) {
		*low = value / 2;
		*high = value * 2;
	} else if (kind == SCALE_LOG1P) {
		*low = fmin(value, 0);
		*high = fmax(value, 1);
	} else {
		*low = value - (value != 0 ? fabs(value) / 2 : 0.5);
		*high = value + (value != 0 ? fabs(value) / 2 : 0.5);
	}
}

struct scale
scale_make(const struct axis *axis, struct extent data, enum scale_kind kind)
{
	double low = data.low, high = data.high;

	if (usable(axis->low, axis->high, kind)) {
		low = axis->low;
		high = axis->high;
	}
	if (isfinite(low) && low == high)
		widen(&low, &high, kind);
	low = fmax(low, -most_value);
	high = fmin(high, most_value);
	if (!usable(low, high, kind)) {
		low = kind == SCALE_LOG10 ? 0.1 : 0;
		high = 1;
	}
	return (struct scale){ low, high, kind, axis->knee > 0 ? axis->knee : 0 };
}

static double
knee_of(const struct scale *scale)
{
	return scale->knee > 0 ? scale->knee : 1;
}

static double
bend(double value, const struct scale *scale)
{
	if (scale->kind == SCALE_LOG10)
		return value > 0 ? log10(value) : NAN;
	if (scale->kind == SCALE_LOG1P)
		return copysign(log1p(fabs(value) / knee_of(scale)), value);
	return value;
}

double
scale_unit(const struct scale *scale, double value)
{
	double low = bend(scale->low, scale), high = bend(scale->high, scale);

	return (bend(value, scale) - low) / (high - low);
}

double
scale_value(const struct scale *scale, double unit)
{
	double low = bend(scale->low, scale), high = bend(scale->high, scale);
	double bent = low + (high - low) * unit;

	if (scale->kind == SCALE_LOG10)
		return pow(10, bent);
	if (scale->kind == SCALE_LOG1P)
		return copysign(expm1(fabs(bent)) * knee_of(scale), bent);
	return bent;
}

/* 1, 2 or 5 times a power of ten: the least that cuts a width into at most `most` steps. */
static double
nice_step(double width, int most)
{
	double least = width / most, power = pow(10, floor(log10(least)));

	if (!(power > 0))
		return width;
	for (int i = 0; i < 3; i++) {
		static const double factors[3] = { 1, 2, 5 };

		if (factors[i] * power >= least * (1 - 1e-9))
			return factors[i] * power;
	}
	return 10 * power;
}

static int
linear_ticks(double *out, int most, const struct scale *scale)
{
	double width = scale->high - scale->low;
	double step = nice_step(width, most > 1 ? most - 1 : 1), slack = step * 1e-9, first;
	int count = 0;

	first = ceil((scale->low - slack) / step);
	for (double i = first; count < most && i * step <= scale->high + slack; i++) {
		if (count && i * step <= out[count - 1]) /* finer than a double can tell */
			break;
		out[count++] = i == 0 ? 0 : i * step;
	}
	return count;
}

/* Powers of ten, every n-th if they are many. */
static int
decade_ticks(double *out, int most, double low, double high)
{
	double first = ceil(log10(low) - 1e-9), last = floor(log10(high) + 1e-9);
	double every = fmax(1, ceil((last - first + 1) / most));
	int count = 0;

	for (double i = first; i <= last && count < most; i += every)
		out[count++] = pow(10, i);
	return count;
}

/* Decades from the knee to the end of one side: how many. */
static int
decades_beyond(double end, double knee)
{
	return end >= knee ? (int)floor(log10(end / knee) + 1e-9) + 1 : 0;
}

/* Zero, and powers of ten of the knee on both sides of it, every n-th if they are many. */
static int
knee_ticks(double *out, int most, const struct scale *scale)
{
	int below = decades_beyond(-scale->low, scale->knee);
	int above = decades_beyond(scale->high, scale->knee);
	int every = 1, count = 0;

	while (below / every + above / every + 1 > most)
		every++;
	for (int i = below / every; i >= 1; i--)
		out[count++] = -scale->knee * pow(10, i * every - 1);
	out[count++] = 0;
	for (int i = 1; i <= above / every; i++)
		out[count++] = scale->knee * pow(10, i * every - 1);
	return count;
}

static int
choose_ticks(double *out, int most, const struct scale *scale)
{
	int count;

	if (scale->kind == SCALE_LINEAR)
		return linear_ticks(out, most, scale);
	if (scale->kind == SCALE_LOG1P && scale->knee > 0)
		return knee_ticks(out, most, scale);
	if (scale->kind == SCALE_LOG1P && scale->low < 1)
		return scale->high < 1 ? linear_ticks(out, most, scale)
				       : decade_ticks(out, most, 1, scale->high);
	count = decade_ticks(out, most, scale->low, scale->high);
	return count > 1 || most < 2 ? count : linear_ticks(out, most, scale);
}

int
scale_ticks(double *out, int most, const struct scale *scale)
{
	int count = most < 1 ? 0 : choose_ticks(out, most, scale), kept = 0;

	/* Where the range is narrower than a round value is exact, some fall outside. */
	for (int i = 0; i < count; i++) {
		double unit = scale_unit(scale, out[i]);

		if (unit >= -1e-7 && unit <= 1 + 1e-7)
			out[kept++] = out[i];
	}
	return kept;
}

/* Whatever locale the program runs in, a point is a point; and 1.0e-05 is 1e-5. */
static void
tidy(char *text)
{
	char *p = strchr(text, ','), *exponent = strchr(text, 'e');

	if (p)
		*p = '.';
	if (!exponent || (exponent[1] != '-' && exponent[1] != '+'))
		return;
	if (exponent - text > 2 && exponent[-1] == '0' && exponent[-2] == '.') {
		memmove(exponent - 2, exponent, strlen(exponent) + 1);
		exponent -= 2;
	}
	p = exponent + 2;
	while (*p == '0' && p[1])
		p++;
	if (exponent[1] == '-')
		exponent++;
	memmove(exponent + 1, p, strlen(p) + 1);
}

static bool
special(char *out, size_t capacity, double value)
{
	if (isfinite(value) && value != 0)
		return false;
	snprintf(out, capacity, "%s",
		 isnan(value) ? "nan"
		 : value > 0  ? "inf"
		 : value < 0  ? "-inf"
			      : "0");
	return true;
}

const char *
plot_number(char *out, size_t capacity, double value)
{
	static const char *const suffixes[] = { "", "k", "M", "G", "T" };
	char text[32];
	size_t i = 0;

	if (special(out, capacity, value))
		return out;
	if (fabs(value) < 0.9995e-3 || fabs(value) >= 999.5e12) {
		snprintf(text, sizeof(text), "%.1e", value);
		tidy(text);
		snprintf(out, capacity, "%s", text);
		return out;
	}
	for (; fabs(value) >= 999.5; i++)
		value /= 1000;
	snprintf(text, sizeof(text), "%.3g", value);
	tidy(text);
	snprintf(out, capacity, "%s%s", text, suffixes[i]);
	return out;
}

static const char *
plot_digits(char *out, size_t capacity, double value, int digits)
{
	char text[32];

	if (special(out, capacity, value))
		return out;
	snprintf(text, sizeof(text), "%.*g", digits, value);
	tidy(text);
	snprintf(out, capacity, "%s", text);
	return out;
}

const char *
plot_short(char *out, size_t capacity, double value)
{
	return plot_digits(out, capacity, value, 2);
}

const char *
plot_exact(char *out, size_t capacity, double value)
{
	return plot_digits(out, capacity, value, 6);
}
