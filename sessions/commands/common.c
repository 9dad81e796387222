#include "sessions/commands/common.h"

#include "core/architecture.h"
#include "core/text.h"
#include "sessions/shipped.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 512 };

enum err
common_open(struct common *out, struct call *call, const char *model)
{
	struct engine_options options = { .model = model,
					  .threads = call->options->threads,
					  .memory = call->options->memory,
					  .no_cache = call->options->no_cache };
	enum err code = OK;

	memset(out, 0, sizeof(*out));
	out->engine = model ? NULL : call->engine;
	out->own = !out->engine;
	if (out->own)
		code = engine_open(&out->engine, &options);
	if (code)
		return code;
	if (call->work)
		out->work = *call->work;
	out->work.pool = engine_pool(out->engine);
	for (size_t i = 0; out->own && i < engine_model(out->engine)->warning_count; i++)
		output_narrate(call, "%s", engine_model(out->engine)->warnings[i]);
	if (out->own && engine_note(out->engine))
		output_narrate(call, "%s", engine_note(out->engine));
	if (out->own && engine_tokenizer(out->engine) &&
	    tokenizer_warning(engine_tokenizer(out->engine)))
		output_narrate(call, "%s", tokenizer_warning(engine_tokenizer(out->engine)));
	return OK;
}

void
common_close(struct common *common)
{
	if (common->own)
		engine_free(common->engine);
	memset(common, 0, sizeof(*common));
}

enum err
common_refuse(const char *what, const char *name, const char *const *names, const char *see)
{
	const char *nearest = text_nearest(name, names);

	return err_at(ERR_USAGE, NULL, name, "no such %s; %s%s%s", what,
		      nearest ? "did you mean " : "see: ", nearest ? nearest : see,
		      nearest ? "?" : "");
}

enum err
common_method(const struct quantizer **out, const char *name)
{
	const char *names[NAMES_MAX + 1] = { 0 };

	*out = quantizer_find(name);
	for (size_t i = 0; quantizers[i] && i < NAMES_MAX; i++)
		names[i] = quantizers[i]->name;
	return *out ? OK : common_refuse("method", name, names, "qscope methods");
}

enum err
common_protocol(const struct protocol **out, const char *name)
{
	const char *names[NAMES_MAX + 1] = { 0 };

	*out = name ? protocol_find(name) : protocols[0];
	for (size_t i = 0; protocols[i] && i < NAMES_MAX; i++)
		names[i] = protocols[i]->name;
	return *out ? OK : common_refuse("protocol", name, names, "qscope help eval");
}

enum err
common_layer(int *out, const struct engine *engine, const char *name)
{
	const struct model *model = engine_model(engine);
	const char *names[NAMES_MAX + 1] = { 0 };

	*out = model_find_layer(model, name);
	if (*out >= 0)
		return OK;
	for (size_t i = 0; i < model->layer_count && i < NAMES_MAX; i++)
		names[i] = model->layers[i].name;
	return err_in_file(common_refuse("layer", name, names, "qscope info"), model->path);
}

enum err
common_setting(struct layer_setting *out, const struct call *call)
{
	const char *method = arguments_value(&call->arguments, "--method"), *assignment;
	enum err code;
	size_t at = 0;

	memset(out, 0, sizeof(*out));
	if (!method)
		return err_at(ERR_USAGE, NULL, "--method",
			      "is missing; name one of: qscope methods");
	code = common_method(&out->method, method);
	if (code)
		return code;
	param_defaults(&out->params, out->method->params);
	while (!code && (assignment = arguments_next(&call->arguments, "--set", &at)))
		code = recipe_assign(out, assignment);
	return code;
}

