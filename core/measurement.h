#ifndef CORE_MEASUREMENT_H
#define CORE_MEASUREMENT_H

#include "core/statistics.h"
#include "core/work.h"

#include <stdint.h>

/* What quantization did to one layer, against the checkpoint's own weights. Products in float32,
 * sums in double, and equal for any thread count. */
enum { HISTOGRAM_BINS = 4096 };

/* Fine bins over [low, high); merged only whole for display. Counts never interpolated. */
struct histogram {
	double low, high;
	uint64_t counts[HISTOGRAM_BINS];
	uint64_t below, above, nonfinite, count; /* count: everything seen */
};

void histogram_start(struct histogram *histogram, double low, double high);
void histogram_add(struct histogram *histogram, const float *values, const float *minus,
		   size_t count);
void histogram_merge(struct histogram *into, const struct histogram *from); /* same range */

struct output_error {
	double relative;  /* tr(D H D') / tr(W H W'), D = W - Q, H the full Gram matrix */
	double per_token; /* tr(D H D'): mean squared output error of one token, summed over rows */
	double diagonal_relative; /* the same with H's diagonal alone */
	double signal;            /* tr(W H W'): what output_signal of a later request may hold */
};

enum {
	CHANNEL_MEAN_ABS,
	CHANNEL_MEAN_SQ,
	CHANNEL_WEIGHT_ERROR,
	CHANNEL_DAMAGE,
	CHANNEL_METHOD_SCALE,
	CHANNEL_COUNT
};

struct measurement {
	size_t rows, columns;
	double mse, relative, sqnr_db, max_abs;
	uint64_t clipped;
	struct histogram histogram; /* of D */
	bool has_output;
	uint64_t tokens; /* that the statistics are of */
	bool unseen;     /* the caller's: statistics were asked for, but no token came */
	struct output_error output;
	float *channels; /* (columns, CHANNEL_COUNT): see the enum; damage = mean_sq * sum over rows
			    of D^2 */
	size_t salient_k; /* max(16, 5 % of columns), at most columns */
};

struct measurement_request {
	size_t rows, columns;
	const float *weight, *dequantized; /* (rows, columns) */
	const float *method_scale;         /* (columns) or NULL */
	uint64_t clipped;
	const struct statistics *statistics; /* or NULL */
	double histogram_limit; /* half-width of the histogram; 0: chosen from the weights alone */
	double output_signal; /* of an earlier measurement with these weights and statistics, which
				 saves half of the work; 0: compute it */
};

enum err measurement_run(struct measurement **out, const struct measurement_request *request,
			 const struct work *work);
void measurement_free(struct measurement *measurement);

/* The k channels with the largest values of one column of `channels`, largest first, ties by index.
 */
void measurement_top(uint32_t *out, const struct measurement *measurement, int channel, size_t k);

#endif
