/* What the settings want, what is there, and so what is to be computed first. */
#include "core/buf.h"
#include "sessions/workspace_private.h"

#include <string.h>

enum {
	TEXT_MEMOS = 64,
	GRAM_LIMIT = 1 << 30, /* bytes of Gram matrices for which one pass takes all */
	MEMO_LIMIT = 1 << 29, /* bytes of results kept beside those shown */
};

/* ------------------------------------------------------------------------ keys */

static struct key
key_setting(struct key key, const struct layer_setting *setting)
{
	if (!setting->method)
		return key_add_text(key, "keep");
	key = key_add_text(key, setting->method->name);
	return key_add(key, setting->params.v,
		       param_count(setting->method->params) * sizeof(setting->params.v[0]));
}

struct key
plan_calibration_key(const struct workspace *workspace)
{
	const struct calibration_setting *c = &workspace_recipe(workspace)->calibration;
	uint64_t numbers[3] = { c->sequences, c->length, c->seed };
	struct key key = key_add_text(key_of(numbers, sizeof(numbers)), c->text);

	key = key_add_text(key, c->field);
	return key_add_text(key, c->propagated ? "propagated" : "original");
}

/* What a layer's result depends on; with propagated statistics, on every setting. */
static struct key
key_layer(const struct workspace *workspace, int layer)
{
	struct key key = plan_calibration_key(workspace);

	key = key_setting(key, &workspace->layers[layer].setting);
	if (!workspace_recipe(workspace)->calibration.propagated)
		return key;
	for (size_t i = 0; i < workspace->layer_count; i++)
		key = key_setting(key, &workspace->layers[i].setting);
	return key;
}

struct key
plan_text_key(const struct workspace *workspace, size_t text)
{
	struct key key = key_of("text", 4);

	key = key_add_text(key, workspace->texts[text].state.name);
	key = key_add_text(key, workspace->protocol.protocol->name);
	key = key_add(key, &workspace->protocol.context, sizeof(workspace->protocol.context));
	key = key_add(key, &workspace->protocol.max_tokens, sizeof(workspace->protocol.max_tokens));
	for (size_t i = 0; i < workspace->layer_count; i++) {
		const struct layer_result *result = workspace->layers[i].result;

		if (result)
			key = key_add(key, &result->weights_key, sizeof(result->weights_key));
		else
			key = key_add_text(key, "kept");
	}
	return key;
}

/* ------------------------------------------------------------------------ memory */

static size_t
bytes_of(const struct layer_result *result)
{
	size_t weights = result->parked ? 0 : result->quantized.rows * result->quantized.columns;

	return 5 * weights + sizeof(*result->measurement);
}

static void
drop_memo(struct workspace *workspace, size_t index)
{
	struct memo *memo = &workspace->memos[index];

	workspace->memo_bytes -= bytes_of(memo->result);
	layer_result_unref(memo->result);
	memmove(memo, memo + 1, (workspace->memo_count - index - 1) * sizeof(*memo));
	workspace->memo_count--;
}

static size_t
memo_limit(const struct workspace *workspace)
{
	size_t share = engine_results_limit(workspace->engine);

	return share < MEMO_LIMIT ? share : MEMO_LIMIT;
}

void
plan_remember(struct workspace *workspace, int layer, struct key key, struct layer_result *result)
{
	if (!result || buf_grow(&workspace->memos, &workspace->memo_capacity,
				workspace->memo_count + 1, sizeof(*workspace->memos)))
		return;
	workspace->memos[workspace->memo_count++] =
		(struct memo){ layer, key, layer_result_ref(result) };
	workspace->memo_bytes += bytes_of(result);
	while (workspace->memo_bytes > memo_limit(workspace) &&
	       workspace->memo_count > workspace->layer_count)
		drop_memo(workspace, 0);
}

void
plan_forget(struct workspace *workspace, int layer)
{
	for (size_t i = workspace->memo_count; i-- > 0;)
		if (workspace->memos[i].layer == layer &&
		    key_equal(workspace->memos[i].key, workspace->layers[layer].key))
			drop_memo(workspace, i);
	workspace->layers[layer].has_failed = false;
}

void
plan_forget_all(struct workspace *workspace)
{
	while (workspace->memo_count)
		drop_memo(workspace, workspace->memo_count - 1);
	for (size_t i = 0; i < workspace->layer_count; i++) {
		layer_result_unref(workspace->layers[i].result);
		layer_result_unref(workspace->layers[i].previous);
	}
	buf_free(workspace->layers);
	workspace->layers = NULL;
	workspace->layer_count = 0;
	for (size_t i = 0; i < workspace->text_count; i++)
		buf_free(workspace->texts[i].memos);
	buf_free(workspace->texts);
	workspace->texts = NULL;
	workspace->text_count = workspace->text_capacity = 0;
}

