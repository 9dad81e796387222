/* One layer quantized and measured, or the same from what is kept. */
#include "core/buf.h"
#include "core/jobs.h"
#include "core/weights.h"
#include "sessions/engine_private.h"

#include <stdio.h>
#include <string.h>

/* Everything one solve works on. */
struct solve {
	struct engine *engine;
	const struct quantize_request *request;
	const struct work *work;
	int members[SCOPE_LAYERS_MAX], count;
	struct key weights_key[SCOPE_LAYERS_MAX], key[SCOPE_LAYERS_MAX];
	float *weights[SCOPE_LAYERS_MAX];
	bool unseen[SCOPE_LAYERS_MAX]; /* no token reached the input, */
	struct statistics *neutral;    /* so these stand for its statistics */
	struct quant_layer layers[SCOPE_LAYERS_MAX];
	struct quantized out[SCOPE_LAYERS_MAX];
	double seconds;
};

struct layer_result *
layer_result_ref(struct layer_result *result)
{
	if (result)
		atomic_fetch_add(&result->references, 1);
	return result;
}

void
layer_result_unref(struct layer_result *result)
{
	if (!result || atomic_fetch_sub(&result->references, 1) > 1)
		return;
	quantized_free(&result->quantized);
	measurement_free(result->measurement);
	parked_free(result->parked);
	buf_free(result);
}

void
layer_results_free(struct layer_result **results, size_t count)
{
	for (size_t i = 0; results && i < count; i++)
		layer_result_unref(results[i]);
	buf_free(results);
}

/* --------------------------------------------------------------------------- scope */

static bool
in_scope(const struct model *model, enum scope scope, int layer, int other)
{
	const struct layer *a = &model->layers[layer], *b = &model->layers[other];

	if (scope == SCOPE_INPUT_GROUP && a->input >= 0)
		return a->input == b->input;
	if (scope == SCOPE_BLOCK && a->block >= 0)
		return a->block == b->block;
	return layer == other;
}

static enum err
find_members(struct solve *solve)
{
	const struct model *model = solve->engine->model;
	const struct quantizer *method = solve->request->setting->method;

	for (size_t i = 0; i < model->layer_count; i++) {
		if (!in_scope(model, method->scope, solve->request->layer, (int)i))
			continue;
		if (solve->count == SCOPE_LAYERS_MAX)
			return err_at(ERR_UNSUPPORTED, model->path, model->layers[i].name,
				      "%s solves at most %d layers together; use another method",
				      method->name, SCOPE_LAYERS_MAX);
		solve->members[solve->count++] = (int)i;
	}
	return OK;
}

static bool
is_foldable(const struct model *model, const struct layer *layer)
{
	const struct model_input *input = layer->input < 0 ? NULL : &model->inputs[layer->input];

	return input && (input->fold_norm >= 0 || input->fold_layer >= 0);
}

/* What can be refused before anything runs. */
static enum err
check_members(const struct solve *solve)
{
	const struct model *model = solve->engine->model;
	const struct layer_setting *setting = solve->request->setting;
	enum err code = OK;

	for (int i = 0; i < solve->count && !code; i++) {
		const struct layer *layer = &model->layers[solve->members[i]];

		if (setting->method->needs && layer->input < 0)
			return err_at(
				ERR_UNSUPPORTED, model->path, layer->name,
				"%s calibrates on a layer's inputs, and embeddings have none; "
				"use a method that needs no calibration: qscope methods",
				setting->method->name);
		if (setting->method->check)
			code = setting->method->check(&setting->params, layer->rows,
						      layer->columns);
		if (code && !err_last()->item[0])
			return err_at(code, model->path, layer->name, "%s", err_last()->message);
	}
	if (!code && setting->method->needs && !solve->request->drawn)
		return err_at(ERR_USAGE, NULL, setting->method->name,
			      "needs a calibration text; name one with --calibration");
	return code;
}

