#include "tui/knob.h"

#include "sessions/shipped.h"

#include <stdio.h>
#include <string.h>

const char *const knob_scopes[] = { "layer", "block", "kind", "all", "pattern", NULL };

/* ------------------------------------------------------------------------ scope */

static const char *
pattern_of(char out[256], const struct app *app, enum scope_kind kind)
{
	const struct model *model = workspace_model(app->workspace);
	const struct layer *layer = &model->layers[workspace_selected(app->workspace)];

	switch (kind) {
	case SCOPE_KIND_BLOCK:
		if (layer->block >= 0)
			snprintf(out, 256, "layers.%d.**", layer->block);
		else
			snprintf(out, 256, "%s", layer->name);
		return out;
	case SCOPE_KIND_MODULE:
		if (layer->expert >= 0)
			snprintf(out, 256, "layers.*.mlp.experts.*.%s",
				 strrchr(layer->module, '.') + 1);
		else if (layer->block >= 0)
			snprintf(out, 256, "layers.*.%s", layer->module);
		else
			snprintf(out, 256, "%s", layer->name);
		return out;
	case SCOPE_KIND_ALL:
		return NULL;
	case SCOPE_KIND_PATTERN:
		snprintf(out, 256, "%s", app->pattern);
		return out;
	default:
		snprintf(out, 256, "%s", layer->name);
		return out;
	}
}

const char *
knob_scope(char out[256], const struct app *app, const char *on)
{
	if (!on)
		return pattern_of(out, app, app->scope);
	for (int i = 0; i < SCOPE_KIND_PATTERN; i++)
		if (!strcmp(on, knob_scopes[i]))
			return pattern_of(out, app, (enum scope_kind)i);
	snprintf(out, 256, "%s", on);
	return out;
}

void
knob_scope_text(char *out, size_t capacity, const struct app *app)
{
	char pattern[256];

	switch (app->scope) {
	case SCOPE_KIND_ALL:
		snprintf(out, capacity, "all layers");
		break;
	case SCOPE_KIND_LAYER:
		snprintf(out, capacity, "this layer");
		break;
	default:
		snprintf(out, capacity, "%.60s", knob_scope(pattern, app, NULL));
	}
}

/* Head and embeddings have no default to change: there the layer itself is meant. */
static void remember(struct app *app, const struct layer_setting *setting);

enum err
knob_apply(struct app *app, const struct layer_setting *setting, const char *on)
{
	int selected = workspace_selected(app->workspace);
	const struct model *model = workspace_model(app->workspace);
	struct layer_setting before;
	char pattern[256];
	const char *match;

	if (!model)
		return err_set(ERR_USAGE, "no model is open; wait, or :open one");
	match = knob_scope(pattern, app, on);
	if (!match && !engine_is_linear(workspace_engine(app->workspace), selected))
		match = model->layers[selected].name;
	app->unsaved = true;
	before = workspace_setting(app->workspace, selected);
	remember(app, &before);
	remember(app, setting);
	return workspace_set(app->workspace, match, setting);
}

/* ------------------------------------------------------------------------ settings */

struct layer_setting
knob_setting(const struct app *app)
{
	struct layer_setting setting =
		workspace_setting(app->workspace, workspace_selected(app->workspace));

	if (setting.method)
		return setting;
	setting.method = quantizers[0];
	param_defaults(&setting.params, setting.method->params);
	return setting;
}

static void
carry(struct layer_setting *to, const struct layer_setting *from)
{
	if (from->method)
		param_carry(&to->params, to->method->params, &from->params, from->method->params);
}

/* The newest last; one for each method. */
static void
remember(struct app *app, const struct layer_setting *setting)
{
	struct layer_setting *last = app->remembered;
	int n = app->remembered_count, at = 0;

	if (!setting->method)
		return;
	while (at < n && last[at].method != setting->method)
		at++;
	if (at == n && n == REMEMBERED_MAX)
		at = 0;
	if (at < n)
		memmove(&last[at], &last[at + 1], (size_t)(--n - at) * sizeof(*last));
	last[n] = *setting;
	app->remembered_count = n + 1;
}

