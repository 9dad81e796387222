/* Perplexity of a recipe's results, from evaluators that stay open between questions; and the bits
 * those results take. */
#include "core/buf.h"
#include "core/weights.h"
#include "sessions/controls.h"
#include "sessions/engine_private.h"

#include <string.h>

static struct key
evaluator_key(const struct engine *engine, const struct eval_setting *setting,
	      const struct corpus *corpus)
{
	struct key key = key_of("evaluation/1", 12);
	int32_t bos = engine_bos(engine);

	key = key_add_text(key, engine->model->identity);
	key = key_add_text(key, engine_profile());
	key = key_add_text(key, setting->protocol->name);
	key = key_add(key, &setting->context, sizeof(setting->context));
	key = key_add(key, &setting->max_tokens, sizeof(setting->max_tokens));
	key = key_add(key, &bos, sizeof(bos));
	return key_add(key, corpus->ids, corpus->count * sizeof(*corpus->ids));
}

/* A place for another evaluator: a new one, or that of the least recently used. */
static struct engine_evaluator *
place(struct engine *engine)
{
	struct engine_evaluator *oldest = engine->evaluators;

	if (engine->evaluator_count < EVALUATORS_MAX)
		return &engine->evaluators[engine->evaluator_count++];
	for (size_t i = 1; i < EVALUATORS_MAX; i++)
		if (engine->evaluators[i].used < oldest->used)
			oldest = &engine->evaluators[i];
	evaluator_free(oldest->evaluator);
	memset(oldest, 0, sizeof(*oldest));
	return oldest;
}

static enum err
open_evaluator(struct engine_evaluator **out, struct engine *engine,
	       const struct eval_setting *setting, const struct corpus *corpus)
{
	int32_t bos = engine_bos(engine);
	struct evaluator_request request = { .model = engine->model,
					     .corpus = corpus,
					     .protocol = setting->protocol,
					     .context = setting->context,
					     .max_tokens = setting->max_tokens,
					     .bos = bos,
					     .memory = engine->memory.batch,
					     .states = engine->states };
	struct engine_evaluator made = { 0 };
	enum err code = evaluator_create(&made.evaluator, &request);

	if (code)
		return err_in_file(code, setting->text);
	evaluator_describe(made.evaluator, &made.shape.context, &made.shape.scored_per_window,
			   &made.shape.windows);
	made.shape.bos = setting->protocol->bos_overwrites ? bos : -1;
	*out = place(engine);
	**out = made;
	return OK;
}

static enum err
find_evaluator(struct engine_evaluator **out, struct engine *engine,
	       const struct eval_setting *setting)
{
	const struct corpus *corpus;
	struct key key;
	enum err code = engine_corpus(&corpus, engine, setting->text, setting->field);

	*out = NULL;
	if (code)
		return code;
	key = evaluator_key(engine, setting, corpus);
	for (size_t i = 0; i < engine->evaluator_count; i++)
		if (engine->evaluators[i].evaluator && key_equal(engine->evaluators[i].key, key))
			*out = &engine->evaluators[i];
	if (!*out)
		code = open_evaluator(out, engine, setting, corpus);
	if (!code) {
		(*out)->key = key;
		(*out)->used = ++engine->clock;
	}
	return code;
}

enum err
engine_eval_shape(struct eval_shape *out, struct engine *engine, const struct eval_setting *setting)
{
	struct engine_evaluator *found;
	enum err code = find_evaluator(&found, engine, setting);

	memset(out, 0, sizeof(*out));
	if (!code)
		*out = found->shape;
	return code;
}

static bool
from_kept(struct eval_result *out, struct engine *engine, struct key key)
{
	struct eval_result *kept = shelf_get(&engine->evaluations, key);
	void *data = NULL;
	size_t size = 0;
	bool found = false;

	if (kept) {
		*out = *kept;
		return true;
	}
	if (cache_get(&data, &size, engine->cache, key) || !data)
		return false;
	/* No byte but 0 and 1 may be read as a bool. */
	if (size == sizeof(*out) &&
	    ((const unsigned char *)data)[offsetof(struct eval_result, has_current)] <= 1) {
		memcpy(out, data, size);
		found = true;
	}
	buf_free(data);
	return found;
}

static void
keep(struct engine *engine, struct key key, const struct eval_result *result)
{
	struct eval_result *copy = buf_alloc(1, sizeof(*copy));

	(void)cache_put(engine->cache, key, result, sizeof(*result));
	if (!copy)
		return;
	*copy = *result;
	(void)shelf_put(&engine->evaluations, key, copy, sizeof(*copy));
}

struct key
overlay_key(struct key key, const struct model *model, const struct overlay *overlay)
{
	for (size_t i = 0; i < model->layer_count; i++) {
		const struct replacement *r = overlay_find(overlay, (int)i);

		if (!r)
			continue;
		key = key_add(key, &i, sizeof(i));
		key = key_add(key, &r->key, sizeof(r->key));
	}
	return key;
}

/* Layers keep their weights and get their inputs as they are: other results, so other keys. */
static void
drop_effects(struct replacement *replacements, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!replacements[i].effect)
			continue;
		replacements[i].effect = NULL;
		replacements[i].key = key_add_text(replacements[i].key, "weights only");
	}
}

/* ------------------------------------------------------------------------ token by token */

static struct key
losses_key(struct key key)
{
	return key_add_text(key, "token losses");
}

