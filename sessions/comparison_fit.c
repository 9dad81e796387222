/* How near a candidate's linear layers are to the baseline's, all of them together. */
#include "core/buf.h"
#include "core/weights.h"
#include "sessions/comparison_private.h"
#include "sessions/controls.h"

#include <math.h>

static enum err
sum_squares(double *out, const struct model *model, int layer, const struct work *work)
{
	size_t count = model->layers[layer].rows * model->layers[layer].columns;
	const float *weight;
	float *owned = NULL;
	enum err code = layer_weight_open(&weight, &owned, model, layer, NULL, work);

	*out = 0;
	for (size_t i = 0; i < count && !code; i++)
		*out += (double)weight[i] * (double)weight[i];
	buf_free(owned);
	return code;
}

enum err
fit_weights(double *out, const struct engine *engine, const struct work *work)
{
	const struct model *model = engine_model(engine);
	enum err code = OK;

	for (size_t i = 0; i < model->layer_count && !code; i++) {
		if (!(code = work_check(work)) && engine_is_linear(engine, (int)i))
			code = sum_squares(&out[i], model, (int)i, work);
	}
	return code;
}

static void
add(struct fit *fit, const struct measurement *m, double weight)
{
	fit->error += m->mse * (double)m->rows * (double)m->columns;
	fit->weight += weight;
	if (m->has_output) {
		fit->output += m->output.per_token;
		fit->signal += m->output.signal;
	}
}

/* A layer with these weights; NULL: as it is, which only tells its signal. */
static enum err
add_measured(struct fit *fit, const struct turn *turn, int layer, const float *weights)
{
	const struct comparison *c = turn->comparison;
	struct measurement *m;
	enum err code = engine_measure(&m, c->engine, layer, weights,
				       &turn->candidate->recipe.calibration, turn->work);

	if (code)
		return code;
	add(fit, m, c->weights[layer]);
	measurement_free(m);
	return OK;
}

enum err
fit_results(struct fit *out, const struct turn *turn, struct layer_result *const *results)
{
	const struct comparison *c = turn->comparison;
	enum err code = OK;

	*out = (struct fit){ 0 };
	for (size_t i = 0; i < engine_model(c->engine)->layer_count && !code; i++) {
		if (!engine_is_linear(c->engine, (int)i))
			continue;
		if (results[i])
			add(out, results[i]->measurement, c->weights[i]);
		else if (!(code = work_check(turn->work)))
			code = add_measured(out, turn, (int)i, NULL);
	}
	return code;
}

enum err
fit_model(struct fit *out, const struct turn *turn, const struct model *model)
{
	const struct comparison *c = turn->comparison;
	enum err code = OK;

	*out = (struct fit){ 0 };
	for (size_t i = 0; i < model->layer_count && !code; i++) {
		const float *weight;
		float *owned = NULL;

		if (!engine_is_linear(c->engine, (int)i))
			continue;
		code = work_check(turn->work);
		if (!code)
			code = layer_weight_open(&weight, &owned, model, (int)i, NULL, turn->work);
		if (!code)
			code = add_measured(out, turn, (int)i, weight);
		buf_free(owned);
	}
	return code;
}

double
fit_weight_error(const struct fit *fit)
{
	return fit->weight > 0 ? fit->error / fit->weight : fit->error > 0 ? (double)INFINITY : 0;
}

double
fit_output_error(const struct fit *fit)
{
	return fit->signal > 0 ? fit->output / fit->signal : (double)NAN;
}