struct layer_setting
knob_with_method(const struct app *app, const struct layer_setting *from,
		 const struct quantizer *method)
{
	struct layer_setting out = { .method = method };

	param_defaults(&out.params, method->params);
	for (int i = 0; i < app->remembered_count; i++)
		carry(&out, &app->remembered[i]);
	carry(&out, from);
	return out;
}

/* ------------------------------------------------------------------------ the list */

static void
add(struct knob *out, size_t capacity, size_t *count, enum knob_kind kind, int param)
{
	if (*count < capacity)
		out[(*count)++] = (struct knob){ kind, param };
}

size_t
knob_list(struct knob *out, size_t capacity, const struct app *app)
{
	static const enum knob_kind others[] = { KNOB_TEXT, KNOB_SEQUENCES, KNOB_LENGTH,
						 KNOB_SEED, KNOB_SOURCE,    KNOB_SCOPE };
	struct layer_setting setting;
	size_t count = 0;

	if (!workspace_model(app->workspace))
		return 0;
	setting = workspace_setting(app->workspace, workspace_selected(app->workspace));
	add(out, capacity, &count, KNOB_METHOD, 0);
	for (size_t i = 0; setting.method && i < param_count(setting.method->params); i++)
		add(out, capacity, &count, KNOB_PARAM, (int)i);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		add(out, capacity, &count, others[i], 0);
	return count;
}

static void
show_param(struct scene_knob *out, int index, const struct layer_setting *setting)
{
	const struct param *param = &setting->method->params[index];
	double value = setting->params.v[index];

	out->name = param->name;
	out->help = param->help;
	out->at_default = !(value < param->def) && !(value > param->def);
	param_format(out->value, sizeof(out->value), param, value);
}

static void
show_calibration(struct scene_knob *out, enum knob_kind kind,
		 const struct calibration_setting *calibration)
{
	switch (kind) {
	case KNOB_TEXT:
		out->name = "text";
		out->help = "what the model reads while it is calibrated";
		snprintf(out->value, sizeof(out->value), "%.150s",
			 calibration->text[0] ? calibration->text : "none");
		break;
	case KNOB_SEQUENCES:
		out->name = "sequences";
		out->help = "windows drawn from the calibration text";
		snprintf(out->value, sizeof(out->value), "%zu", calibration->sequences);
		break;
	case KNOB_LENGTH:
		out->name = "length";
		out->help = "tokens in each window";
		snprintf(out->value, sizeof(out->value), "%zu", calibration->length);
		break;
	case KNOB_SEED:
		out->name = "seed";
		out->help = "of the draw of windows";
		snprintf(out->value, sizeof(out->value), "%llu",
			 (unsigned long long)calibration->seed);
		break;
	default:
		out->name = "source";
		out->help = "activations of the original model, or of the quantized one upstream";
		snprintf(out->value, sizeof(out->value), "%s",
			 calibration->propagated ? "propagated" : "original");
	}
}

void
knob_show(struct scene_knob *out, const struct knob *knob, const struct app *app)
{
	struct layer_setting setting =
		workspace_setting(app->workspace, workspace_selected(app->workspace));

	memset(out, 0, sizeof(*out));
	if (knob->kind == KNOB_METHOD) {
		out->name = "method";
		out->help = setting.method ? setting.method->summary : "kept as it is";
		snprintf(out->value, sizeof(out->value), "%s",
			 setting.method ? setting.method->name : "keep");
	} else if (knob->kind == KNOB_PARAM) {
		show_param(out, knob->param, &setting);
	} else if (knob->kind == KNOB_SCOPE) {
		out->name = "applies to";
		out->help = "what a turn of a knob changes";
		knob_scope_text(out->value, sizeof(out->value), app);
	} else {
		show_calibration(out, knob->kind, &workspace_recipe(app->workspace)->calibration);
	}
}

/* ------------------------------------------------------------------------ turning */