static struct layer_result *
find_result(const struct workspace *workspace, int layer, struct key key)
{
	for (size_t i = workspace->memo_count; i-- > 0;)
		if (workspace->memos[i].layer == layer && key_equal(workspace->memos[i].key, key))
			return workspace->memos[i].result;
	return NULL;
}

/* ------------------------------------------------------------------------ looking up */

/* Show another result of a layer; the one shown before becomes the ghost. */
static void
show_result(struct layer_slot *slot, struct layer_result *result)
{
	if (slot->result == result)
		return;
	if (slot->result) {
		layer_result_unref(slot->previous);
		slot->previous = slot->result;
	}
	slot->result = layer_result_ref(result);
}

static void
settle_layer(struct workspace *workspace, int layer)
{
	struct layer_slot *slot = &workspace->layers[layer];
	const struct task *live = workspace->live;
	bool running = live && ((live->goal.kind == GOAL_QUANTIZE && live->goal.layer == layer) ||
				live->goal.kind == GOAL_APPLY);

	slot->key = key_layer(workspace, layer);
	show_result(slot, slot->setting.method ? find_result(workspace, layer, slot->key) : NULL);
	if (!slot->setting.method)
		slot->state.state = RESULT_KEPT;
	else if (slot->result)
		slot->state.state = RESULT_READY;
	else if (slot->has_failed && key_equal(slot->failed, slot->key))
		slot->state.state = RESULT_FAILED;
	else
		slot->state.state = running ? RESULT_RUNNING : RESULT_MISSING;
	slot->state.result = slot->result;
	slot->state.previous = slot->previous;
}

static bool
all_ready(const struct workspace *workspace)
{
	for (size_t i = 0; i < workspace->layer_count; i++)
		if (workspace->layers[i].state.state != RESULT_READY &&
		    workspace->layers[i].state.state != RESULT_KEPT)
			return false;
	return workspace->layer_count > 0;
}

static void
show_evaluation(struct text_slot *slot, struct key key)
{
	for (size_t i = 0; i < slot->memo_count; i++) {
		if (!key_equal(slot->memos[i].key, key))
			continue;
		if (slot->state.has_result && !key_equal(slot->shown, key)) {
			slot->state.previous = slot->state.result;
			slot->state.has_previous = true;
		}
		slot->state.result = slot->memos[i].result;
		slot->state.has_result = true;
		slot->shown = key;
		return;
	}
}

static void
settle_text(struct workspace *workspace, size_t text)
{
	struct text_slot *slot = &workspace->texts[text];
	const struct task *live = workspace->live;
	struct key key = plan_text_key(workspace, text);

	slot->state.state = RESULT_MISSING;
	if (!all_ready(workspace))
		return;
	show_evaluation(slot, key);
	if (slot->state.has_result && key_equal(slot->shown, key))
		slot->state.state = RESULT_READY;
	else if (slot->has_failed && key_equal(slot->failed, key))
		slot->state.state = RESULT_FAILED;
	else if (live && live->goal.kind == GOAL_EVALUATE && live->goal.text == text)
		slot->state.state = RESULT_RUNNING;
}

void
plan_settings(struct workspace *workspace)
{
	struct layer_setting *settings;

	if (!workspace->engine || !workspace->step_count)
		return;
	settings = buf_alloc(workspace->layer_count, sizeof(*settings));
	if (settings &&
	    engine_plan(settings, NULL, workspace->engine, workspace_recipe(workspace)) == OK)
		for (size_t i = 0; i < workspace->layer_count; i++)
			workspace->layers[i].setting = settings[i];
	buf_free(settings);
	for (size_t i = 0; i < workspace->layer_count; i++)
		settle_layer(workspace, (int)i);
	for (size_t i = 0; i < workspace->text_count; i++)
		settle_text(workspace, i);
}

/* ------------------------------------------------------------------------ goals */

/* Of a large model only once the user agreed. */
static bool
computes_all(const struct workspace *workspace)
{
	return !workspace->large || workspace->agreed;
}

/* One pass over the text for every input, unless that takes too much memory. */
static bool
wants_calibration(const struct workspace *workspace)
{
	const struct model *model = engine_model(workspace->engine);
	const struct recipe *recipe = workspace_recipe(workspace);
	double bytes = 0;

	if (!recipe->calibration.text[0] || recipe->calibration.propagated ||
	    workspace->calibrated_failed || !computes_all(workspace) ||
	    key_equal(workspace->calibrated, plan_calibration_key(workspace)))
		return false;
	for (size_t i = 0; i < model->input_count; i++)
		bytes += 4.0 * (double)model->inputs[i].columns * (double)model->inputs[i].columns;
	return bytes < GRAM_LIMIT;
}

