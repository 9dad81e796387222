/* What shows how much of a difference is the method's: noise as strong as its error, and other
 * draws of the calibration text. */
#include "core/buf.h"
#include "sessions/comparison_private.h"
#include "sessions/controls.h"

#include <string.h>

static enum err
noise_layer(struct layer_result **result, const struct turn *turn)
{
	struct engine *engine = turn->comparison->engine;
	const struct measurement *m = (*result)->measurement;
	struct noise noise = { .energy = m->mse * (double)m->rows * (double)m->columns,
			       .seed = turn->comparison->setting.noise_seed };
	struct layer_result *made;
	enum err code = engine_noise(&made, engine, (*result)->layer, &noise,
				     &turn->candidate->recipe.calibration, turn->work);

	if (!code)
		code = engine_park(&made, engine, turn->work);
	if (code) {
		layer_result_unref(made);
		return code;
	}
	layer_result_unref(*result);
	*result = made;
	return OK;
}

/* Layer by layer, so that no second set of them is held. */
enum err
turn_noise(const struct turn *turn, struct layer_result **results)
{
	size_t count = engine_model(turn->comparison->engine)->layer_count;
	enum err code = OK;

	for (size_t i = 0; i < count && !code; i++)
		if (results[i] && !(code = work_check(turn->work)))
			code = noise_layer(&results[i], turn);
	return code;
}

/* -------------------------------------------------------------------------------- seeds */

static enum err
evaluate_seed(double *out, const struct turn *turn, struct layer_result *const *results)
{
	struct comparison *c = turn->comparison;
	struct text_outcome *kept = turn->outcome->texts;
	struct text_outcome *texts = buf_alloc(c->setting.text_count, sizeof(*texts));
	enum err code = texts ? OK : ERR_NOMEM;

	for (size_t i = 0; i < c->setting.text_count && !code; i++) {
		struct eval_setting setting = c->setting.eval;

		setting.text = c->setting.texts[i];
		code = engine_evaluate(&texts[i].eval, c->engine, &setting, results, turn->work);
	}
	if (!code) {
		turn->outcome->texts = texts;
		*out = comparison_mean(c, turn->index, figure_delta).mean;
		turn->outcome->texts = kept;
	}
	buf_free(texts);
	return code;
}

static enum err
run_seed(double *out, const struct turn *turn, size_t number)
{
	struct engine *engine = turn->comparison->engine;
	size_t count = engine_model(engine)->layer_count;
	struct layer_result **results = buf_alloc(count, sizeof(struct layer_result *));
	struct recipe recipe = turn->candidate->recipe; /* borrows its rules */
	enum err code = results ? OK : ERR_NOMEM;

	recipe.calibration.seed += number;
	turn_phase(turn, "calibration seed %zu of %zu", number + 1,
		   turn->comparison->setting.seeds);
	if (!code)
		code = engine_apply(results, engine, &recipe, turn->work);
	if (!code)
		code = evaluate_seed(out, turn, results);
	layer_results_free(results, count);
	return code;
}

/* The first is what the candidate itself was calibrated with. */
enum err
turn_seeds(const struct turn *turn)
{
	struct outcome *outcome = turn->outcome;
	size_t seeds = turn->comparison->setting.seeds;
	enum err code = OK;

	if (seeds < 2 || !contender_calibrates(turn->candidate))
		return OK;
	outcome->seed_deltas = buf_alloc(seeds, sizeof(*outcome->seed_deltas));
	if (!outcome->seed_deltas)
		return ERR_NOMEM;
	outcome->seed_deltas[0] = comparison_mean(turn->comparison, turn->index, figure_delta).mean;
	for (size_t i = 1; i < seeds && !code; i++)
		code = run_seed(&outcome->seed_deltas[i], turn, i);
	outcome->seed_count = seeds;
	return code;
}

struct spread
outcome_spread(const struct outcome *outcome)
{
	const double *deltas = outcome->seed_deltas;
	struct spread out = { 0, deltas[0], deltas[0] };

	for (size_t i = 0; i < outcome->seed_count; i++) {
		out.mean += deltas[i] / (double)outcome->seed_count;
		out.low = deltas[i] < out.low ? deltas[i] : out.low;
		out.high = deltas[i] > out.high ? deltas[i] : out.high;
	}
	return out;
}