enum err
common_calibration(struct calibration_setting *out, const struct call *call, struct engine *engine)
{
	const struct arguments *arguments = &call->arguments;
	const char *text = arguments_value(arguments, "--calibration");
	const char *field = arguments_value(arguments, "--field");
	uint64_t sequences = out->sequences, length = out->length;
	enum err code;

	if ((text && strlen(text) >= sizeof(out->text)) ||
	    (field && strlen(field) >= sizeof(out->field)))
		return err_at(ERR_USAGE, NULL, "--calibration", "name too long");
	if (text && strcmp(text, out->text))
		memset(out->sha256, 0, sizeof(out->sha256));
	if (text)
		snprintf(out->text, sizeof(out->text), "%s", strcmp(text, "none") ? text : "");
	if (field)
		snprintf(out->field, sizeof(out->field), "%s", field);
	code = arguments_count(&sequences, arguments, "--sequences", 1, CALIBRATION_SEQUENCES_MAX);
	if (!code)
		code = arguments_count(&length, arguments, "--length", 2, CALIBRATION_LENGTH_MAX);
	out->sequences = (size_t)sequences;
	out->length = (size_t)length;
	if (call->options->has_seed)
		out->seed = call->options->seed;
	if (arguments_value(arguments, "--propagated"))
		out->propagated = true;
	return code ? code : engine_settle(out, engine);
}

static void
default_text(struct calibration_setting *calibration)
{
	if (!calibration->text[0])
		snprintf(calibration->text, sizeof(calibration->text), SHIPPED_CALIBRATION);
}

enum err
common_one_calibration(struct calibration_setting *out, const struct call *call,
		       struct engine *engine, const struct layer_setting *setting)
{
	if (setting->method->needs)
		default_text(out);
	return common_calibration(out, call, engine);
}

enum err
common_check(const struct layer_setting *setting, const struct engine *engine, int layer)
{
	const struct layer *l = &engine_model(engine)->layers[layer];
	enum err code = OK;

	if (setting->method->check)
		code = setting->method->check(&setting->params, l->rows, l->columns);
	return code ? err_at(code, engine_model(engine)->path, l->name, "%s", err_last()->message)
		    : OK;
}

enum err
common_model_out(struct json_out *json, const struct engine *engine)
{
	const struct model *model = engine_model(engine);
	struct model_names names;
	enum err code = engine_names(&names, engine, false, NULL);

	json_out_object(json, "model");
	json_out_text(json, "path", model->path);
	json_out_text(json, "architecture", model->architecture->name);
	json_out_text(json, "identity", names.identity);
	json_out_text(json, "sha256", names.sha256[0] ? names.sha256 : NULL);
	json_out_end(json);
	return code;
}

enum err
common_recipe_out(struct json_out *json, const struct recipe *recipe)
{
	char hash[HASH_HEX];
	enum err code = recipe ? recipe_hash(hash, recipe) : OK;

	if (!recipe)
		json_out_null(json, "recipe");
	else
		recipe_out(json, "recipe", recipe);
	json_out_text(json, "recipe_sha256", recipe && !code ? hash : NULL);
	return code;
}

static bool
needs_text(const struct recipe *recipe)
{
	bool needs =
		recipe->has_fallback && recipe->fallback.method && recipe->fallback.method->needs;

	for (size_t i = 0; i < recipe->rule_count; i++)
		needs = needs ||
			(recipe->rules[i].setting.method && recipe->rules[i].setting.method->needs);
	return needs;
}

static bool
is_other_model(const struct recipe *recipe, const struct engine *engine)
{
	const char *architecture = engine_model(engine)->architecture->name;
	struct model_names names;

	if (recipe->architecture[0] && strcmp(recipe->architecture, architecture))
		return true;
	return recipe->sha256[0] && !engine_names(&names, engine, false, NULL) && names.sha256[0] &&
	       strcmp(recipe->sha256, names.sha256) != 0;
}

static bool
matches_any(const struct recipe_rule *rule, const struct model *model)
{
	for (size_t i = 0; i < model->layer_count; i++)
		if (recipe_rule_matches(rule, model, (int)i))
			return true;
	return false;
}

