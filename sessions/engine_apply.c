/* A recipe made real: every layer's setting, then every layer. */
#include "core/buf.h"
#include "sessions/engine_private.h"

#include <string.h>

struct overlay
engine_overlay(struct replacement *replacements, const struct engine *engine,
	       struct layer_result *const *results)
{
	const struct model *model = engine->model;

	for (size_t i = 0; i < model->layer_count; i++) {
		const struct layer_result *result = results ? results[i] : NULL;

		replacements[i] = (struct replacement){ 0 };
		if (!result)
			continue;
		replacements[i].weight = result->quantized.dequantized;
		if (result->parked) {
			replacements[i].read = parked_read;
			replacements[i].source = result->parked;
		}
		replacements[i].effect = result->quantized.effect;
		replacements[i].key = result->weights_key;
	}
	return (struct overlay){ replacements };
}

bool
engine_is_linear(const struct engine *engine, int layer)
{
	const struct layer *l = &engine->model->layers[layer];

	return l->block >= 0 && !strstr(l->module, "router");
}

/* ----------------------------------------------------------------------------- the plan */

static bool
scopes_group(const struct layer_setting *setting)
{
	return setting->method && setting->method->scope == SCOPE_INPUT_GROUP;
}

/* The member of the input group on which the latest rule sets a method of that scope, or -1. */
static int
deciding_member(const struct layer_setting *settings, const int *rules,
		const struct model_input *group)
{
	int best = -1;

	for (int i = 0; i < group->layer_count; i++) {
		int layer = group->layers[i];

		if (scopes_group(&settings[layer]) && (best < 0 || rules[layer] > rules[best]))
			best = layer;
	}
	return best;
}

/* A scale on the input's columns holds for all who read it, so its method spreads over the group,
 * except on those that a later rule speaks of. */
static void
spread(struct layer_setting *settings, int *because, const int *rules,
       const struct model_input *group)
{
	int decides = deciding_member(settings, rules, group);

	for (int i = 0; decides >= 0 && i < group->layer_count; i++) {
		int layer = group->layers[i];

		if (rules[layer] >= rules[decides])
			continue;
		settings[layer] = settings[decides];
		because[layer] = decides;
	}
}

enum err
engine_plan(struct layer_setting *settings, int *because, const struct engine *engine,
	    const struct recipe *recipe)
{
	const struct model *model = engine->model;
	int *rules = buf_alloc(model->layer_count, sizeof(*rules));
	int *reasons = buf_alloc(model->layer_count, sizeof(*reasons));

	if (!rules || !reasons) {
		buf_free(rules);
		buf_free(reasons);
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < model->layer_count; i++) {
		settings[i] = recipe_resolve(recipe, model, (int)i);
		rules[i] = recipe_rule_of(recipe, model, (int)i);
		reasons[i] = -1;
	}
	for (size_t i = 0; i < model->input_count; i++)
		if (model->inputs[i].layer_count > 1)
			spread(settings, reasons, rules, &model->inputs[i]);
	if (because)
		memcpy(because, reasons, model->layer_count * sizeof(*because));
	buf_free(rules);
	buf_free(reasons);
	return OK;
}

/* ---------------------------------------------------------------------------- applying */

struct apply {
	struct engine *engine;
	const struct calibration_setting *calibration;
	struct layer_setting *settings;
	struct replacement *replacements;
	bool *inputs; /* (model.input_count) scratch */
	struct drawn drawn;
	bool calibrated;
	struct layer_result **out;
	const struct work *work;
};

enum { ALL_BLOCKS = -2 };

/* Mark the inputs of the layers that are quantized: of one block (-1: embed and head), or all. */
static void
mark_inputs(bool *inputs, const struct apply *apply, int block)
{
	const struct model *model = apply->engine->model;

	memset(inputs, 0, model->input_count * sizeof(*inputs));
	for (size_t i = 0; i < model->layer_count; i++) {
		const struct layer *layer = &model->layers[i];

		if (apply->settings[i].method && layer->input >= 0 &&
		    (block == ALL_BLOCKS || layer->block == block))
			inputs[layer->input] = true;
	}
}