/* ---------------------------------------------------------------------------- keys */

static struct key
key_params(struct key key, const struct layer_setting *setting)
{
	const struct quantizer *method = setting->method;

	key = key_add_text(key, method->name);
	key = key_add(key, &method->method_version, sizeof(method->method_version));
	for (size_t i = 0; i < param_count(method->params); i++) {
		double value = setting->params.v[i] + 0.0; /* no minus zero */

		key = key_add_text(key, method->params[i].name);
		key = key_add(key, &value, sizeof(value));
	}
	return key;
}

static enum err
key_layer(struct key *key, const struct model *model, int index, const struct work *work)
{
	const struct layer *layer = &model->layers[index];
	struct key values;
	bool foldable = is_foldable(model, layer);
	enum err code = model_key_layer(&values, model, index, work);

	if (code)
		return code;
	*key = key_add(*key, &values, sizeof(values));
	*key = key_add(*key, &layer->rows, sizeof(layer->rows));
	*key = key_add(*key, &layer->columns, sizeof(layer->columns));
	*key = key_add(*key, &foldable, sizeof(foldable));
	return OK;
}

static struct key
key_statistics(struct key key, const struct solve *solve, int member)
{
	const struct quantize_request *request = solve->request;
	int input = solve->engine->model->layers[member].input;
	struct key of;

	if (!request->drawn || input < 0)
		return key_add_text(key, "no statistics");
	of = statistics_key(solve->engine, input, request->drawn, true, request->upstream);
	return key_add(key, &of, sizeof(of));
}

static enum err
make_keys(struct solve *solve)
{
	const struct model *model = solve->engine->model;
	const struct layer_setting *setting = solve->request->setting;
	struct key scope = key_params(key_of("weights/2", 9), setting);
	enum err code = OK;

	for (int i = 0; i < solve->count && !code; i++)
		code = key_layer(&scope, model, solve->members[i], solve->work);
	for (int i = 0; i < solve->count && !code && setting->method->needs; i++)
		scope = key_statistics(scope, solve, solve->members[i]);
	if (setting->method->needs)
		scope = key_add_text(scope, engine_profile());
	for (int i = 0; i < solve->count; i++) {
		solve->weights_key[i] = key_add(scope, &i, sizeof(i));
		solve->key[i] = key_add_text(solve->weights_key[i], "result/1");
		solve->key[i] = key_statistics(solve->key[i], solve, solve->members[i]);
		solve->key[i] = key_add_text(solve->key[i], model->layers[solve->members[i]].name);
	}
	return code;
}

/* --------------------------------------------------------------------------- solving */

/* One for all members: they share an input, or there is but one. */
static enum err
take_neutral(struct solve *solve, struct quant_layer *out)
{
	enum err code = OK;

	if (!solve->neutral)
		code = statistics_neutral(&solve->neutral, out->columns);
	out->statistics = solve->neutral;
	return code;
}

static enum err
prepare(struct solve *solve, int i)
{
	const struct model *model = solve->engine->model;
	const struct quantize_request *request = solve->request;
	const struct layer *layer = &model->layers[solve->members[i]];
	struct quant_layer *out = &solve->layers[i];
	enum err code = OK;

	*out = (struct quant_layer){ .name = layer->name,
				     .rows = layer->rows,
				     .columns = layer->columns,
				     .foldable = is_foldable(model, layer) };
	/* First the statistics: taking them may run whole blocks. */
	if (request->drawn && layer->input >= 0)
		code = statistics_take(&out->statistics, solve->engine, layer->input,
				       request->drawn, request->upstream, solve->work);
	solve->unseen[i] = !code && out->statistics && !out->statistics->tokens;
	if (solve->unseen[i])
		code = take_neutral(solve, out);
	if (!code)
		code = layer_weight_open(&out->weight, &solve->weights[i], model, solve->members[i],
					 NULL, solve->work);
	return code;
}

