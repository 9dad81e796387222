/* A recipe in memory: its rules and what they mean for a layer. */
#include "sessions/recipe.h"

#include "core/buf.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

void
recipe_init(struct recipe *recipe)
{
	memset(recipe, 0, sizeof(*recipe));
}

void
recipe_clear(struct recipe *recipe)
{
	buf_free(recipe->rules);
	recipe_init(recipe);
}

enum err
recipe_copy(struct recipe *out, const struct recipe *from)
{
	struct recipe_rule *rules = NULL;

	if (from->rule_count) {
		rules = buf_alloc(from->rule_count, sizeof(*rules));
		if (!rules)
			return ERR_NOMEM;
		memcpy(rules, from->rules, from->rule_count * sizeof(*rules));
	}
	*out = *from;
	out->rules = rules;
	out->rule_capacity = from->rule_count;
	return OK;
}

static void
remove_rule(struct recipe *recipe, const char *match)
{
	for (size_t i = 0; i < recipe->rule_count; i++) {
		if (strcmp(recipe->rules[i].match, match))
			continue;
		memmove(&recipe->rules[i], &recipe->rules[i + 1],
			(recipe->rule_count - i - 1) * sizeof(*recipe->rules));
		recipe->rule_count--;
		return;
	}
}

enum err
recipe_set(struct recipe *recipe, const char *match, const struct layer_setting *setting)
{
	struct recipe_rule *rule;

	if (strlen(match) >= sizeof(rule->match))
		return err_at(ERR_RANGE, NULL, match, "pattern longer than %zu bytes",
			      sizeof(rule->match) - 1);
	if (buf_grow(&recipe->rules, &recipe->rule_capacity, recipe->rule_count + 1,
		     sizeof(*recipe->rules)))
		return ERR_NOMEM;
	remove_rule(recipe, match);
	rule = &recipe->rules[recipe->rule_count++];
	memset(rule, 0, sizeof(*rule));
	memcpy(rule->match, match, strlen(match) + 1);
	rule->setting = *setting;
	return OK;
}

/* Embeddings, head and routers carry few of the weights and much of the quality: nobody means them
 * by a star. */
static bool
is_kept_unless_named(const struct layer *layer)
{
	static const char router[] = "router";
	size_t length = strlen(layer->module), tail = sizeof(router) - 1;

	return layer->block < 0 ||
	       (length >= tail && !strcmp(layer->module + length - tail, router));
}

static bool
names_last_component(const char *pattern)
{
	const char *dot = strrchr(pattern, '.');

	return !strchr(dot ? dot : pattern, '*');
}

bool
recipe_rule_matches(const struct recipe_rule *rule, const struct model *model, int index)
{
	const struct layer *layer = &model->layers[index];
	bool tied_head = index == model->head && text_match(rule->match, "head");

	if (is_kept_unless_named(layer) && !names_last_component(rule->match))
		return false;
	return tied_head || text_match(rule->match, layer->name) ||
	       (layer->tensor_name && text_match(rule->match, layer->tensor_name));
}

int
recipe_rule_of(const struct recipe *recipe, const struct model *model, int layer)
{
	for (size_t i = recipe->rule_count; i-- > 0;)
		if (recipe_rule_matches(&recipe->rules[i], model, layer))
			return (int)i;
	return recipe->has_fallback && !is_kept_unless_named(&model->layers[layer]) ? -1 : -2;
}

struct layer_setting
recipe_resolve(const struct recipe *recipe, const struct model *model, int layer)
{
	int rule = recipe_rule_of(recipe, model, layer);
	struct layer_setting keep = { 0 };

	if (rule == -2)
		return keep;
	return rule < 0 ? recipe->fallback : recipe->rules[rule].setting;
}

static const struct param *
find_param(const struct layer_setting *setting, const char *name, int *index)
{
	*index = param_find(setting->method->params, name);
	return *index < 0 ? NULL : &setting->method->params[*index];
}

enum err
recipe_assign(struct layer_setting *setting, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	const char *names[PARAM_MAX + 1] = { 0 };
	const struct param *param;
	const char *nearest;
	char name[64];
	int index;

	if (!equals || (size_t)(equals - assignment) >= sizeof(name))
		return err_at(ERR_USAGE, NULL, "--set", "%s is not NAME=VALUE; write bits=4, say",
			      assignment);
	snprintf(name, sizeof(name), "%.*s", (int)(equals - assignment), assignment);
	param = find_param(setting, name, &index);
	if (param)
		return param_parse(&setting->params.v[index], param, equals + 1);
	for (size_t i = 0; i < param_count(setting->method->params); i++)
		names[i] = setting->method->params[i].name;
	nearest = text_nearest(name, names);
	return err_at(ERR_USAGE, NULL, setting->method->name,
		      "no parameter %s; %s%s, see: qscope methods", name,
		      nearest ? "did you mean " : "remove it", nearest ? nearest : "");
}

void
recipe_describe(char *out, size_t capacity, const struct layer_setting *setting)
{
	size_t used;
	char value[64];

	snprintf(out, capacity, "%s", setting->method ? setting->method->name : "keep");
	if (!setting->method)
		return;
	for (size_t i = 0; i < param_count(setting->method->params); i++) {
		const struct param *param = &setting->method->params[i];

		param_format(value, sizeof(value), param, setting->params.v[i]);
		used = strlen(out);
		snprintf(out + used, capacity - used, " %s=%s", param->name, value);
	}
}