static bool
is_missing(const struct layer_slot *slot)
{
	return slot->state.state == RESULT_MISSING || slot->state.state == RESULT_RUNNING;
}

static void
add_goal(struct goal *out, size_t capacity, size_t *count, struct goal goal)
{
	if (*count < capacity)
		out[*count] = goal;
	++*count;
}

static void
list_layers(const struct workspace *workspace, struct goal *out, size_t capacity, size_t *count)
{
	bool any = false;

	for (size_t i = 0; i < workspace->layer_count; i++)
		any |= is_missing(&workspace->layers[i]);
	if (any && wants_calibration(workspace))
		add_goal(out, capacity, count, (struct goal){ .kind = GOAL_CALIBRATE });
	if (any && workspace_recipe(workspace)->calibration.propagated) {
		if (!computes_all(workspace))
			return;
		add_goal(out, capacity, count, (struct goal){ .kind = GOAL_APPLY });
		return;
	}
	if (workspace->selected >= 0 && is_missing(&workspace->layers[workspace->selected]))
		add_goal(out, capacity, count,
			 (struct goal){ .kind = GOAL_QUANTIZE, .layer = workspace->selected });
	for (size_t i = 0; any && computes_all(workspace) && i < workspace->layer_count; i++)
		if ((int)i != workspace->selected && is_missing(&workspace->layers[i]))
			add_goal(out, capacity, count,
				 (struct goal){ .kind = GOAL_QUANTIZE, .layer = (int)i });
}

static void
list_texts(const struct workspace *workspace, struct goal *out, size_t capacity, size_t *count)
{
	if ((workspace->options.manual && !workspace->asked) || !computes_all(workspace))
		return;
	for (size_t i = 0; i < workspace->layer_count; i++)
		if (workspace->layers[i].state.state == RESULT_FAILED)
			return;
	for (size_t i = 0; i < workspace->text_count; i++)
		if (workspace->texts[i].state.state == RESULT_MISSING ||
		    workspace->texts[i].state.state == RESULT_RUNNING)
			add_goal(out, capacity, count,
				 (struct goal){ .kind = GOAL_EVALUATE, .text = i });
}

size_t
plan_list(struct workspace *workspace, struct goal *out, size_t capacity)
{
	size_t count = 0;

	if (workspace->opening) {
		add_goal(out, capacity, &count, (struct goal){ .kind = GOAL_OPEN });
		return count;
	}
	for (size_t i = 0; i < workspace->command_count; i++)
		add_goal(out, capacity, &count, (struct goal){ .kind = GOAL_COMMAND });
	if (!workspace->engine || workspace->held)
		return count;
	if (workspace->forecast_wanted)
		add_goal(out, capacity, &count, (struct goal){ .kind = GOAL_FORECAST });
	list_layers(workspace, out, capacity, &count);
	list_texts(workspace, out, capacity, &count);
	if (!workspace->sha256[0] && !workspace->hash_failed && computes_all(workspace))
		add_goal(out, capacity, &count, (struct goal){ .kind = GOAL_HASH });
	return count;
}

bool
plan_first(struct workspace *workspace, struct goal *out)
{
	return plan_list(workspace, out, 1) > 0;
}

/* Is what this job computes still missing? */
bool
plan_wants(struct workspace *workspace, const struct task *task)
{
	const struct goal *goal = &task->goal;
	struct goal first;

	switch (goal->kind) {
	case GOAL_QUANTIZE:
		return !workspace->held && (size_t)goal->layer < workspace->layer_count &&
		       !workspace->layers[goal->layer].result &&
		       key_equal(task->key, workspace->layers[goal->layer].key);
	case GOAL_EVALUATE:
		return !workspace->held && goal->text < workspace->text_count &&
		       key_equal(task->key, plan_text_key(workspace, goal->text)) &&
		       all_ready(workspace);
	case GOAL_CALIBRATE:
		return !workspace->held && wants_calibration(workspace) &&
		       key_equal(task->key, plan_calibration_key(workspace));
	case GOAL_APPLY:
		return !workspace->held && workspace->layer_count &&
		       key_equal(task->key, workspace->layers[0].key);
	case GOAL_FORECAST:
		return workspace->forecast_wanted;
	case GOAL_HASH: /* makes way for anything, and goes on later where it stopped */
		return plan_first(workspace, &first) && first.kind == GOAL_HASH;
	default:
		return true;
	}
}