static enum err
run_method(struct solve *solve)
{
	const struct layer_setting *setting = solve->request->setting;
	struct quant_task task = { .kernels = kernels_current(),
				   .quantizer = setting->method,
				   .params = &setting->params,
				   .layers = solve->layers,
				   .layer_count = (size_t)solve->count,
				   .work = solve->work };
	double start = jobs_now();
	enum err code = OK;

	for (int i = 0; i < solve->count && !code; i++)
		code = prepare(solve, i);
	if (!code)
		code = quantizer_solve(solve->out, &task);
	if (code)
		return err_in_file(code, solve->engine->model->path);
	solve->seconds = jobs_now() - start;
	return OK;
}

/* ----------------------------------------------------------------------------- results */

/* A Gram matrix of fewer tokens than columns leaves directions in which nothing is known, and a
 * solver will not notice. */
static void
note_few_tokens(struct quantized *quantized, const struct layer *layer,
		const struct statistics *statistics, bool none)
{
	size_t length = strlen(quantized->note), room = sizeof(quantized->note) - length;
	const char *parted = length ? "; " : "";

	if (none)
		snprintf(quantized->note + length, room,
			 "%sno token of the text came here; every channel counts alike", parted);
	else if (layer->expert >= 0 && statistics && statistics->tokens < layer->columns)
		snprintf(quantized->note + length, room,
			 "%sthis expert saw %llu tokens, too few for its %zu columns; calibrate on "
			 "more text",
			 parted, (unsigned long long)statistics->tokens, layer->columns);
}

static struct layer_result *
new_result(const struct solve *solve, int i)
{
	struct layer_result *result = buf_alloc(1, sizeof(*result));
	const struct quantize_request *request = solve->request;

	if (!result)
		return NULL;
	result->references = 1;
	result->layer = solve->members[i];
	result->setting = *request->setting;
	result->key = solve->key[i];
	result->weights_key = solve->weights_key[i];
	result->scope_count = solve->count;
	memcpy(result->scope, solve->members, sizeof(result->scope));
	if (!request->drawn || solve->engine->model->layers[result->layer].input < 0)
		return result;
	memcpy(result->calibration_sha256, request->calibration->sha256, HASH_HEX);
	result->calibration_tokens = request->drawn->tokens;
	result->calibration_sequences = request->drawn->draw.count;
	return result;
}

static enum err
measure(struct layer_result *result, const struct solve *solve, int i)
{
	const struct quantized *q = &result->quantized;
	struct measurement_request request = {
		.rows = q->rows,
		.columns = q->columns,
		.weight = solve->weights[i],
		.dequantized = q->dequantized,
		.method_scale = q->method_scale,
		.clipped = q->clipped,
		.statistics = solve->unseen[i] ? NULL : solve->layers[i].statistics
	};

	return measurement_run(&result->measurement, &request, solve->work);
}

static void
finish_result(struct layer_result *result)
{
	const struct quantized *q = &result->quantized;

	result->bits_per_weight = quantized_bits(q) / ((double)q->rows * (double)q->columns);
}

/* A result whose method costs less than reading it back stays in memory alone. */
static void
store(struct engine *engine, const struct layer_result *result, const struct work *work)
{
	if (result->setting.method->needs)
		(void)result_store(engine->cache, result, work);
}

static enum err
keep_member(struct solve *solve, int i)
{
	struct layer_result *result = new_result(solve, i);
	enum err code;

	if (!result)
		return ERR_NOMEM;
	result->quantized = solve->out[i];
	memset(&solve->out[i], 0, sizeof(solve->out[i]));
	result->seconds = solve->seconds;
	note_few_tokens(&result->quantized, &solve->engine->model->layers[result->layer],
			solve->layers[i].statistics, solve->unseen[i]);
	finish_result(result);
	code = measure(result, solve, i);
	if (!code)
		result->measurement->unseen = solve->unseen[i];
	if (code) {
		layer_result_unref(result);
		return code;
	}
	store(solve->engine, result, solve->work);
	return shelf_put(&solve->engine->results, result->key, result, result_bytes(result));
}