/* Both runs' losses lie behind each other, on disk alone: few callers ask for them. */
static bool
losses_from_kept(struct token_losses **out, struct engine *engine,
		 const struct evaluator *evaluator, struct key key, bool current)
{
	void *data = NULL;
	size_t size = 0, expected;
	bool found = false;

	if (cache_get(&data, &size, engine->cache, losses_key(key)) || !data)
		return false;
	if (!evaluator_losses(out, evaluator, current)) {
		expected = (current ? 2 : 1) * (*out)->count * sizeof(double);
		found = size == expected;
		if (found)
			memcpy((*out)->baseline, data, expected);
	}
	if (!found) {
		token_losses_free(*out);
		*out = NULL;
	}
	buf_free(data);
	return found;
}

static void
keep_losses(struct engine *engine, struct key key, const struct token_losses *losses)
{
	size_t runs = losses->current ? 2 : 1;

	(void)cache_put(engine->cache, losses_key(key), losses->baseline,
			runs * losses->count * sizeof(double));
}

/* ---------------------------------------------------------------------------- evaluating */

/* One question: what, on which text, under which key. */
struct question {
	struct engine *engine;
	struct evaluator *evaluator;
	const struct overlay *overlay; /* both NULL: the baseline alone */
	const struct model *model;     /* another one in its place */
	struct key key;
	const struct work *work;
};

static enum err
run(struct eval_result *out, struct token_losses **losses, const struct question *q)
{
	return q->model ? evaluator_run_model(out, losses, q->evaluator, q->model, q->work)
			: evaluator_run_losses(out, losses, q->evaluator, q->overlay, q->work);
}

static enum err
answer(struct eval_result *out, struct token_losses **losses, const struct question *q)
{
	bool current = q->overlay || q->model;
	enum err code;

	if (losses)
		*losses = NULL;
	if (from_kept(out, q->engine, q->key) &&
	    (!losses || losses_from_kept(losses, q->engine, q->evaluator, q->key, current)))
		return OK;
	code = run(out, losses, q);
	if (code)
		return code;
	keep(q->engine, q->key, out);
	if (losses)
		keep_losses(q->engine, q->key, *losses);
	return OK;
}

enum err
engine_evaluate_losses(struct eval_result *out, struct token_losses **losses, struct engine *engine,
		       const struct eval_setting *setting, struct layer_result *const *results,
		       const struct work *work)
{
	const struct model *model = engine->model;
	struct replacement *replacements = buf_alloc(model->layer_count, sizeof(*replacements));
	struct engine_evaluator *evaluator;
	struct overlay overlay;
	struct question question = { .engine = engine, .work = work };
	enum err code = replacements ? find_evaluator(&evaluator, engine, setting) : ERR_NOMEM;

	memset(out, 0, sizeof(*out));
	if (!code) {
		overlay = engine_overlay(replacements, engine, results);
		if (setting->weights_only)
			drop_effects(replacements, model->layer_count);
		question.evaluator = evaluator->evaluator;
		question.overlay = results ? &overlay : NULL;
		question.key = overlay_key(key_add(evaluator->key, results ? "now" : "old", 3),
					   model, &overlay);
		code = answer(out, losses, &question);
	}
	buf_free(replacements);
	return code;
}

enum err
engine_evaluate_model(struct eval_result *out, struct token_losses **losses, struct engine *engine,
		      const struct eval_setting *setting, const struct model *model,
		      const struct work *work)
{
	struct engine_evaluator *evaluator;
	struct question question = { .engine = engine, .model = model, .work = work };
	enum err code = find_evaluator(&evaluator, engine, setting);

	memset(out, 0, sizeof(*out));
	if (losses)
		*losses = NULL;
	if (code)
		return code;
	question.evaluator = evaluator->evaluator;
	question.key = key_add_text(key_add_text(evaluator->key, "model"), model->identity);
	return answer(out, losses, &question);
}

enum err
engine_evaluate(struct eval_result *out, struct engine *engine, const struct eval_setting *setting,
		struct layer_result *const *results, const struct work *work)
{
	return engine_evaluate_losses(out, NULL, engine, setting, results, work);
}

/* ------------------------------------------------------------------------------- bits */

struct tally {
	double bits, weights;
};

static void
add_layer(struct tally *tally, const struct layer *layer, const struct layer_result *result)
{
	double weights = (double)layer->rows * (double)layer->columns;

	tally->bits += result ? quantized_bits(&result->quantized)
			      : weights * dtype_bits(layer->tensor->dtype);
	tally->weights += weights;
}

struct engine_bits
engine_bits(const struct engine *engine, struct layer_result *const *results)
{
	const struct model *model = engine->model;
	struct tally linear = { 0 }, all = { 0 };
	struct model_totals vectors = model_count_vectors(model);

	for (size_t i = 0; i < model->layer_count; i++) {
		const struct layer_result *result = results ? results[i] : NULL;

		if (result || engine_is_linear(engine, (int)i))
			add_layer(&linear, &model->layers[i], result);
		add_layer(&all, &model->layers[i], result);
	}
	all.bits += 8.0 * (double)vectors.bytes;
	all.weights += (double)vectors.elements;
	return (struct engine_bits){ linear.weights > 0 ? linear.bits / linear.weights : 0,
				     all.weights > 0 ? all.bits / all.weights : 0, all.bits / 8 };
}
