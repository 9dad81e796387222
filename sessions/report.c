#include "sessions/report.h"

#include "core/buf.h"

#include <string.h>

void
report_bits(struct json_out *json, const char *key, const struct layer_result *result)
{
	const struct quantized *q = &result->quantized;

	json_out_object(json, key);
	json_out_number(json, "per_weight", result->bits_per_weight);
	json_out_number(json, "total", quantized_bits(q));
	json_out_object(json, "parts");
	for (int i = 0; i < PART_COUNT; i++)
		json_out_number(json, part_names[i], q->part_bits[i]);
	json_out_end(json);
	json_out_end(json);
}

void
report_weight_error(struct json_out *json, const char *key, const struct measurement *measurement)
{
	json_out_object(json, key);
	json_out_number(json, "mse", measurement->mse);
	json_out_number(json, "relative", measurement->relative);
	json_out_number(json, "sqnr_db", measurement->sqnr_db);
	json_out_number(json, "max_abs", measurement->max_abs);
	json_out_count(json, "clipped", measurement->clipped);
	json_out_end(json);
}

void
report_output_error(struct json_out *json, const char *key, const struct measurement *measurement)
{
	if (!measurement->has_output) {
		json_out_null(json, key);
		return;
	}
	json_out_object(json, key);
	json_out_number(json, "relative", measurement->output.relative);
	json_out_number(json, "per_token", measurement->output.per_token);
	json_out_number(json, "diagonal_relative", measurement->output.diagonal_relative);
	json_out_end(json);
}

void
report_calibration(struct json_out *json, const char *key,
		   const struct calibration_setting *calibration, size_t sequences, size_t tokens)
{
	if (!calibration || !calibration->text[0] || !sequences) {
		json_out_null(json, key);
		return;
	}
	json_out_object(json, key);
	json_out_text(json, "text", calibration->text);
	json_out_text(json, "sha256", calibration->sha256[0] ? calibration->sha256 : NULL);
	json_out_text(json, "field", calibration->field[0] ? calibration->field : NULL);
	json_out_count(json, "sequences", sequences);
	json_out_count(json, "length", calibration->length);
	json_out_count(json, "tokens", tokens);
	json_out_count(json, "seed", calibration->seed);
	json_out_text(json, "source", calibration->propagated ? "propagated" : "original");
	json_out_end(json);
}

static void
histogram_out(struct json_out *json, const struct histogram *histogram)
{
	json_out_object(json, "histogram");
	json_out_text(json, "quantity", "weight_error");
	json_out_number(json, "low", histogram->low);
	json_out_number(json, "high", histogram->high);
	json_out_array(json, "counts");
	for (size_t i = 0; i < HISTOGRAM_BINS; i++)
		json_out_count(json, NULL, histogram->counts[i]);
	json_out_end(json);
	json_out_count(json, "below", histogram->below);
	json_out_count(json, "above", histogram->above);
	json_out_count(json, "nonfinite", histogram->nonfinite);
	json_out_count(json, "count", histogram->count);
	json_out_end(json);
}

static void
top_out(struct json_out *json, const char *key, const struct measurement *m, int channel,
	uint32_t *top, bool known)
{
	size_t k = known ? m->salient_k : 0;

	if (known)
		measurement_top(top, m, channel, k);
	json_out_array(json, key);
	for (size_t i = 0; i < k; i++) {
		json_out_object(json, NULL);
		json_out_count(json, "channel", top[i]);
		json_out_number(
			json, "value",
			(double)m->channels[(size_t)top[i] * CHANNEL_COUNT + (size_t)channel]);
		json_out_end(json);
	}
	json_out_end(json);
}

static enum err
salient_out(struct json_out *json, const struct layer_result *result)
{
	const struct measurement *m = result->measurement;
	uint32_t *top = buf_alloc(m->salient_k ? m->salient_k : 1, sizeof(*top));

	if (!top)
		return ERR_NOMEM;
	json_out_object(json, "salient");
	json_out_count(json, "k", m->salient_k);
	top_out(json, "mean_abs", m, CHANNEL_MEAN_ABS, top, m->has_output);
	top_out(json, "damage", m, CHANNEL_DAMAGE, top, m->has_output);
	top_out(json, "method_scale", m, CHANNEL_METHOD_SCALE, top,
		result->quantized.method_scale != NULL);
	json_out_end(json);
	buf_free(top);
	return OK;
}

/* Of a method that takes some input columns out of its codes: which, on the calibration text. */
static void
outliers_out(struct json_out *json, const struct quantized *quantized)
{
	const struct quant_array *outliers = quantized_extra(quantized, "outlier_columns");
	const uint32_t *list = outliers ? outliers->data : NULL;

	if (!outliers) {
		json_out_null(json, "outlier_columns");
		return;
	}
	json_out_array(json, "outlier_columns");
	for (size_t i = 0; i < outliers->count; i++)
		json_out_count(json, NULL, list[i]);
	json_out_end(json);
}

static void
layer_out(struct json_out *json, const struct layer *layer)
{
	json_out_object(json, "layer");
	json_out_text(json, "name", layer->name);
	json_out_count(json, "rows", layer->rows);
	json_out_count(json, "columns", layer->columns);
	json_out_end(json);
}

void
report_tokens(struct json_out *json, const struct measurement *measurement)
{
	if (measurement->has_output || measurement->unseen)
		json_out_count(json, "tokens_seen", measurement->tokens);
	else
		json_out_null(json, "tokens_seen");
}