/* Members in order but the one asked for last, so that the shelf keeps it whatever its size. */
static enum err
solve_all(struct solve *solve)
{
	int asked = 0;
	enum err code;

	/* Several members may have several statistics, all in use until the last is measured. */
	shelf_pin(&solve->engine->statistics);
	code = run_method(solve);

	for (int i = 0; i < solve->count && !code; i++) {
		if (solve->members[i] == solve->request->layer)
			asked = i;
		else
			code = keep_member(solve, i);
	}
	if (!code)
		code = keep_member(solve, asked);
	shelf_unpin(&solve->engine->statistics);
	statistics_free(solve->neutral);
	for (int i = 0; i < solve->count; i++) {
		quantized_free(&solve->out[i]);
		buf_free(solve->weights[i]);
	}
	return code;
}

static struct layer_result *
load(struct solve *solve, int i)
{
	struct engine *engine = solve->engine;
	const struct layer *layer = &engine->model->layers[solve->members[i]];
	struct layer_result *result;
	bool found = false;

	if (!solve->request->setting->method->needs || !cache_has(engine->cache, solve->key[i]) ||
	    !(result = new_result(solve, i)))
		return NULL;
	if (result_load(&found, result, engine->cache, solve->work) || !found ||
	    result->quantized.rows != layer->rows || result->quantized.columns != layer->columns) {
		layer_result_unref(result);
		return NULL;
	}
	finish_result(result);
	if (quantizer_effect(&result->quantized.effect, result->setting.method,
			     &result->setting.params)) {
		layer_result_unref(result);
		return NULL;
	}
	if (shelf_put(&engine->results, result->key, result, result_bytes(result)))
		return NULL;
	return result;
}

static struct layer_result *
find(struct solve *solve, int layer)
{
	for (int i = 0; i < solve->count; i++) {
		struct layer_result *result;

		if (solve->members[i] != layer)
			continue;
		result = shelf_get(&solve->engine->results, solve->key[i]);
		return result ? result : load(solve, i);
	}
	return NULL;
}

enum err
quantize_layer(struct layer_result **out, struct engine *engine,
	       const struct quantize_request *request, const struct work *work)
{
	struct solve solve = { .engine = engine, .request = request, .work = work };
	struct layer_result *result;
	enum err code = find_members(&solve);

	*out = NULL;
	if (!code)
		code = check_members(&solve);
	if (!code)
		code = make_keys(&solve);
	if (code)
		return code;
	result = find(&solve, request->layer);
	if (!result) {
		code = solve_all(&solve);
		result = code ? NULL : find(&solve, request->layer);
	}
	if (!code && !result)
		return err_set(ERR_NOMEM, "no memory for the result; close other programs");
	*out = layer_result_ref(result);
	return code;
}

/* On disk an empty entry takes its place: one that cannot be read is a miss. */
void
engine_forget(struct engine *engine, struct key key)
{
	shelf_drop(&engine->results, key);
	(void)cache_put(engine->cache, key, "", 0);
}

enum err
engine_quantize(struct layer_result **out, struct engine *engine, int layer,
		const struct layer_setting *setting, const struct calibration_setting *calibration,
		const struct work *work)
{
	struct calibration_setting settled = { 0 };
	struct quantize_request request = { .layer = layer,
					    .setting = setting,
					    .calibration = &settled };
	struct drawn drawn = { 0 };
	enum err code = OK;

	*out = NULL;
	if (calibration && calibration->text[0]) {
		settled = *calibration;
		code = engine_settle(&settled, engine);
		if (!code)
			code = drawn_make(&drawn, engine, &settled);
		request.drawn = &drawn;
	}
	if (!code)
		code = quantize_layer(out, engine, &request, work);
	drawn_clear(&drawn);
	return code;
}