static enum err
turn_method(struct app *app, int direction)
{
	struct layer_setting now =
		workspace_setting(app->workspace, workspace_selected(app->workspace));
	struct layer_setting from = knob_setting(app), next;
	int count = 0, at = -1;

	while (quantizers[count])
		count++;
	for (int i = 0; i < count && now.method; i++)
		if (quantizers[i] == now.method)
			at = i;
	at = at < 0 ? (direction > 0 ? 0 : count - 1) : (at + direction + count) % count;
	next = knob_with_method(app, &from, quantizers[at]);
	app_echo(app, "method %s", next.method->name);
	return knob_apply(app, &next, NULL);
}

static enum err
turn_param(struct app *app, int index, int direction)
{
	struct layer_setting setting = knob_setting(app);
	const struct param *param = &setting.method->params[index];
	double next = param_step(param, setting.params.v[index], direction);
	char text[64];

	if (!(next < setting.params.v[index]) && !(next > setting.params.v[index]))
		return err_at(ERR_RANGE, NULL, param->name, "is at its end");
	setting.params.v[index] = next;
	param_format(text, sizeof(text), param, next);
	app_echo(app, "set %s=%s", param->name, text);
	return knob_apply(app, &setting, NULL);
}

static void
next_text(char out[512], int direction)
{
	size_t count, at = 0, n = 0;
	const struct shipped_text *texts = shipped_texts(&count);
	const struct shipped_text *list[64];

	for (size_t i = 0; i < count && n < 64; i++)
		if (!texts[i].evaluation)
			list[n++] = &texts[i];
	if (!n)
		return;
	while (at < n && strcmp(list[at]->name, out))
		at++;
	at = at == n ? 0 : (at + n + (size_t)(direction > 0 ? 1 : (int)n - 1)) % n;
	snprintf(out, 512, "%s", list[at]->name);
}

static size_t
doubled(size_t value, int direction, size_t least, size_t most)
{
	value = direction > 0 ? value * 2 : value / 2;
	return value < least ? least : value > most ? most : value;
}

static enum err
turn_calibration(struct app *app, enum knob_kind kind, int direction)
{
	const struct model *model = workspace_model(app->workspace);
	struct calibration_setting next = workspace_recipe(app->workspace)->calibration;

	switch (kind) {
	case KNOB_TEXT:
		next_text(next.text, direction);
		next.field[0] = '\0';
		break;
	case KNOB_SEQUENCES:
		next.sequences = doubled(next.sequences, direction, 1, CALIBRATION_SEQUENCES_MAX);
		break;
	case KNOB_LENGTH:
		next.length = doubled(next.length, direction, 8, model->shape.context);
		break;
	case KNOB_SEED:
		next.seed = direction > 0 ? next.seed + 1 : next.seed - (next.seed > 0);
		break;
	default:
		next.propagated = !next.propagated;
	}
	app_echo(app, "calibrate %s --sequences %zu --length %zu --seed %llu%s",
		 next.text[0] ? next.text : "none", next.sequences, next.length,
		 (unsigned long long)next.seed, next.propagated ? " --propagated" : "");
	app->unsaved = true;
	return workspace_calibrate(app->workspace, &next);
}

enum err
knob_turn(struct app *app, const struct knob *knob, int direction)
{
	if (knob->kind == KNOB_METHOD)
		return turn_method(app, direction);
	if (knob->kind == KNOB_PARAM)
		return turn_param(app, knob->param, direction);
	if (knob->kind != KNOB_SCOPE)
		return turn_calibration(app, knob->kind, direction);
	do
		app->scope = (enum scope_kind)(((int)app->scope + direction + SCOPE_KIND_COUNT) %
					       SCOPE_KIND_COUNT);
	while (app->scope == SCOPE_KIND_PATTERN && !app->pattern[0]);
	app_echo(app, "scope %s",
		 app->scope == SCOPE_KIND_PATTERN ? app->pattern : knob_scopes[app->scope]);
	return OK;
}

enum err
knob_turn_param(struct app *app, const char *name, int direction)
{
	struct layer_setting setting = knob_setting(app);
	int index;

	if (!workspace_model(app->workspace))
		return err_set(ERR_USAGE, "no model is open; wait, or :open one");
	index = param_find(setting.method->params, name);
	if (index < 0)
		return err_at(ERR_RANGE, NULL, setting.method->name, "has no %s", name);
	return turn_param(app, index, direction);
}
