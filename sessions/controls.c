#include "sessions/controls.h"

#include "core/buf.h"
#include "core/rng.h"
#include "core/weights.h"
#include "sessions/engine_private.h"

#include <math.h>
#include <string.h>

/* --------------------------------------------------------------------------- measuring */

/* NULL where nothing is known: no text, no input, or no token that reached it. */
static enum err
find_statistics(const struct statistics **out, struct engine *engine, int layer,
		const struct calibration_setting *calibration, const struct work *work)
{
	int input = engine->model->layers[layer].input;
	struct calibration_setting settled;
	struct drawn drawn = { 0 };
	enum err code;

	*out = NULL;
	if (!calibration || !calibration->text[0] || input < 0)
		return OK;
	settled = *calibration;
	code = engine_settle(&settled, engine);
	if (!code)
		code = drawn_make(&drawn, engine, &settled);
	if (!code)
		code = statistics_take(out, engine, input, &drawn, NULL, work);
	drawn_clear(&drawn);
	if (!code && !(*out)->tokens)
		*out = NULL;
	return code;
}

enum err
engine_measure(struct measurement **out, struct engine *engine, int layer, const float *weights,
	       const struct calibration_setting *calibration, const struct work *work)
{
	const struct layer *l = &engine->model->layers[layer];
	struct measurement_request request = { .rows = l->rows, .columns = l->columns };
	float *owned = NULL;
	enum err code;

	*out = NULL;
	code = find_statistics(&request.statistics, engine, layer, calibration, work);
	if (!code)
		code = layer_weight_open(&request.weight, &owned, engine->model, layer, NULL, work);
	request.dequantized = weights ? weights : request.weight;
	if (!code)
		code = measurement_run(out, &request, work);
	buf_free(owned);
	return code;
}

/* ------------------------------------------------------------------------------- noise */

/* Box and Muller 1958: two normal numbers from two uniform ones in (0, 1]. */
static void
normal_pair(float out[2], struct rng *rng)
{
	const double unit = 0x1p-53, turn = 6.283185307179586;
	double u = (double)((rng_next(rng) >> 11) + 1) * unit;
	double v = (double)(rng_next(rng) >> 11) * unit;
	double radius = sqrt(-2 * log(u));

	out[0] = (float)(radius * cos(turn * v));
	out[1] = (float)(radius * sin(turn * v));
}

static enum err
fill_normal(float *out, size_t count, uint64_t seed, const struct work *work)
{
	enum { PIECE = 1 << 16 };
	struct rng rng;
	enum err code = OK;

	rng_seed(&rng, seed);
	for (size_t i = 0; i < count && !code; i += 2) {
		float pair[2];

		if (i % PIECE == 0)
			code = work_check(work);
		normal_pair(pair, &rng);
		out[i] = pair[0];
		if (i + 1 < count)
			out[i + 1] = pair[1];
	}
	return code;
}

/* x becomes w + x scaled so that what is added has the energy asked for. */
static void
add_scaled(float *x, const float *w, size_t count, double energy)
{
	double sum = 0, scale;

	for (size_t i = 0; i < count; i++)
		sum += (double)x[i] * (double)x[i];
	scale = sum > 0 ? sqrt(energy / sum) : 0;
	for (size_t i = 0; i < count; i++)
		x[i] = (float)((double)w[i] + scale * (double)x[i]);
}

static enum err
make_weights(struct quantized *out, struct engine *engine, int layer, const struct noise *noise,
	     const struct work *work)
{
	const struct layer *l = &engine->model->layers[layer];
	size_t count = l->rows * l->columns;
	const float *weight;
	float *owned;
	enum err code = layer_weight_open(&weight, &owned, engine->model, layer, NULL, work);

	if (code)
		return code;
	out->rows = l->rows;
	out->columns = l->columns;
	out->dequantized = buf_alloc(count, sizeof(float));
	if (!out->dequantized)
		code = ERR_NOMEM;
	if (!code)
		code = fill_normal(out->dequantized, count, noise->seed * 1000003 + (uint64_t)layer,
				   work);
	if (!code)
		add_scaled(out->dequantized, weight, count, noise->energy);
	buf_free(owned);
	return code;
}

static enum err
key_noise(struct key *out, struct engine *engine, int layer, const struct noise *noise,
	  const struct work *work)
{
	struct key values;
	enum err code = model_key_layer(&values, engine->model, layer, work);

	*out = key_add(key_of("noise/1", 7), &values, sizeof(values));
	*out = key_add(*out, &layer, sizeof(layer));
	*out = key_add(*out, &noise->energy, sizeof(noise->energy));
	*out = key_add(*out, &noise->seed, sizeof(noise->seed));
	return code;
}

enum err
engine_noise(struct layer_result **out, struct engine *engine, int layer, const struct noise *noise,
	     const struct calibration_setting *calibration, const struct work *work)
{
	struct layer_result *result = buf_alloc(1, sizeof(*result));
	enum err code;

	*out = NULL;
	if (!result)
		return ERR_NOMEM;
	result->references = 1;
	result->layer = layer;
	code = key_noise(&result->weights_key, engine, layer, noise, work);
	result->key = result->weights_key;
	if (!code)
		code = make_weights(&result->quantized, engine, layer, noise, work);
	if (!code)
		code = engine_measure(&result->measurement, engine, layer,
				      result->quantized.dequantized, calibration, work);
	if (code)
		layer_result_unref(result);
	else
		*out = result;
	return code;
}
