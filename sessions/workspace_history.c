/* Settings and their history. Each change is one step; undo walks back, a new change drops what was
 * undone; A/B goes to the step that was shown before. */
#include "core/buf.h"
#include "sessions/workspace_private.h"
#include "sessions/shipped.h"

#include <stdio.h>
#include <string.h>

enum { STEPS_MAX = 500 };

static void
drop_steps(struct workspace *workspace, size_t from, size_t to)
{
	if (from == to)
		return;
	for (size_t i = from; i < to; i++)
		recipe_clear(&workspace->steps[i].recipe);
	memmove(workspace->steps + from, workspace->steps + to,
		(workspace->step_count - to) * sizeof(*workspace->steps));
	workspace->step_count -= to - from;
}

void
history_clear(struct workspace *workspace)
{
	drop_steps(workspace, 0, workspace->step_count);
	buf_free(workspace->steps);
	workspace->steps = NULL;
	workspace->step_capacity = workspace->at = workspace->other = 0;
}

/* Takes over the recipe; it is cleared on failure. */
enum err
history_push(struct workspace *workspace, struct recipe *recipe, const char *label)
{
	struct step *step;

	if (workspace->step_count)
		drop_steps(workspace, workspace->at + 1, workspace->step_count);
	if (workspace->step_count == STEPS_MAX)
		drop_steps(workspace, 0, 1);
	if (buf_grow(&workspace->steps, &workspace->step_capacity, workspace->step_count + 1,
		     sizeof(*workspace->steps))) {
		recipe_clear(recipe);
		return ERR_NOMEM;
	}
	workspace->other = workspace->step_count ? workspace->step_count - 1 : 0;
	workspace->at = workspace->step_count;
	step = &workspace->steps[workspace->step_count++];
	snprintf(step->label, sizeof(step->label), "%s", label);
	step->recipe = *recipe;
	recipe_init(recipe);
	return OK;
}

/* The setting that a fresh model starts with: rtn, 4 bits, in groups of 128 where they divide. */
static bool
fits_all(const struct workspace *workspace, const struct layer_setting *setting)
{
	const struct model *model = engine_model(workspace->engine);

	for (size_t i = 0; i < model->layer_count; i++)
		if (engine_is_linear(workspace->engine, (int)i) && setting->method->check &&
		    setting->method->check(&setting->params, model->layers[i].rows,
					   model->layers[i].columns))
			return false;
	return true;
}

static enum err
first_setting(const struct workspace *workspace, struct layer_setting *out)
{
	static const char *const groups[] = { "group_size=128", "group_size=64", "group_size=32",
					      "group_size=-1" };
	enum err code;

	out->method = quantizers[0];
	param_defaults(&out->params, out->method->params);
	if (param_find(out->method->params, "group_size") < 0)
		return OK;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if ((code = recipe_assign(out, groups[i])))
			return code;
		if (fits_all(workspace, out))
			break;
	}
	return OK;
}

enum err
history_begin(struct workspace *workspace)
{
	const struct model *model = engine_model(workspace->engine);
	struct recipe recipe;
	enum err code;

	history_clear(workspace);
	recipe_init(&recipe);
	snprintf(recipe.identity, sizeof(recipe.identity), "%s", model->identity);
	snprintf(recipe.calibration.text, sizeof(recipe.calibration.text), SHIPPED_CALIBRATION);
	recipe.calibration.sequences = CALIBRATION_SEQUENCES;
	recipe.calibration.length = CALIBRATION_LENGTH;
	if (recipe.calibration.length > model->shape.context)
		recipe.calibration.length = model->shape.context;
	if (engine_settle(&recipe.calibration, workspace->engine)) {
		workspace_say(workspace, LOG_NOTE, "not calibrated: %s", err_last()->message);
		memset(&recipe.calibration, 0, sizeof(recipe.calibration));
	}
	recipe.has_fallback = true;
	code = first_setting(workspace, &recipe.fallback);
	if (code) {
		recipe_clear(&recipe);
		return code;
	}
	return history_push(workspace, &recipe, "start");
}

/* ------------------------------------------------------------------------ changes */

const struct recipe *
workspace_recipe(const struct workspace *workspace)
{
	return workspace->step_count ? &workspace->steps[workspace->at].recipe : NULL;
}

static enum err
need_model(const struct workspace *workspace)
{
	if (!workspace->engine || !workspace->step_count)
		return err_set(ERR_USAGE, "no model is open; wait, or :open one");
	return OK;
}

/* For all layers: rules that say otherwise go, those that keep a layer stay. */
static void
drop_rules(struct recipe *recipe)
{
	size_t kept = 0;

	for (size_t i = 0; i < recipe->rule_count; i++)
		if (!recipe->rules[i].setting.method)
			recipe->rules[kept++] = recipe->rules[i];
	recipe->rule_count = kept;
}

