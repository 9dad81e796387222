#include "sessions/comparison.h"

#include "core/buf.h"
#include "sessions/comparison_private.h"
#include "sessions/controls.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* -------------------------------------------------------------------------------- opening */

static enum err
check_layer(const struct contender *candidate, const struct layer *layer,
	    const struct layer_setting *setting)
{
	const struct quantizer *method = setting->method;
	enum err code = OK;

	if (method && method->needs && layer->input < 0)
		return err_at(ERR_UNSUPPORTED, candidate->path, candidate->name,
			      "%s calibrates on the inputs of a layer and %s has none",
			      method->name, layer->name);
	if (method && method->check)
		code = method->check(&setting->params, layer->rows, layer->columns);
	return code ? err_at(code, candidate->path, candidate->name, "%s: %s", layer->name,
			     err_last()->message)
		    : OK;
}

static enum err
check_candidate(const struct engine *engine, const struct contender *candidate,
		struct layer_setting *settings)
{
	const struct model *model = engine_model(engine);
	enum err code = OK;

	if (candidate->kind == CONTENDER_CHECKPOINT)
		return rival_check(engine, candidate->path);
	if (candidate->kind == CONTENDER_BASELINE)
		return OK;
	if (contender_calibrates(candidate) && !candidate->recipe.calibration.text[0])
		return err_at(ERR_USAGE, candidate->path, candidate->name,
			      "needs a calibration text; name one with --calibration");
	code = engine_plan(settings, NULL, engine, &candidate->recipe);
	for (size_t i = 0; i < model->layer_count && !code; i++)
		code = check_layer(candidate, &model->layers[i], &settings[i]);
	return code;
}

static enum err
check_all(const struct comparison *c)
{
	size_t count = engine_model(c->engine)->layer_count;
	struct layer_setting *settings = buf_alloc(count, sizeof(*settings));
	enum err code = settings ? OK : ERR_NOMEM;

	for (size_t i = 0; i < c->candidates->count && !code; i++)
		code = check_candidate(c->engine, &c->candidates->list[i], settings);
	buf_free(settings);
	return code;
}

static enum err
make_room(struct comparison *c)
{
	c->outcomes = buf_alloc(c->candidates->count, sizeof(*c->outcomes));
	c->weights = buf_alloc(engine_model(c->engine)->layer_count, sizeof(*c->weights));
	if (!c->outcomes || !c->weights)
		return ERR_NOMEM;
	for (size_t i = 0; i < c->candidates->count; i++) {
		c->outcomes[i].texts =
			buf_alloc(c->setting.text_count, sizeof(struct text_outcome));
		if (!c->outcomes[i].texts)
			return ERR_NOMEM;
	}
	return OK;
}

enum err
comparison_open(struct comparison **out, struct engine *engine, const struct contenders *candidates,
		const struct comparison_setting *setting)
{
	struct comparison *c = buf_alloc(1, sizeof(*c));
	enum err code;

	*out = NULL;
	if (!c)
		return ERR_NOMEM;
	*c = (struct comparison){ .engine = engine, .candidates = candidates, .setting = *setting };
	code = make_room(c);
	if (!code)
		code = check_all(c);
	if (code)
		comparison_free(c);
	else
		*out = c;
	return code;
}

static void
outcome_clear(struct outcome *outcome, size_t texts)
{
	for (size_t i = 0; outcome->texts && i < texts; i++)
		buf_free(outcome->texts[i].nll);
	buf_free(outcome->texts);
	buf_free(outcome->seed_deltas);
}

void
comparison_free(struct comparison *c)
{
	if (!c)
		return;
	for (size_t i = 0; c->outcomes && i < c->candidates->count; i++)
		outcome_clear(&c->outcomes[i], c->setting.text_count);
	buf_free(c->outcomes);
	buf_free(c->weights);
	buf_free(c);
}

/* ----------------------------------------------------------------------------- evaluating */

void
turn_phase(const struct turn *turn, const char *fmt, ...)
{
	char what[200], title[600];
	va_list ap;

	if (!turn->hooks || !turn->hooks->phase)
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(title, sizeof(title), "%zu of %zu, %.300s: %s", turn->index + 1,
		 turn->comparison->candidates->count, turn->candidate->name, what);
	turn->hooks->phase(turn->hooks->ctx, title);
}

static enum err
keep_bands(struct text_outcome *out, const struct comparison *c, const char *text,
	   const struct token_losses *losses)
{
	const struct corpus *corpus;
	enum err code = engine_corpus(&corpus, c->engine, text, c->setting.eval.field);

	return code ? code
		    : loss_bands_of(
			      &out->bands, losses,
			      &(struct loss_text){ .ids = corpus->ids,
						   .count = corpus->count,
						   .vocab = engine_model(c->engine)->shape.vocab });
}

/* What pairs need of the losses. */
static enum err
keep_windows(struct text_outcome *out, const struct token_losses *losses)
{
	const double *nll = losses->current ? losses->current : losses->baseline;

	out->nll = buf_alloc(losses->windows, sizeof(*out->nll));
	if (!out->nll)
		return ERR_NOMEM;
	for (size_t i = 0; i < losses->count; i++)
		out->nll[i / losses->per_window] += nll[i] / (double)losses->per_window;
	return OK;
}

