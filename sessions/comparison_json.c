#include "sessions/comparison_report.h"
#include "sessions/report.h"
#include "sessions/shipped.h"

static enum err
texts_out(struct json_out *json, const struct comparison *c)
{
	enum err code = OK;

	json_out_array(json, "texts");
	for (size_t i = 0; i < c->setting.text_count && !code; i++) {
		const struct eval_result *result = &c->outcomes[0].texts[i].eval;
		const struct corpus *corpus;

		code = engine_corpus(&corpus, c->engine, c->setting.texts[i],
				     c->setting.eval.field);
		if (code)
			break;
		json_out_object(json, NULL);
		json_out_text(json, "name", c->setting.texts[i]);
		json_out_text(json, "sha256", corpus->sha256);
		json_out_count(json, "bytes", corpus->bytes);
		json_out_count(json, "tokens", corpus->count);
		json_out_count(json, "windows", result->windows);
		json_out_count(json, "scored", result->scored);
		json_out_bool(json, "counts", shipped_text_counts(c->setting.texts[i]));
		json_out_end(json);
	}
	json_out_end(json);
	return code;
}

static void
figure_out(struct json_out *json, const char *key, struct figure figure)
{
	json_out_object(json, key);
	json_out_number(json, "delta_nll", figure.mean);
	json_out_number(json, "se", figure.se);
	json_out_end(json);
}

static void
noise_out(struct json_out *json, const struct comparison *c, size_t index)
{
	const struct outcome *outcome = &c->outcomes[index];

	if (!outcome->has_noise) {
		json_out_null(json, "noise");
		return;
	}
	json_out_object(json, "noise");
	json_out_count(json, "seed", c->setting.noise_seed);
	json_out_number(json, "weight_error", fit_weight_error(&outcome->noise_fit));
	json_out_number(json, "output_error", fit_output_error(&outcome->noise_fit));
	json_out_array(json, "texts");
	for (size_t i = 0; i < c->setting.text_count; i++) {
		const struct eval_result *r = &outcome->texts[i].noise;

		json_out_object(json, NULL);
		json_out_text(json, "text", c->setting.texts[i]);
		json_out_number(json, "delta_nll", r->delta.mean);
		json_out_number(json, "se", r->delta.se);
		json_out_number(json, "kl", r->kl_mean);
		json_out_end(json);
	}
	json_out_end(json);
	figure_out(json, "mean", comparison_mean(c, index, figure_noise));
	json_out_end(json);
}

static void
seeds_out(struct json_out *json, const struct comparison *c, const struct contender *candidate,
	  const struct outcome *outcome)
{
	struct spread spread;

	if (!outcome->seed_count) {
		json_out_null(json, "seeds");
		return;
	}
	spread = outcome_spread(outcome);
	json_out_object(json, "seeds");
	json_out_count(json, "first", candidate->recipe.calibration.seed);
	json_out_array(json, "delta_nll");
	for (size_t i = 0; i < c->setting.seeds; i++)
		json_out_number(json, NULL, outcome->seed_deltas[i]);
	json_out_end(json);
	json_out_number(json, "mean", spread.mean);
	json_out_number(json, "min", spread.low);
	json_out_number(json, "max", spread.high);
	json_out_end(json);
}

static void
size_out(struct json_out *json, const struct outcome *outcome)
{
	report_engine_bits(json, "bits", outcome->bits);
	json_out_object(json, "bytes");
	json_out_count(json, "disk", outcome->disk);
	json_out_count(json, "memory", outcome->memory);
	json_out_end(json);
}

static enum err
recipe_named(struct json_out *json, const struct contender *candidate)
{
	const struct quantizer *method = contender_method(candidate);
	char hash[HASH_HEX];
	enum err code;

	json_out_text(json, "method", method ? method->name : NULL);
	if (candidate->kind != CONTENDER_RECIPE) {
		json_out_null(json, "recipe");
		json_out_null(json, "recipe_sha256");
		return OK;
	}
	code = recipe_hash(hash, &candidate->recipe);
	recipe_out(json, "recipe", &candidate->recipe);
	json_out_text(json, "recipe_sha256", code ? NULL : hash);
	return code;
}

static enum err
evals_out(struct json_out *json, const struct comparison *c, const struct outcome *outcome)
{
	enum err code = OK;

	json_out_array(json, "eval");
	for (size_t i = 0; i < c->setting.text_count && !code; i++) {
		const struct text_outcome *text = &outcome->texts[i];
		const struct corpus *corpus;

		code = engine_corpus(&corpus, c->engine, c->setting.texts[i],
				     c->setting.eval.field);
		if (!code)
			report_eval_bands(json, c->setting.texts[i], corpus, &text->eval,
					  outcome->has_effects ? &text->weights : NULL,
					  &text->bands);
	}
	json_out_end(json);
	return code;
}

static enum err
candidate_out(struct json_out *json, const struct comparison *c, size_t index,
	      const struct comparison_hooks *hooks)
{
	const struct contender *candidate = &c->candidates->list[index];
	const struct outcome *outcome = &c->outcomes[index];
	const char *path = candidate->path;
	enum err code;

	if (candidate->kind == CONTENDER_BASELINE)
		path = engine_model(c->engine)->path;
	json_out_object(json, NULL);
	json_out_text(json, "name", candidate->name);
	json_out_text(json, "kind", contender_kinds[candidate->kind]);
	json_out_text(json, "path", path);
	code = recipe_named(json, candidate);
	size_out(json, outcome);
	json_out_number(json, "weight_error", fit_weight_error(&outcome->fit));
	json_out_number(json, "output_error", fit_output_error(&outcome->fit));
	figure_out(json, "mean", comparison_mean(c, index, figure_delta));
	if (!code)
		code = evals_out(json, c, outcome);
	noise_out(json, c, index);
	seeds_out(json, c, candidate, outcome);
	json_out_array(json, "tasks");
	if (hooks && hooks->report)
		hooks->report(hooks->ctx, index, json);
	json_out_end(json);
	json_out_number(json, "seconds", outcome->seconds);
	json_out_end(json);
	return code;
}

static void
pairs_out(struct json_out *json, const struct comparison *c, size_t a, size_t b)
{
	const struct contender *list = c->candidates->list;

	for (size_t i = 0; i < c->setting.text_count; i++) {
		struct figure pair = comparison_pair(c, a, b, i);

		json_out_object(json, NULL);
		json_out_text(json, "a", list[a].name);
		json_out_text(json, "b", list[b].name);
		json_out_text(json, "text", c->setting.texts[i]);
		json_out_number(json, "delta_nll", pair.mean);
		json_out_number(json, "se", pair.se);
		json_out_end(json);
	}
}

enum err
comparison_json(struct json_out *json, const struct comparison *c,
		const struct comparison_hooks *hooks)
{
	size_t count = c->candidates->count;
	enum err code = texts_out(json, c);

	json_out_array(json, "candidates");
	for (size_t i = 0; i < count && !code; i++)
		code = candidate_out(json, c, i, hooks);
	json_out_end(json);
	json_out_array(json, "pairs");
	for (size_t a = 0; a < count; a++)
		for (size_t b = a + 1; b < count; b++)
			pairs_out(json, c, a, b);
	json_out_end(json);
	json_out_array(json, "pareto");
	for (size_t i = 0; i < count; i++)
		if (comparison_on_front(c, i))
			json_out_text(json, NULL, c->candidates->list[i].name);
	json_out_end(json);
	return code;
}
