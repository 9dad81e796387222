/* How far the weights of a matrix have outliers. */
#include "quantizers/sinq.h"

#include "core/buf.h"

#include <math.h>
#include <string.h>

enum { STRIP_ROWS = 64, CHUNK = 256 };

static const double least_square = 1e-6; /* the reference's */

struct pass {
	const struct quant_task *task;
	const struct quant_layer *layer;
	enum scale_dtype dtype;
	float mean;
	double *first, *second; /* (strips) sums of w; or of (w - mean)^2 and of its square */
};

void
sinq_take(float *out, const float *w, size_t n, enum scale_dtype dtype,
	  const struct kernels *kernels)
{
	if (dtype == SCALE_F16)
		kernels->round_f16(out, w, n);
	else
		memcpy(out, w, n * sizeof(*out));
}

static void
add_chunk(const struct pass *pass, size_t strip, float *x, const float *ones, size_t n)
{
	const struct kernels *kernels = pass->task->kernels;

	if (!pass->second) {
		pass->first[strip] += kernels->dot(x, ones, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		x[i] = (x[i] - pass->mean) * (x[i] - pass->mean);
	pass->first[strip] += kernels->abs_sum(x, n);
	pass->second[strip] += kernels->sq_sum(x, n);
}

static enum err
sum_strip(void *arg, size_t strip, int worker)
{
	const struct pass *pass = arg;
	const struct quant_layer *layer = pass->layer;
	size_t at = strip * STRIP_ROWS * layer->columns;
	size_t left = layer->rows * layer->columns - at, n = STRIP_ROWS * layer->columns;
	float x[CHUNK], ones[CHUNK];

	(void)worker;
	for (size_t i = 0; i < CHUNK; i++)
		ones[i] = 1.0f;
	for (size_t end = at + (n < left ? n : left); at < end; at += CHUNK) {
		size_t count = end - at < CHUNK ? end - at : CHUNK;

		sinq_take(x, layer->weight + at, count, pass->dtype, pass->task->kernels);
		add_chunk(pass, strip, x, ones, count);
	}
	return work_check(pass->task->work);
}

static double
mean_of(const double *sums, size_t strips, const struct quant_layer *layer)
{
	double sum = 0.0;

	for (size_t strip = 0; strip < strips; strip++)
		sum += sums[strip];
	return sum / (double)layer->rows / (double)layer->columns;
}

enum err
sinq_kurtosis(double *out, const struct quant_task *task, const struct quant_layer *layer,
	      enum scale_dtype dtype)
{
	size_t strips = (layer->rows + STRIP_ROWS - 1) / STRIP_ROWS;
	double *sums = buf_alloc(3 * strips, sizeof(*sums)), square;
	struct pass pass = { .task = task, .layer = layer, .dtype = dtype, .first = sums };
	enum err code = sums ? work_each(task->work, strips, sum_strip, &pass) : ERR_NOMEM;

	if (!code) {
		pass.mean = (float)mean_of(sums, strips, layer);
		pass.first = sums + strips;
		pass.second = sums + 2 * strips;
		code = work_each(task->work, strips, sum_strip, &pass);
	}
	if (!code) {
		square = fmax(mean_of(pass.first, strips, layer), least_square);
		*out = mean_of(pass.second, strips, layer) / (square * square);
	}
	buf_free(sums);
	return code;
}