enum err
report_measure(struct json_out *json, const struct engine *engine,
	       const struct layer_result *result, const struct calibration_setting *calibration)
{
	const struct model *model = engine_model(engine);

	layer_out(json, &model->layers[result->layer]);
	json_out_text(json, "method", result->setting.method->name);
	recipe_params_out(json, "params", &result->setting);
	json_out_array(json, "scope");
	for (int i = 0; i < result->scope_count; i++)
		json_out_text(json, NULL, model->layers[result->scope[i]].name);
	json_out_end(json);
	report_calibration(json, "calibration", calibration, result->calibration_sequences,
			   result->calibration_tokens);
	report_bits(json, "bits", result);
	report_weight_error(json, "weight_error", result->measurement);
	report_output_error(json, "output_error", result->measurement);
	histogram_out(json, &result->measurement->histogram);
	report_tokens(json, result->measurement);
	json_out_text(json, "note", result->quantized.note[0] ? result->quantized.note : NULL);
	outliers_out(json, &result->quantized);
	return salient_out(json, result);
}

static void
nll_out(struct json_out *json, const char *key, const struct nll *nll, double ppl, double ppl_se)
{
	json_out_object(json, key);
	json_out_number(json, "nll", nll->mean);
	json_out_number(json, "se", nll->se);
	json_out_number(json, "se_iid", nll->se_iid);
	json_out_number(json, "ppl", ppl);
	json_out_number(json, "ppl_se", ppl_se);
	json_out_end(json);
}

static void
delta_out(struct json_out *json, const struct eval_result *result)
{
	json_out_object(json, "delta");
	json_out_number(json, "nll", result->delta.mean);
	json_out_number(json, "se", result->delta.se);
	json_out_number(json, "se_iid", result->delta.se_iid);
	json_out_number(json, "ppl_ratio", result->ppl_ratio);
	json_out_end(json);
	json_out_object(json, "kl");
	json_out_number(json, "mean", result->kl_mean);
	json_out_number(json, "se", result->kl_se);
	json_out_number(json, "q50", result->kl_q50);
	json_out_number(json, "q90", result->kl_q90);
	json_out_number(json, "q99", result->kl_q99);
	json_out_number(json, "max", result->kl_max);
	json_out_end(json);
	json_out_object(json, "top1");
	json_out_number(json, "share", result->top1_share);
	json_out_number(json, "se", result->top1_se);
	json_out_end(json);
}

static void
current_out(struct json_out *json, const struct eval_result *result)
{
	nll_out(json, "current", &result->current, result->ppl, result->ppl_se);
	delta_out(json, result);
}

/* An object of one text, left open. */
static void
open_eval(struct json_out *json, const char *name, const struct corpus *corpus,
	  const struct eval_result *result, const struct eval_result *weights)
{
	json_out_object(json, NULL);
	json_out_text(json, "name", name);
	json_out_text(json, "sha256", corpus->sha256);
	json_out_count(json, "bytes", corpus->bytes);
	json_out_count(json, "tokens", corpus->count);
	json_out_count(json, "windows", result->windows);
	json_out_count(json, "scored", result->scored);
	nll_out(json, "baseline", &result->baseline, result->baseline_ppl, result->baseline_ppl_se);
	if (result->has_current) {
		current_out(json, result);
	} else {
		json_out_null(json, "current");
		json_out_null(json, "delta");
		json_out_null(json, "kl");
		json_out_null(json, "top1");
	}
	if (weights) {
		json_out_object(json, "weight_only");
		current_out(json, weights);
		json_out_end(json);
	} else {
		json_out_null(json, "weight_only");
	}
}

void
report_eval(struct json_out *json, const char *name, const struct corpus *corpus,
	    const struct eval_result *result, const struct eval_result *weights)
{
	open_eval(json, name, corpus, result, weights);
	json_out_end(json);
}

static void
bands_out(struct json_out *json, const char *key, const struct loss_band *bands, size_t count)
{
	json_out_array(json, key);
	for (size_t i = 0; i < count; i++) {
		json_out_object(json, NULL);
		json_out_count(json, "low", bands[i].low);
		json_out_count(json, "high", bands[i].high);
		json_out_count(json, "scored", bands[i].scored);
		json_out_number(json, "baseline", bands[i].baseline);
		json_out_number(json, "current", bands[i].current);
		json_out_number(json, "delta", bands[i].delta);
		json_out_number(json, "se", bands[i].se);
		json_out_end(json);
	}
	json_out_end(json);
}

void
report_eval_bands(struct json_out *json, const char *name, const struct corpus *corpus,
		  const struct eval_result *result, const struct eval_result *weights,
		  const struct loss_bands *bands)
{
	open_eval(json, name, corpus, result, weights);
	bands_out(json, "bands", bands->frequency, bands->frequencies);
	bands_out(json, "positions", bands->position, bands->positions);
	json_out_end(json);
}

void
report_engine_bits(struct json_out *json, const char *key, struct engine_bits bits)
{
	json_out_object(json, key);
	json_out_number(json, "linear", bits.linear);
	json_out_number(json, "model", bits.model);
	json_out_end(json);
}

void
report_protocol(struct json_out *json, const struct protocol *protocol,
		const struct eval_shape *shape, size_t windows)
{
	json_out_object(json, "protocol");
	json_out_text(json, "name", protocol->name);
	json_out_count(json, "context", shape->context);
	json_out_count(json, "scored_per_window", shape->scored_per_window);
	if (shape->bos < 0)
		json_out_null(json, "bos");
	else
		json_out_integer(json, "bos", shape->bos);
	json_out_count(json, "windows", windows);
	json_out_end(json);
}