static enum err
quantize_block(struct apply *apply, int block, const struct upstream *upstream)
{
	const struct model *model = apply->engine->model;
	enum err code = OK;

	for (size_t i = 0; i < model->layer_count && !code; i++) {
		struct quantize_request request = { .layer = (int)i,
						    .setting = &apply->settings[i],
						    .calibration = apply->calibration,
						    .upstream = upstream };

		if (!apply->settings[i].method || model->layers[i].block != block)
			continue;
		request.drawn = apply->calibrated ? &apply->drawn : NULL;
		code = work_check(apply->work);
		if (!code)
			code = quantize_layer(&apply->out[i], apply->engine, &request, apply->work);
		if (!code)
			code = engine_park(&apply->out[i], apply->engine, apply->work);
	}
	return code;
}

static enum err
apply_block(struct apply *apply, int block, const struct upstream *upstream)
{
	enum err code = OK;

	mark_inputs(apply->inputs, apply, block);
	if (apply->calibrated)
		code = statistics_capture(apply->engine, apply->inputs, &apply->drawn, true,
					  upstream, apply->work);
	return code ? code : quantize_block(apply, block, upstream);
}

/* Statistics through what has been quantized so far. */
static enum err
apply_propagated(struct apply *apply, int block)
{
	struct overlay overlay = engine_overlay(apply->replacements, apply->engine, apply->out);
	struct upstream upstream;
	enum err code = upstream_open(&upstream, apply->engine->model, &overlay);

	if (!code)
		code = apply_block(apply, block, &upstream);
	upstream_close(&upstream);
	return code;
}

/* Blocks in the order of the data: the hidden states that enter one are kept, so each block runs
 * once, or twice where `propagated` statistics want it as it was and those behind it as it became.
 * Where nothing propagates and all statistics can be kept, they are taken in one go. */
static enum err
apply_blocks(struct apply *apply)
{
	const struct model *model = apply->engine->model;
	bool propagated = apply->calibrated && apply->calibration->propagated;
	enum err code = OK;

	mark_inputs(apply->inputs, apply, ALL_BLOCKS);
	if (apply->calibrated && !propagated && statistics_fit(apply->engine, apply->inputs))
		code = statistics_capture(apply->engine, apply->inputs, &apply->drawn, true, NULL,
					  apply->work);
	for (int block = 0; block <= (int)model->shape.blocks && !code; block++) {
		/* embed and head have no block; they come last, through all others */
		int which = block == (int)model->shape.blocks ? -1 : block;

		code = propagated ? apply_propagated(apply, which)
				  : apply_block(apply, which, NULL);
	}
	return code;
}

static bool
anything_needed(const struct apply *apply)
{
	for (size_t i = 0; i < apply->engine->model->layer_count; i++)
		if (apply->settings[i].method)
			return true;
	return false;
}

enum err
engine_apply(struct layer_result **out, struct engine *engine, const struct recipe *recipe,
	     const struct work *work)
{
	size_t count = engine->model->layer_count;
	struct calibration_setting calibration = recipe->calibration;
	struct apply apply = {
		.engine = engine, .calibration = &calibration, .out = out, .work = work
	};
	enum err code = engine_settle(&calibration, engine);

	memset(out, 0, count * sizeof(struct layer_result *));
	apply.settings = buf_alloc(count, sizeof(*apply.settings));
	apply.replacements = buf_alloc(count, sizeof(*apply.replacements));
	apply.inputs = buf_alloc(engine->model->input_count, sizeof(*apply.inputs));
	if (!code && (!apply.settings || !apply.replacements || !apply.inputs))
		code = ERR_NOMEM;
	if (!code)
		code = engine_plan(apply.settings, NULL, engine, recipe);
	if (!code && calibration.text[0] && anything_needed(&apply)) {
		code = drawn_make(&apply.drawn, engine, &calibration);
		apply.calibrated = !code;
	}
	if (!code)
		code = apply_blocks(&apply);
	for (size_t i = 0; i < count && code; i++) {
		layer_result_unref(out[i]);
		out[i] = NULL;
	}
	drawn_clear(&apply.drawn);
	buf_free(apply.settings);
	buf_free(apply.replacements);
	buf_free(apply.inputs);
	return code;
}
