/* AMD Quark 0.13's PerTensorPercentileObserver for symmetric grids: a histogram of the magnitudes
 * that are not zero, 4200 bins to the largest; the range ends at the lower edge of the first bin at
 * which the cumulated share, summed in double and rounded to float32, reaches the percentile. */
#include "quantizers/int_fit.h"

#include "core/buf.h"

#include <math.h>

enum { BINS = 4200 };

static enum err
count_bins(uint64_t bins[BINS], const struct quant_task *task, const struct quant_layer *layer,
	   float most)
{
	enum err code = OK;

	for (size_t r = 0; r < layer->rows && !code; r++) {
		const float *w = layer->weight + r * layer->columns;

		for (size_t c = 0; c < layer->columns; c++) {
			size_t bin = (size_t)(fabsf(w[c]) * (float)BINS / most);

			bins[bin < BINS ? bin : BINS - 1] += w[c] != 0.0f;
		}
		code = work_check(task->work);
	}
	return code;
}

/* The first bin at which the share reaches what the last one holds, or the percentile if less. */
static size_t
find_bin(const uint64_t bins[BINS], float cumulated[BINS], double percentile)
{
	double sum = 0.0, total = 0.0, target = percentile / 100.0;
	size_t bin = 0;

	for (size_t i = 0; i < BINS; i++)
		total += (double)bins[i];
	for (size_t i = 0; i < BINS; i++) {
		sum += (double)((float)bins[i] / (float)total);
		cumulated[i] = (float)sum;
	}
	if (target > (double)cumulated[BINS - 1])
		target = (double)cumulated[BINS - 1];
	while (bin < BINS - 1 && cumulated[bin] < (float)target)
		bin++;
	return bin;
}

/* An edge as torch's linspace places it: from the nearer end, with one rounding. */
static float
edge(size_t bin, float most)
{
	float step = most / (float)BINS;

	return bin < (BINS + 1) / 2 ? step * (float)bin : fmaf(-step, (float)(BINS - bin), most);
}

enum err
int_percentile(float *out, const struct quant_task *task, const struct quant_layer *layer,
	       double percentile)
{
	uint64_t *bins = buf_alloc(BINS, sizeof(*bins));
	float *cumulated = buf_alloc(BINS, sizeof(*cumulated)), min, max;
	enum err code = bins && cumulated ? rows_range(&min, &max, task, layer) : ERR_NOMEM;

	*out = 0.0f;
	if (!code && fmaxf(-min, max) > 0.0f) {
		max = fmaxf(-min, max);
		code = count_bins(bins, task, layer, max);
		*out = edge(find_bin(bins, cumulated, percentile), max);
	}
	buf_free(bins);
	buf_free(cumulated);
	return code;
}