/* A recipe taken with another model, text or machine is no error, but worth a word. */
static void
compare(struct recipe *recipe, const struct call *call, const struct engine *engine)
{
	struct call *sayer = (struct call *)(uintptr_t)call;

	if (recipe->numeric_profile[0] && strcmp(recipe->numeric_profile, engine_profile()))
		output_narrate(sayer,
			       "the recipe was made on \"%s\", this is \"%s\": calibrated results "
			       "may differ in their last bits (--reproducible fixes the profile)",
			       recipe->numeric_profile, engine_profile());
	if (is_other_model(recipe, engine))
		output_narrate(sayer, "the recipe was made for another model than %s",
			       engine_model(engine)->path);
	for (size_t i = 0; i < recipe->rule_count; i++)
		if (!matches_any(&recipe->rules[i], engine_model(engine)))
			output_narrate(sayer,
				       "rules[%zu]: \"%s\" matches no layer; see: qscope info", i,
				       recipe->rules[i].match);
}

enum err
common_recipe(struct recipe *out, const struct call *call, struct engine *engine)
{
	const char *path = arguments_value(&call->arguments, "--recipe");
	enum err code;

	recipe_init(out);
	if (path && arguments_value(&call->arguments, "--method"))
		return err_at(ERR_USAGE, NULL, "--recipe",
			      "and --method exclude each other; leave one out");
	if (path && arguments_value(&call->arguments, "--set"))
		return err_at(ERR_USAGE, NULL, "--set",
			      "goes with --method, not with --recipe; change the recipe instead");
	if (path) {
		code = recipe_read(out, path);
		if (!code)
			compare(out, call, engine);
	} else {
		out->has_fallback = true;
		code = common_setting(&out->fallback, call);
	}
	if (!code && needs_text(out))
		default_text(&out->calibration);
	if (!code)
		code = common_calibration(&out->calibration, call, engine);
	if (code)
		recipe_clear(out);
	return code;
}

enum err
common_texts(const char *texts[COMMON_TEXTS_MAX], size_t *count, const struct call *call)
{
	const char *const *shipped = shipped_evaluation_texts(NULL);
	const char *text;
	size_t at = 0;

	*count = 0;
	while ((text = arguments_next(&call->arguments, "--text", &at))) {
		if (*count == COMMON_TEXTS_MAX)
			return err_at(ERR_USAGE, NULL, "--text", "more than %d texts",
				      COMMON_TEXTS_MAX);
		texts[(*count)++] = text;
	}
	if (!*count)
		for (; shipped[*count] && *count < COMMON_TEXTS_MAX; ++*count)
			texts[*count] = shipped[*count];
	if (!*count)
		return err_at(ERR_USAGE, NULL, "--text",
			      "is missing, and no text ships here; name a file");
	return OK;
}

void
common_text_names(struct words *words)
{
	size_t count;
	const struct shipped_text *texts = shipped_texts(&count);

	for (size_t i = 0; i < count; i++)
		words_add(words, "%s ", texts[i].name);
}

void
common_task_names(struct words *words)
{
	size_t count;
	const struct shipped_task *tasks = shipped_tasks(&count);

	for (size_t i = 0; i < count; i++)
		words_add(words, "%s ", tasks[i].name);
}

char *
common_count(char *out, uint64_t value)
{
	char digits[24];
	size_t length, used = 0;

	snprintf(digits, sizeof(digits), "%" PRIu64, value);
	length = strlen(digits);
	for (size_t i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			out[used++] = ',';
		out[used++] = digits[i];
	}
	out[used] = '\0';
	return out;
}

void
common_warn_experts(struct call *call, const struct engine *engine,
		    struct layer_result *const *results)
{
	const struct model *model = engine_model(engine);
	const struct layer *fewest = NULL;
	uint64_t least = UINT64_MAX;
	size_t few = 0;

	for (size_t i = 0; i < model->layer_count; i++) {
		const struct measurement *m = results[i] ? results[i]->measurement : NULL;

		if (!m || model->layers[i].expert < 0 || !(m->has_output || m->unseen) ||
		    m->tokens >= m->columns)
			continue;
		few++;
		if (m->tokens < least) {
			least = m->tokens;
			fewest = &model->layers[i];
		}
	}
	if (few)
		output_narrate(
			call,
			"%zu layers of experts saw fewer tokens than they have columns, %s the "
			"fewest (%llu); calibrate on more text",
			few, fewest->name, (unsigned long long)least);
}
