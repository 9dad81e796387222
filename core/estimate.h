#ifndef CORE_ESTIMATE_H
#define CORE_ESTIMATE_H

#include <stddef.h>

/* Means of per-token values with their standard errors. Tokens of one window are not independent:
 * `se` takes windows as clusters (the ratio estimator; with windows of one size, the standard error
 * of the mean of window means), `se_iid` pretends that tokens are. NaN where one cluster, or one
 * token, says nothing about spread. Sums in double, in order. */
struct estimate {
	double mean, se, se_iid;
};

struct estimate estimate_mean(const double *values /* (windows, per_window) */, size_t windows,
			      size_t per_window);

/* Sorts. */
void estimate_sort(double *values, size_t count);
/* Quantile q of sorted values, between neighbours linearly (as NumPy does). NaN for none. */
double estimate_quantile(const double *sorted, size_t count, double q);

#endif
