#include "core/estimate.h"

#include <math.h>
#include <stdlib.h>

static double
sum_of(const double *values, size_t count)
{
	double sum = 0.0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	return sum;
}

static double
standard_error(double squares, size_t count)
{
	return count > 1 ? sqrt(squares / (double)(count - 1) / (double)count) : (double)NAN;
}

struct estimate
estimate_mean(const double *values, size_t windows, size_t per_window)
{
	size_t count = windows * per_window;
	double mean = sum_of(values, count) / (double)count, between = 0.0, within = 0.0;

	for (size_t w = 0; w < windows; w++) {
		double d = sum_of(values + w * per_window, per_window) / (double)per_window - mean;

		between += d * d;
	}
	for (size_t i = 0; i < count; i++)
		within += (values[i] - mean) * (values[i] - mean);
	return (struct estimate){ mean, standard_error(between, windows),
				  standard_error(within, count) };
}

/* NaN stands above all. */
static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	if (isnan(x) || isnan(y))
		return isnan(x) - isnan(y);
	return (x > y) - (x < y);
}

void
estimate_sort(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
}

double
estimate_quantile(const double *sorted, size_t count, double q)
{
	double at;
	size_t low;

	if (!count)
		return (double)NAN;
	at = q * (double)(count - 1);
	low = (size_t)at;
	if (low + 1 >= count)
		return sorted[count - 1];
	return sorted[low] + (at - (double)low) * (sorted[low + 1] - sorted[low]);
}
