/* How fast this machine multiplies, reads and writes, for a forecast in seconds. */
#include "core/buf.h"
#include "core/jobs.h"
#include "core/spill.h"
#include "sessions/engine_private.h"
#include "sessions/forecast_private.h"

enum { PROBE_TOKENS = 256, PROBE_WIDTH = 768, PROBES = 8, PROBE_BYTES = 64 << 20 };

struct probe {
	float *x, *weight; /* (PROBE_TOKENS, PROBE_WIDTH), (PROBE_WIDTH, PROBE_WIDTH) */
	float *out;        /* (threads, PROBE_TOKENS, PROBE_WIDTH) */
};

static enum err
probe_product(void *arg, size_t index, int worker)
{
	const struct probe *probe = arg;

	(void)index;
	kernels_current()->gemm(
		&(struct gemm){ .m = PROBE_TOKENS,
				.n = PROBE_WIDTH,
				.k = PROBE_WIDTH,
				.a = probe->x,
				.lda = PROBE_WIDTH,
				.b = probe->weight,
				.ldb = PROBE_WIDTH,
				.c = probe->out + (size_t)worker * PROBE_TOKENS * PROBE_WIDTH,
				.ldc = PROBE_WIDTH,
				.alpha = 1.0f,
				.transpose_b = 1 });
	return OK;
}

/* The better of a few rounds: others use the machine too, and the first has to warm up. */
static enum err
measure_products(struct forecast_rates *out, const struct work *work)
{
	size_t threads = (size_t)work_threads(work), count = PROBES * threads;
	double flops = 2.0 * PROBE_TOKENS * PROBE_WIDTH * PROBE_WIDTH * (double)count;
	struct work alone = { .pool = work ? work->pool : NULL,
			      .cancel = work ? work->cancel : NULL };
	struct probe probe = { buf_alloc(PROBE_TOKENS * PROBE_WIDTH, sizeof(float)),
			       buf_alloc(PROBE_WIDTH * PROBE_WIDTH, sizeof(float)),
			       buf_alloc(threads * PROBE_TOKENS * PROBE_WIDTH, sizeof(float)) };
	enum err code = probe.x && probe.weight && probe.out ? OK : ERR_NOMEM;

	for (int round = 0; round < 3 && !code; round++) {
		double start = jobs_now();

		code = work_each(&alone, count, probe_product, &probe);
		if (flops / (jobs_now() - start) > out->operations)
			out->operations = flops / (jobs_now() - start);
	}
	buf_free(probe.x);
	buf_free(probe.weight);
	buf_free(probe.out);
	return code;
}

/* The beginning of the first block's weights: what will be read first in any case. */
static enum err
measure_reading(struct forecast_rates *out, const struct engine *engine, const struct work *work)
{
	enum { CHUNK = 1 << 18 };
	const struct model *model = engine->model;
	float *chunk = buf_alloc_dirty(CHUNK, sizeof(*chunk));
	double start = jobs_now(), bytes = 0.0;
	enum err code = chunk ? OK : ERR_NOMEM;

	for (size_t i = 0; i < model->layer_count && bytes < PROBE_BYTES && !code; i++) {
		const struct tensor *tensor = model->layers[i].tensor;

		for (uint64_t at = 0; at < tensor->elements && bytes < PROBE_BYTES && !code;
		     at += CHUNK) {
			uint64_t left = tensor->elements - at, n = left < CHUNK ? left : CHUNK;

			if (model->layers[i].block < 0)
				break;
			code = work_check(work);
			if (!code)
				code = tensor_read(chunk, tensor, at, n);
			bytes += (double)n * dtype_bits(tensor->dtype) / 8.0;
		}
	}
	out->read = bytes / (jobs_now() - start + 1e-9);
	buf_free(chunk);
	return code;
}

static double
written(const struct forecast *f)
{
	return (double)f->kept + (double)f->spilled + (double)f->parked + (double)f->output;
}

enum err
forecast_measure(struct forecast_rates *out, const struct forecast *f, const struct work *work)
{
	char folder[4096];
	struct statvfs st;
	enum err code;

	*out = (struct forecast_rates){ 0 };
	forecast_folder(folder, &st, engine_disk_folder(f->engine));
	if (written(f) > 0)
		out->written = spill_rate(folder);
	code = measure_products(out, work);
	return code ? code : measure_reading(out, f->engine, work);
}

static double
divide(double amount, double rate)
{
	return rate > 0 ? amount / rate : 0.0;
}

double
forecast_seconds(const struct forecast *f, const struct forecast_rates *rates)
{
	return divide(f->operations, rates->operations) + divide((double)f->read, rates->read) +
	       divide(written(f), rates->written);
}