/* The method, its bits, and what is not as declared. */
static void
describe(char *out, size_t capacity, const struct layer_setting *setting)
{
	const struct param *params = setting->method ? setting->method->params : NULL;
	size_t used = (size_t)snprintf(out, capacity, "%s",
				       setting->method ? setting->method->name : "keep");

	for (size_t i = 0; params && i < param_count(params) && used < capacity; i++) {
		double value = setting->params.v[i];
		char text[40];

		if (strcmp(params[i].name, "bits") && !(value < params[i].def) &&
		    !(value > params[i].def))
			continue;
		param_format(text, sizeof(text), &params[i], value);
		used += (size_t)snprintf(out + used, capacity - used, " %s=%s", params[i].name,
					 text);
	}
}

enum err
workspace_set(struct workspace *workspace, const char *match, const struct layer_setting *setting)
{
	char label[96], described[80];
	struct recipe next;
	enum err code = need_model(workspace);

	if (code || (code = recipe_copy(&next, workspace_recipe(workspace))))
		return code;
	if (match) {
		code = recipe_set(&next, match, setting);
	} else {
		drop_rules(&next);
		next.fallback = *setting;
		next.has_fallback = setting->method != NULL;
	}
	if (code) {
		recipe_clear(&next);
		return code;
	}
	describe(described, sizeof(described), setting);
	snprintf(label, sizeof(label), "%.24s: %.68s", match ? match : "all", described);
	code = history_push(workspace, &next, label);
	workspace_reconcile(workspace, CHANGED_SETTINGS);
	return code;
}

enum err
workspace_calibrate(struct workspace *workspace, const struct calibration_setting *calibration)
{
	struct calibration_setting settled = *calibration;
	char label[96];
	struct recipe next;
	enum err code = need_model(workspace);

	settled.sha256[0] = '\0';
	if (!code)
		code = engine_settle(&settled, workspace->engine);
	if (code || (code = recipe_copy(&next, workspace_recipe(workspace))))
		return code;
	next.calibration = settled;
	snprintf(label, sizeof(label), "calibrate %.80s", settled.text);
	code = history_push(workspace, &next, label);
	workspace_reconcile(workspace, CHANGED_SETTINGS);
	return code;
}

enum err
workspace_replace(struct workspace *workspace, const struct recipe *recipe, const char *label)
{
	struct recipe next;
	enum err code = need_model(workspace);

	if (!code)
		code = recipe_copy(&next, recipe);
	if (!code && next.calibration.text[0] &&
	    (code = engine_settle(&next.calibration, workspace->engine)))
		recipe_clear(&next);
	if (!code)
		code = history_push(workspace, &next, label);
	workspace_reconcile(workspace, CHANGED_SETTINGS);
	return code;
}

/* ------------------------------------------------------------------------ walking */

static enum err
go(struct workspace *workspace, size_t to)
{
	workspace->other = workspace->at;
	workspace->at = to;
	workspace_reconcile(workspace, CHANGED_SETTINGS);
	return OK;
}

enum err
workspace_undo(struct workspace *workspace)
{
	if (!workspace->step_count || !workspace->at)
		return err_set(ERR_RANGE, "nothing to undo");
	return go(workspace, workspace->at - 1);
}

enum err
workspace_redo(struct workspace *workspace)
{
	if (workspace->at + 1 >= workspace->step_count)
		return err_set(ERR_RANGE, "nothing to redo");
	return go(workspace, workspace->at + 1);
}

enum err
workspace_ab(struct workspace *workspace)
{
	if (workspace->other == workspace->at || workspace->other >= workspace->step_count)
		return err_set(ERR_RANGE, "there is only one setting yet; change one first");
	return go(workspace, workspace->other);
}

size_t
workspace_history(const struct workspace *workspace, size_t *at, size_t *other)
{
	*at = workspace->at;
	*other = workspace->other;
	return workspace->step_count;
}

const char *
workspace_history_label(const struct workspace *workspace, size_t index)
{
	return index < workspace->step_count ? workspace->steps[index].label : "";
}

const struct recipe *
workspace_history_recipe(const struct workspace *workspace, size_t index)
{
	return index < workspace->step_count ? &workspace->steps[index].recipe : NULL;
}

enum err
workspace_restore(struct workspace *workspace, const struct workspace_step *steps, size_t count,
		  size_t at, size_t other)
{
	enum err code = need_model(workspace);

	if (!code && (!count || at >= count || other >= count))
		code = err_set(ERR_FORMAT, "a history of %zu steps cannot be at step %zu", count,
			       at);
	if (code)
		return code;
	history_clear(workspace);
	for (size_t i = 0; i < count && !code; i++) {
		struct recipe copy;

		code = recipe_copy(&copy, steps[i].recipe);
		if (!code)
			code = history_push(workspace, &copy, steps[i].label);
	}
	if (!code) {
		workspace->at = at;
		workspace->other = other;
	}
	workspace_reconcile(workspace, CHANGED_SETTINGS);
	return code;
}