static enum err
evaluate_text(const struct turn *turn, const struct subject *subject, size_t index)
{
	struct comparison *c = turn->comparison;
	struct text_outcome *out = &turn->outcome->texts[index];
	struct eval_setting setting = c->setting.eval;
	struct token_losses *losses = NULL;
	enum err code;

	setting.text = c->setting.texts[index];
	turn_phase(turn, "evaluating %s", setting.text);
	if (subject->model)
		code = engine_evaluate_model(&out->eval, &losses, c->engine, &setting,
					     subject->model, turn->work);
	else
		code = engine_evaluate_losses(&out->eval, &losses, c->engine, &setting,
					      subject->results, turn->work);
	if (!code)
		code = keep_windows(out, losses);
	if (!code)
		code = keep_bands(out, c, setting.text, losses);
	token_losses_free(losses);
	setting.weights_only = true;
	if (!code && turn->outcome->has_effects)
		code = engine_evaluate(&out->weights, c->engine, &setting, subject->results,
				       turn->work);
	return code;
}

static enum err
evaluate(const struct turn *turn, const struct subject *subject)
{
	enum err code = OK;

	for (size_t i = 0; i < turn->comparison->setting.text_count && !code; i++)
		code = evaluate_text(turn, subject, i);
	if (!code && turn->hooks && turn->hooks->measure)
		code = turn->hooks->measure(turn->hooks->ctx, turn->index, subject, turn->work);
	return code;
}

/* ------------------------------------------------------------------------------ candidates */

static enum err
run_baseline(const struct turn *turn)
{
	const struct comparison *c = turn->comparison;
	struct outcome *out = turn->outcome;
	struct subject subject = { 0 };

	out->bits = engine_bits(c->engine, NULL);
	out->disk = rival_disk(engine_model(c->engine));
	out->memory = (uint64_t)out->bits.bytes;
	for (size_t i = 0; i < engine_model(c->engine)->layer_count; i++)
		out->fit.weight += c->weights[i];
	/* No error, of whatever signal. */
	out->fit.signal = turn->candidate->recipe.calibration.text[0] ? 1 : 0;
	return evaluate(turn, &subject);
}

static enum err
run_checkpoint(const struct turn *turn)
{
	const struct engine *engine = turn->comparison->engine;
	struct outcome *out = turn->outcome;
	struct subject subject = { 0 };
	struct model *model;
	enum err code = rival_open(&model, engine, turn->candidate->path, turn->work);

	if (code)
		return code;
	subject.model = model;
	out->bits = rival_bits(engine, model, turn->candidate->bits);
	out->disk = rival_disk(model);
	out->memory = (uint64_t)ceil(out->bits.bytes);
	turn_phase(turn, "measuring every layer");
	code = fit_model(&out->fit, turn, model);
	if (!code)
		code = evaluate(turn, &subject);
	model_free(model);
	return code;
}

/* Layers solved together share one time. */
static void
look_at(struct outcome *out, struct layer_result *const *results, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!results[i])
			continue;
		out->seconds += results[i]->seconds / (double)results[i]->scope_count;
		out->has_effects |= results[i]->quantized.effect != NULL;
	}
}

/* In place of the results, which the caller still frees. */
static enum err
run_noise(const struct turn *turn, struct layer_result **results)
{
	struct comparison *c = turn->comparison;
	struct eval_setting setting = c->setting.eval;
	struct outcome *out = turn->outcome;
	enum err code;

	turn_phase(turn, "noise of equal energy");
	code = turn_noise(turn, results);
	if (!code)
		code = fit_results(&out->noise_fit, turn, results);
	for (size_t i = 0; i < c->setting.text_count && !code; i++) {
		setting.text = c->setting.texts[i];
		code = engine_evaluate(&out->texts[i].noise, c->engine, &setting, results,
				       turn->work);
	}
	out->has_noise = true;
	return code;
}

static enum err
run_recipe(const struct turn *turn)
{
	struct engine *engine = turn->comparison->engine;
	size_t count = engine_model(engine)->layer_count;
	struct layer_result **results = buf_alloc(count, sizeof(struct layer_result *));
	struct subject subject = { .results = results };
	struct outcome *out = turn->outcome;
	enum err code = results ? OK : ERR_NOMEM;

	turn_phase(turn, "quantizing every layer");
	if (!code)
		code = engine_apply(results, engine, &turn->candidate->recipe, turn->work);
	if (!code) {
		look_at(out, results, count);
		out->bits = engine_bits(engine, results);
		out->disk = out->memory = (uint64_t)ceil(out->bits.bytes);
		code = fit_results(&out->fit, turn, results);
	}
	if (!code)
		code = evaluate(turn, &subject);
	if (!code && turn->candidate->noise)
		code = run_noise(turn, results);
	layer_results_free(results, count);
	return code ? code : turn_seeds(turn);
}

static enum err
run_turn(const struct turn *turn)
{
	static enum err (*const by_kind[])(const struct turn *turn) = {
		[CONTENDER_BASELINE] = run_baseline,
		[CONTENDER_RECIPE] = run_recipe,
		[CONTENDER_CHECKPOINT] = run_checkpoint,
	};
	enum err code = by_kind[turn->candidate->kind](turn);

	if (code && code != ERR_CANCELLED && turn->candidate->kind == CONTENDER_RECIPE)
		return err_at(code, err_last()->file, err_last()->item, "%s (candidate %s)",
			      err_last()->message, turn->candidate->name);
	return code;
}

enum err
comparison_run(struct comparison *c, const struct comparison_hooks *hooks, const struct work *work)
{
	enum err code = fit_weights(c->weights, c->engine, work);

	for (size_t i = 0; i < c->candidates->count && !code; i++) {
		const struct turn turn = { .comparison = c,
					   .index = i,
					   .candidate = &c->candidates->list[i],
					   .outcome = &c->outcomes[i],
					   .hooks = hooks,
					   .work = work };

		code = work_check(work);
		if (!code)
			code = run_turn(&turn);
	}
	return code;
}
