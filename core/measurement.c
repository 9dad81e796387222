/* One pass over row tiles for all that concerns weights, then gemm tiles for the outputs. Tiles and
 * the order of sums depend on the matrix alone. */
#include "core/measurement.h"

#include "core/buf.h"
#include "core/trace.h"
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 1024, TILE_ROWS = 64, TILES_MAX = 64 };

void
histogram_start(struct histogram *histogram, double low, double high)
{
	*histogram = (struct histogram){ .low = low, .high = high };
}

void
histogram_add(struct histogram *histogram, const float *values, const float *minus, size_t count)
{
	const struct kernels *kernels = kernels_current();
	uint32_t index[CHUNK];
	uint64_t outside[3] = { 0 };
	struct bins bins = { .low = (float)histogram->low,
			     .high = (float)histogram->high,
			     .per_unit =
				     (float)(HISTOGRAM_BINS / (histogram->high - histogram->low)),
			     .count = HISTOGRAM_BINS };

	for (size_t at = 0; at < count; at += CHUNK) {
		size_t n = count - at < CHUNK ? count - at : CHUNK;

		kernels->bin(index, values + at, minus ? minus + at : NULL, n, &bins);
		for (size_t i = 0; i < n; i++)
			if (index[i] < HISTOGRAM_BINS)
				histogram->counts[index[i]]++;
			else
				outside[index[i] - HISTOGRAM_BINS]++;
	}
	histogram->below += outside[0];
	histogram->above += outside[1];
	histogram->nonfinite += outside[2];
	histogram->count += count;
}

void
histogram_merge(struct histogram *into, const struct histogram *from)
{
	for (size_t i = 0; i < HISTOGRAM_BINS; i++)
		into->counts[i] += from->counts[i];
	into->below += from->below;
	into->above += from->above;
	into->nonfinite += from->nonfinite;
	into->count += from->count;
}

struct tile_sums {
	double weight, error; /* of squares */
	float max_abs;
};

struct measuring {
	const struct measurement_request *request;
	const struct kernels *kernels;
	const struct work *work;
	struct measurement *out;
	size_t tiles, tile_rows;
	struct tile_sums *sums;        /* (tiles) */
	double *weight_sq, *error_sq;  /* (tiles, columns) sums over a tile's rows */
	struct histogram *histograms;  /* (threads) */
	float *errors;                 /* (threads, columns) one row of D */
	size_t strips, strip_columns;  /* of the output pass */
	float *differences, *products; /* (threads, TRACE_ROWS, columns), (..., TRACE_COLUMNS) */
	double *strip_error, *strip_signal; /* (strips) */
};

static void
measure_row(struct measuring *m, size_t tile, size_t row, int worker)
{
	size_t columns = m->request->columns;
	const float *w = m->request->weight + row * columns;
	const float *q = m->request->dequantized + row * columns;
	float *d = m->errors + (size_t)worker * columns, most;
	struct tile_sums *sums = &m->sums[tile];

	m->kernels->subtract(d, w, q, columns);
	most = m->kernels->absmax(d, columns);
	sums->max_abs = most > sums->max_abs ? most : sums->max_abs;
	sums->weight += m->kernels->sq_sum(w, columns);
	sums->error += m->kernels->sq_sum(d, columns);
	m->kernels->add_squares(m->weight_sq + tile * columns, w, columns);
	m->kernels->add_squares(m->error_sq + tile * columns, d, columns);
	histogram_add(&m->histograms[worker], d, NULL, columns);
}

static enum err
measure_tile(void *arg, size_t tile, int worker)
{
	struct measuring *m = arg;
	size_t first = tile * m->tile_rows, rows = m->request->rows;
	size_t end = first + m->tile_rows < rows ? first + m->tile_rows : rows;
	enum err code = OK;

	for (size_t row = first; row < end && !code; row++) {
		measure_row(m, tile, row, worker);
		code = work_check(m->work);
	}
	work_advance(m->work, (end - first) * m->request->columns);
	return code;
}

static double
strip_trace(struct measuring *m, const float *x, size_t rows, float *product)
{
	size_t columns = m->request->columns;
	struct trace trace = { .kernels = m->kernels,
			       .work = m->work,
			       .x = x,
			       .rows = rows,
			       .n = columns,
			       .ldx = columns,
			       .h = m->request->statistics->gram,
			       .ldh = columns,
			       .product = product };
	double of_row[TRACE_ROWS], sum = 0.0;

	trace_rows(of_row, &trace);
	for (size_t r = 0; r < rows; r++)
		sum += of_row[r];
	return sum;
}

