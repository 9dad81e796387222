/* The scene as JSON (qscope.state/1): the same values that were drawn. */
#include "sessions/json_out.h"
#include "tui/app.h"
#include "tui/knob.h"
#include "sessions/picture.h"
#include "tui/view.h"

#include <math.h>

static const char *const states[] = { [RESULT_KEPT] = "kept",
				      [RESULT_MISSING] = "missing",
				      [RESULT_RUNNING] = "running",
				      [RESULT_READY] = "ready",
				      [RESULT_FAILED] = "failed" };

static void
map_out(struct json_out *json, const struct scene_map *map, const struct model *model)
{
	json_out_object(json, "map");
	json_out_text(json, "metric", map->metric->name);
	json_out_array(json, "layers");
	for (size_t i = 0; i < map->rows * map->columns; i++) {
		if (map->layers[i] < 0)
			continue;
		json_out_object(json, NULL);
		json_out_text(json, "name", model->layers[map->layers[i]].name);
		json_out_number(json, "value", map->cells[i]);
		json_out_end(json);
	}
	json_out_end(json);
	json_out_end(json);
}

static void
layer_out(struct json_out *json, const struct scene_layer *layer)
{
	json_out_object(json, "layer");
	json_out_text(json, "name", layer->name);
	json_out_text(json, "tensor", layer->tensor);
	json_out_count(json, "rows", layer->rows);
	json_out_count(json, "columns", layer->columns);
	json_out_text(json, "state", states[layer->state]);
	json_out_text(json, "setting", layer->method[0] ? layer->method : NULL);
	json_out_number(json, "bits_per_weight", layer->has ? layer->bits : NAN);
	json_out_object(json, "weight_error");
	json_out_number(json, "mse", layer->has ? layer->mse : NAN);
	json_out_number(json, "relative", layer->has ? layer->relative : NAN);
	json_out_number(json, "sqnr_db", layer->has ? layer->sqnr_db : NAN);
	json_out_number(json, "max_abs", layer->has ? layer->max_abs : NAN);
	json_out_count(json, "clipped", layer->clipped);
	json_out_end(json);
	json_out_object(json, "output_error");
	json_out_number(json, "relative", layer->has_output ? layer->output_relative : NAN);
	json_out_number(json, "per_token", layer->has_output ? layer->output_per_token : NAN);
	json_out_end(json);
	json_out_text(json, "error", layer->error[0] ? layer->error : NULL);
	json_out_end(json);
}

static void
histogram_out(struct json_out *json, const struct scene_histogram *histogram)
{
	json_out_object(json, "histogram");
	json_out_bool(json, "growing", histogram->growing);
	json_out_bool(json, "ghost", histogram->has_ghost);
	json_out_bool(json, "log_counts", histogram->log);
	json_out_number(json, "axis_low", histogram->low);
	json_out_number(json, "axis_high", histogram->high);
	json_out_number(json, "low", histogram->edges[0]);
	json_out_number(json, "high", histogram->edges[HISTOGRAM_BINS]);
	json_out_number(json, "outside_below", histogram->below);
	json_out_number(json, "outside_above", histogram->above);
	json_out_count(json, "count", histogram->count);
	json_out_count(json, "nonfinite", histogram->nonfinite);
	json_out_array(json, "counts");
	for (int i = 0; histogram->has_now && i < HISTOGRAM_BINS; i++)
		json_out_number(json, NULL, histogram->now[i]);
	json_out_end(json);
	json_out_end(json);
}

static void
channels_out(struct json_out *json, const struct scene_channels *channels)
{
	json_out_object(json, "channels");
	json_out_text(json, "kind", channels->kind);
	json_out_count(json, "k", channels->k);
	json_out_array(json, "list");
	for (size_t i = 0; i < channels->count; i++) {
		json_out_object(json, NULL);
		json_out_count(json, "channel", channels->ids[i]);
		json_out_number(json, "value", channels->values[i]);
		json_out_end(json);
	}
	json_out_end(json);
	json_out_end(json);
}

static void
nll_out(struct json_out *json, const char *key, const struct nll *nll)
{
	json_out_object(json, key);
	json_out_number(json, "nll", nll->mean);
	json_out_number(json, "se", nll->se);
	json_out_end(json);
}

static void
text_out(struct json_out *json, const struct scene_text *text)
{
	const struct eval_result *result = &text->result;

	json_out_object(json, NULL);
	json_out_text(json, "name", text->name);
	json_out_text(json, "state", states[text->state]);
	if (text->has) {
		json_out_count(json, "scored", result->scored);
		nll_out(json, "baseline", &result->baseline);
		nll_out(json, "current", &result->current);
		nll_out(json, "delta", &result->delta);
		json_out_number(json, "baseline_ppl", result->baseline_ppl);
		json_out_number(json, "ppl", result->ppl);
		json_out_number(json, "ppl_ratio", result->ppl_ratio);
		json_out_number(json, "kl_mean", result->kl_mean);
		json_out_number(json, "kl_q99", result->kl_q99);
		json_out_number(json, "top1", result->top1_share);
	}
	json_out_text(json, "error", text->error[0] ? text->error : NULL);
	json_out_end(json);
}

static void
lists_out(struct json_out *json, const struct scene *scene)
{
	json_out_object(json, "perplexity");
	json_out_text(json, "protocol", scene->protocol);
	json_out_array(json, "texts");
	for (size_t i = 0; i < scene->text_count; i++)
		text_out(json, &scene->texts[i]);
	json_out_end(json);
	json_out_end(json);
	json_out_array(json, "knobs");
	for (size_t i = 0; i < scene->knob_count; i++) {
		json_out_object(json, NULL);
		json_out_text(json, "name", scene->knobs[i].name);
		json_out_text(json, "value", scene->knobs[i].value);
		json_out_end(json);
	}
	json_out_end(json);
	json_out_array(json, "jobs");
	for (size_t i = 0; i < scene->job_count && i < SCENE_JOBS; i++)
		json_out_text(json, NULL, scene->jobs[i].title);
	json_out_end(json);
}

static void
looks_out(struct json_out *json, const struct app *app)
{
	json_out_text(json, "view", view_at(app->place.focus)->name);
	json_out_bool(json, "zoom", app->place.zoom);
	json_out_count(json, "rows", (uint64_t)app->place.rows);
	json_out_count(json, "columns", (uint64_t)app->place.columns);
	json_out_text(json, "echo", app->echo);
	json_out_text(json, "message", app->message);
}

enum err
scene_json(char **out, const struct app *app)
{
	const struct scene *scene = &app->scene;
	struct json_out *json = json_out_start("qscope.state/1");

	looks_out(json, app);
	json_out_bool(json, "open", scene->open);
	if (scene->open) {
		json_out_text(json, "model", scene->model);
		json_out_text(json, "selection", scene->layer.name);
		json_out_text(json, "scope", scene->scope);
		json_out_object(json, "bits");
		json_out_number(json, "linear", scene->has_bits ? scene->bits.linear : NAN);
		json_out_number(json, "model", scene->has_bits ? scene->bits.model : NAN);
		json_out_end(json);
		recipe_calibration_out(json, "calibration", &scene->calibration);
		json_out_count(json, "step", scene->step + 1);
		json_out_count(json, "steps", scene->steps);
		map_out(json, &scene->map, workspace_model(app->workspace));
		layer_out(json, &scene->layer);
		histogram_out(json, &scene->histogram);
		channels_out(json, &scene->channels);
		lists_out(json, scene);
	}
	return json_out_finish(out, json, JSON_PRETTY);
}