static enum err
measure_strip(void *arg, size_t strip, int worker)
{
	struct measuring *m = arg;
	size_t columns = m->request->columns, first = strip * TRACE_ROWS;
	size_t left = m->request->rows - first, rows = left < TRACE_ROWS ? left : TRACE_ROWS;
	const float *w = m->request->weight + first * columns;
	float *d = m->differences + (size_t)worker * TRACE_ROWS * columns;
	float *product = m->products + (size_t)worker * TRACE_ROWS * TRACE_COLUMNS;

	m->kernels->subtract(d, w, m->request->dequantized + first * columns, rows * columns);
	m->strip_error[strip] = strip_trace(m, d, rows, product);
	if (m->request->output_signal <= 0.0)
		m->strip_signal[strip] = strip_trace(m, w, rows, product);
	work_advance(m->work, rows * columns);
	return work_check(m->work);
}

/* x / y, where nothing over nothing is nothing. */
static double
ratio(double x, double y)
{
	return x == 0.0 ? 0.0 : x / y;
}

/* Over the tiles, in order. */
static double
column_sum(const struct measuring *m, const double *squares, size_t column)
{
	double sum = 0.0;

	for (size_t tile = 0; tile < m->tiles; tile++)
		sum += squares[tile * m->request->columns + column];
	return sum;
}

static void
fill_channels(struct measuring *m)
{
	const struct statistics *statistics = m->request->statistics;
	double error = 0.0, signal = 0.0;

	for (size_t c = 0; c < m->request->columns; c++) {
		float *channel = m->out->channels + c * CHANNEL_COUNT;
		double error_sq = column_sum(m, m->error_sq, c);
		double mean_sq = statistics ? (double)statistics->mean_sq[c] : 0.0;

		if (statistics)
			channel[CHANNEL_MEAN_ABS] = statistics->mean_abs[c];
		channel[CHANNEL_MEAN_SQ] = (float)mean_sq;
		channel[CHANNEL_WEIGHT_ERROR] = (float)error_sq;
		channel[CHANNEL_DAMAGE] = (float)(mean_sq * error_sq);
		if (m->request->method_scale)
			channel[CHANNEL_METHOD_SCALE] = m->request->method_scale[c];
		error += mean_sq * error_sq;
		signal += mean_sq * column_sum(m, m->weight_sq, c);
	}
	m->out->output.diagonal_relative = ratio(error, signal);
}

static void
fill_errors(struct measuring *m)
{
	struct measurement *out = m->out;
	double weight = 0.0, error = 0.0;

	for (size_t tile = 0; tile < m->tiles; tile++) {
		weight += m->sums[tile].weight;
		error += m->sums[tile].error;
		out->max_abs = fmax(out->max_abs, (double)m->sums[tile].max_abs);
	}
	out->mse = error / ((double)out->rows * (double)out->columns);
	out->relative = ratio(error, weight);
	out->sqnr_db = 10.0 * log10(weight / error);
}

static void
fill_output(struct measuring *m)
{
	double error = 0.0, signal = 0.0;

	for (size_t strip = 0; strip < m->strips; strip++) {
		error += m->strip_error[strip];
		signal += m->strip_signal[strip];
	}
	if (m->request->output_signal > 0.0)
		signal = m->request->output_signal;
	m->out->has_output = true;
	m->out->tokens = m->request->statistics->tokens;
	m->out->output.per_token = error;
	m->out->output.signal = signal;
	m->out->output.relative = ratio(error, signal);
}

/* Half-width of the histogram: the power of two at or above 1.5 times the weights' root mean
 * square. It holds the errors of two bits and more, stays the same for every setting, and a power
 * of two makes the bins' edges exact. */
static double
histogram_limit(const struct measurement_request *request, const struct kernels *kernels)
{
	double rms = sqrt(kernels->sq_sum(request->weight, request->rows * request->columns) /
			  ((double)request->rows * (double)request->columns));

	if (request->histogram_limit > 0.0)
		return request->histogram_limit;
	return rms > 0.0 && isfinite(rms) ? exp2(ceil(log2(1.5 * rms))) : 1.0;
}

static enum err
measure_weights(struct measuring *m)
{
	size_t columns = m->request->columns, threads = (size_t)work_threads(m->work);
	double limit = histogram_limit(m->request, m->kernels);
	enum err code = ERR_NOMEM;

	m->sums = buf_alloc(m->tiles, sizeof(*m->sums));
	m->weight_sq = buf_alloc(m->tiles * columns, sizeof(*m->weight_sq));
	m->error_sq = buf_alloc(m->tiles * columns, sizeof(*m->error_sq));
	m->histograms = buf_alloc(threads, sizeof(*m->histograms));
	m->errors = buf_alloc(threads * columns, sizeof(*m->errors));
	if (m->sums && m->weight_sq && m->error_sq && m->histograms && m->errors)
		code = OK;
	for (size_t i = 0; i < threads && !code; i++)
		histogram_start(&m->histograms[i], -limit, limit);
	if (!code)
		code = work_each(m->work, m->tiles, measure_tile, m);
	if (!code) {
		histogram_start(&m->out->histogram, -limit, limit);
		for (size_t i = 0; i < threads; i++)
			histogram_merge(&m->out->histogram, &m->histograms[i]);
		fill_errors(m);
		fill_channels(m);
	}
	buf_free(m->sums);
	buf_free(m->weight_sq);
	buf_free(m->error_sq);
	buf_free(m->histograms);
	buf_free(m->errors);
	return code;
}

static enum err
measure_output(struct measuring *m)
{
	size_t columns = m->request->columns, threads = (size_t)work_threads(m->work);
	enum err code = ERR_NOMEM;

	m->differences = buf_alloc(threads * TRACE_ROWS * columns, sizeof(*m->differences));
	m->products = buf_alloc(threads * TRACE_ROWS * TRACE_COLUMNS, sizeof(*m->products));
	m->strip_error = buf_alloc(m->strips, sizeof(*m->strip_error));
	m->strip_signal = buf_alloc(m->strips, sizeof(*m->strip_signal));
	if (m->differences && m->products && m->strip_error && m->strip_signal)
		code = work_each(m->work, m->strips, measure_strip, m);
	if (!code)
		fill_output(m);
	buf_free(m->differences);
	buf_free(m->products);
	buf_free(m->strip_error);
	buf_free(m->strip_signal);
	return code;
}

static size_t
salient_count(size_t columns)
{
	size_t k = (columns * 5 + 50) / 100;

	k = k < 16 ? 16 : k;
	return k < columns ? k : columns;
}

enum err
measurement_run(struct measurement **out, const struct measurement_request *request,
		const struct work *work)
{
	const struct statistics *statistics = request->statistics;
	size_t rows = request->rows, columns = request->columns;
	size_t tile_rows =
		rows > TILE_ROWS * TILES_MAX ? (rows + TILES_MAX - 1) / TILES_MAX : TILE_ROWS;
	struct measuring m = { .request = request,
			       .kernels = kernels_current(),
			       .work = work,
			       .tile_rows = tile_rows,
			       .tiles = (rows + tile_rows - 1) / tile_rows,
			       .strips = (rows + TRACE_ROWS - 1) / TRACE_ROWS };
	bool output = statistics && statistics->gram;
	enum err code = OK;

	*out = NULL;
	work_expect(work, (uint64_t)rows * columns * (output ? 2 : 1));
	if (!(m.out = buf_alloc(1, sizeof(*m.out))))
		return ERR_NOMEM;
	m.out->rows = rows;
	m.out->columns = columns;
	m.out->clipped = request->clipped;
	m.out->salient_k = salient_count(columns);
	if (!(m.out->channels = buf_alloc(columns * CHANNEL_COUNT, sizeof(*m.out->channels))))
		code = ERR_NOMEM;
	if (!code)
		code = measure_weights(&m);
	if (!code && output)
		code = measure_output(&m);
	if (code)
		measurement_free(m.out);
	else
		*out = m.out;
	return code;
}

void
measurement_free(struct measurement *measurement)
{
	if (measurement)
		buf_free(measurement->channels);
	buf_free(measurement);
}

void
measurement_top(uint32_t *out, const struct measurement *measurement, int channel, size_t k)
{
	const float *values = measurement->channels + channel;
	size_t held = 0;

	k = k < measurement->columns ? k : measurement->columns;
	for (size_t c = 0; c < measurement->columns && k; c++) {
		size_t at = held;

		while (at && values[out[at - 1] * CHANNEL_COUNT] < values[c * CHANNEL_COUNT])
			at--;
		if (at == k)
			continue;
		held += held < k;
		memmove(out + at + 1, out + at, (held - at - 1) * sizeof(*out));
		out[at] = (uint32_t)c;
	}
}
