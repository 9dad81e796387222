/* Recipes as JSON (qscope.recipe/1). Numbers are written as the shortest text that reads back, keys
 * sorted by bytes for the hash, text as UTF-8: json.dumps(sort_keys=True, separators=(",", ":"),
 * ensure_ascii=False) of Python gives the same bytes. */
#include "sessions/recipe.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/text.h"
#include "sessions/json_in.h"
#include "sessions/json_out.h"

#include <string.h>

enum { RULES_MAX = 8192, RECIPE_LIMIT = 4 << 20 };

static const char schema[] = "qscope.recipe/1";

static void
text_or_null(struct json_out *json, const char *key, const char *text)
{
	json_out_text(json, key, text[0] ? text : NULL);
}

static void
param_out(struct json_out *json, const struct param *param, double value)
{
	if (param->type == PARAM_BOOL)
		json_out_bool(json, param->name, value != 0);
	else if (param->type == PARAM_CHOICE)
		json_out_text(json, param->name, param->choices[(size_t)value]);
	else
		json_out_number(json, param->name, value);
}

void
recipe_params_out(struct json_out *json, const char *key, const struct layer_setting *setting)
{
	const struct param *params = setting->method->params;

	json_out_object(json, key);
	for (size_t i = 0; i < param_count(params); i++)
		param_out(json, &params[i], setting->params.v[i]);
	json_out_end(json);
}

static void
setting_out(struct json_out *json, const struct layer_setting *setting)
{
	if (!setting->method) {
		json_out_bool(json, "keep", true);
		return;
	}
	json_out_text(json, "method", setting->method->name);
	recipe_params_out(json, "params", setting);
}

void
recipe_calibration_out(struct json_out *json, const char *key,
		       const struct calibration_setting *calibration)
{
	if (!calibration->text[0]) {
		json_out_null(json, key);
		return;
	}
	json_out_object(json, key);
	json_out_text(json, "text", calibration->text);
	text_or_null(json, "sha256", calibration->sha256);
	text_or_null(json, "field", calibration->field);
	json_out_count(json, "sequences", calibration->sequences);
	json_out_count(json, "length", calibration->length);
	json_out_count(json, "seed", calibration->seed);
	json_out_text(json, "source", calibration->propagated ? "propagated" : "original");
	json_out_end(json);
}

static void
rules_out(struct json_out *json, const struct recipe *recipe)
{
	json_out_array(json, "rules");
	for (size_t i = 0; i < recipe->rule_count; i++) {
		json_out_object(json, NULL);
		json_out_text(json, "match", recipe->rules[i].match);
		setting_out(json, &recipe->rules[i].setting);
		json_out_end(json);
	}
	json_out_end(json);
}

static void
provenance_out(struct json_out *json, const struct recipe *recipe)
{
	json_out_object(json, "provenance");
	text_or_null(json, "version", recipe->version);
	text_or_null(json, "date", recipe->date);
	text_or_null(json, "notes", recipe->notes);
	json_out_end(json);
}

static struct json_out *
build(const struct recipe *recipe, bool provenance)
{
	struct json_out *json = json_out_start(schema);

	json_out_object(json, "model");
	text_or_null(json, "architecture", recipe->architecture);
	text_or_null(json, "identity", recipe->identity);
	text_or_null(json, "sha256", recipe->sha256);
	json_out_end(json);
	recipe_calibration_out(json, "calibration", &recipe->calibration);
	if (recipe->has_fallback && recipe->fallback.method) {
		json_out_object(json, "default");
		setting_out(json, &recipe->fallback);
		json_out_end(json);
	} else {
		json_out_null(json, "default");
	}
	rules_out(json, recipe);
	text_or_null(json, "numeric_profile", recipe->numeric_profile);
	if (provenance)
		provenance_out(json, recipe);
	return json;
}

enum err
recipe_text(char **out, const struct recipe *recipe)
{
	return json_out_finish(out, build(recipe, true), JSON_PRETTY);
}

enum err
recipe_hash(char out[HASH_HEX], const struct recipe *recipe)
{
	char *text;
	enum err code = json_out_finish(&text, build(recipe, false), JSON_CANONICAL);

	if (!code)
		code = sha256_of(out, text, strlen(text));
	buf_free(text);
	return code;
}

void
recipe_out(struct json_out *json, const char *key, const struct recipe *recipe)
{
	struct json_out *own = build(recipe, true);

	json_out_embed(json, key, own, NULL);
	json_out_drop(own);
}

/* ------------------------------------------------------------------------------- reading */

static enum err
choice_in(double *out, const struct param *param, const struct json_in *in)
{
	const char *text;

	if (!json_in_is_text(in, &text))
		return json_in_refuse(in, ERR_FORMAT, "expected text, one of the choices of %s",
				      param->name);
	return param_parse(out, param, text);
}

static enum err
param_in(double *out, const struct param *param, const struct json_in *in)
{
	bool flag;

	if (param->type == PARAM_CHOICE)
		return choice_in(out, param, in);
	if (param->type == PARAM_BOOL) {
		if (!json_in_is_bool(in, &flag))
			return json_in_refuse(in, ERR_FORMAT, "expected true or false");
		*out = flag;
		return OK;
	}
	if (!json_in_is_number(in, out))
		return json_in_refuse(in, ERR_FORMAT, "expected a number");
	return param_check(param, *out);
}

static enum err
params_in(struct layer_setting *setting, const struct json_in *object)
{
	struct json_in params = json_in_member(object, "params");
	const char *names[PARAM_MAX + 1] = { 0 };
	size_t count = param_count(setting->method->params);
	enum err code = OK;

	param_defaults(&setting->params, setting->method->params);
	if (!params.value)
		return OK;
	for (size_t i = 0; i < count && i < PARAM_MAX; i++)
		names[i] = setting->method->params[i].name;
	code = json_in_keys(&params, names);
	for (size_t i = 0; i < count && !code; i++) {
		struct json_in in = json_in_member(&params, names[i]);

		if (in.value)
			code = param_in(&setting->params.v[i], &setting->method->params[i], &in);
	}
	return code ? err_in_file(code, params.path) : OK;
}

static enum err
method_in(struct layer_setting *out, const struct json_in *object)
{
	const char *names[64] = { 0 };
	char name[64] = "";
	const char *nearest;
	enum err code = json_in_text(name, sizeof(name), object, "method");

	if (code)
		return code;
	if (!name[0])
		return json_in_refuse(object, ERR_FORMAT, "no \"method\" and no \"keep\": true");
	out->method = quantizer_find(name);
	if (out->method)
		return params_in(out, object);
	for (size_t i = 0; quantizers[i] && i < 63; i++)
		names[i] = quantizers[i]->name;
	nearest = text_nearest(name, names);
	return json_in_refuse(object, ERR_UNSUPPORTED, "unknown method \"%s\"; %s%s", name,
			      nearest ? "did you mean " : "see: qscope methods",
			      nearest ? nearest : "");
}

enum err
recipe_setting_in(struct layer_setting *out, const struct json_in *object)
{
	static const char *const keys[] = { "match", "method", "params", "keep", NULL };
	struct json_in method = json_in_member(object, "method");
	bool keep = false;
	enum err code = json_in_keys(object, keys);

	memset(out, 0, sizeof(*out));
	if (!code)
		code = json_in_bool(&keep, object, "keep");
	if (code)
		return code;
	if (keep && method.value)
		return json_in_refuse(object, ERR_FORMAT,
				      "both \"keep\" and \"method\"; leave one");
	return keep ? OK : method_in(out, object);
}

static enum err
rule_in(struct recipe *recipe, const struct json_in *object)
{
	struct recipe_rule rule = { 0 };
	enum err code = recipe_setting_in(&rule.setting, object);

	if (!code)
		code = json_in_text(rule.match, sizeof(rule.match), object, "match");
	if (!code && !rule.match[0])
		return json_in_refuse(object, ERR_FORMAT,
				      "no \"match\"; give a layer's name or pattern");
	return code ? code : recipe_set(recipe, rule.match, &rule.setting);
}

static enum err
rules_in(struct recipe *recipe, const struct json_in *root)
{
	struct json_in rules;
	enum err code = json_in_array(root, "rules", &rules);

	if (!code && json_in_length(&rules) > RULES_MAX)
		return json_in_refuse(&rules, ERR_RANGE, "more than %d rules; use patterns",
				      RULES_MAX);
	for (size_t i = 0; i < json_in_length(&rules) && !code; i++) {
		struct json_in rule = json_in_element(&rules, i);

		code = rule_in(recipe, &rule);
	}
	return code;
}

static enum err
source_in(bool *propagated, const struct json_in *object)
{
	struct json_in in = json_in_member(object, "source");
	char source[16] = "original";
	enum err code = json_in_text(source, sizeof(source), object, "source");

	if (code)
		return code;
	*propagated = !strcmp(source, "propagated");
	if (!*propagated && strcmp(source, "original"))
		return json_in_refuse(&in, ERR_RANGE, "\"%s\" is not original or propagated",
				      source);
	return OK;
}

static enum err
sha256_in(char out[HASH_HEX], const struct json_in *object)
{
	struct json_in in = json_in_member(object, "sha256");
	enum err code = json_in_text(out, HASH_HEX, object, "sha256");

	if (!code && out[0] && strspn(out, "0123456789abcdef") != HASH_HEX - 1)
		return json_in_refuse(&in, ERR_FORMAT, "expected 64 hexadecimal digits");
	return code;
}

static enum err
calibration_in(struct calibration_setting *out, const struct json_in *root)
{
	static const char *const keys[] = { "text",   "sha256", "field",  "sequences",
					    "length", "seed",   "source", NULL };
	struct json_in in = json_in_member(root, "calibration");
	uint64_t sequences = CALIBRATION_SEQUENCES, length = CALIBRATION_LENGTH;
	enum err code;

	if (!in.value)
		return OK;
	code = json_in_keys(&in, keys);
	if (!code)
		code = json_in_text(out->text, sizeof(out->text), &in, "text");
	if (!code && !out->text[0])
		code = json_in_refuse(&in, ERR_FORMAT, "no \"text\"; name one, or write null");
	if (!code)
		code = sha256_in(out->sha256, &in);
	if (!code)
		code = json_in_text(out->field, sizeof(out->field), &in, "field");
	if (!code)
		code = json_in_count(&sequences, &in, "sequences", CALIBRATION_SEQUENCES_MAX);
	if (!code)
		code = json_in_count(&length, &in, "length", CALIBRATION_LENGTH_MAX);
	if (!code)
		code = json_in_count(&out->seed, &in, "seed", UINT64_MAX);
	if (!code)
		code = source_in(&out->propagated, &in);
	out->sequences = (size_t)sequences;
	out->length = (size_t)length;
	return code;
}

static enum err
model_in(struct recipe *out, const struct json_in *root)
{
	static const char *const keys[] = { "architecture", "identity", "sha256", NULL };
	struct json_in in = json_in_member(root, "model");
	enum err code;

	if (!in.value)
		return OK;
	code = json_in_keys(&in, keys);
	if (!code)
		code = json_in_text(out->architecture, sizeof(out->architecture), &in,
				    "architecture");
	if (!code)
		code = json_in_text(out->identity, sizeof(out->identity), &in, "identity");
	return code ? code : sha256_in(out->sha256, &in);
}

static enum err
provenance_in(struct recipe *out, const struct json_in *root)
{
	static const char *const keys[] = { "version", "date", "notes", NULL };
	struct json_in in = json_in_member(root, "provenance");
	enum err code;

	if (!in.value)
		return OK;
	code = json_in_keys(&in, keys);
	if (!code)
		code = json_in_text(out->version, sizeof(out->version), &in, "version");
	if (!code)
		code = json_in_text(out->date, sizeof(out->date), &in, "date");
	return code ? code : json_in_text(out->notes, sizeof(out->notes), &in, "notes");
}

static enum err
fallback_in(struct recipe *out, const struct json_in *root)
{
	struct json_in in = json_in_member(root, "default");

	if (!in.value)
		return OK;
	out->has_fallback = true;
	return recipe_setting_in(&out->fallback, &in);
}

static enum err
root_in(struct recipe *out, const struct json_in *root)
{
	static const char *const keys[] = { "schema", "model",           "calibration", "default",
					    "rules",  "numeric_profile", "provenance",  NULL };
	char name[64] = "";
	enum err code = json_in_keys(root, keys);

	if (!code)
		code = json_in_text(name, sizeof(name), root, "schema");
	if (!code && strcmp(name, schema))
		return json_in_refuse(root, ERR_FORMAT, "schema is \"%s\", not \"%s\"", name,
				      schema);
	if (!code)
		code = model_in(out, root);
	if (!code)
		code = calibration_in(&out->calibration, root);
	if (!code)
		code = fallback_in(out, root);
	if (!code)
		code = rules_in(out, root);
	if (!code)
		code = json_in_text(out->numeric_profile, sizeof(out->numeric_profile), root,
				    "numeric_profile");
	return code ? code : provenance_in(out, root);
}

enum err
recipe_in(struct recipe *out, const struct json_in *object)
{
	enum err code;

	recipe_init(out);
	code = root_in(out, object);
	if (code)
		recipe_clear(out);
	return code;
}

enum err
recipe_parse(struct recipe *out, const char *text, size_t length, const char *path)
{
	struct json_in root;
	enum err code;

	recipe_init(out);
	code = json_in_parse(&root, text, length, path);
	if (code)
		return code;
	code = recipe_in(out, &root);
	json_in_free(&root);
	return code;
}

enum err
recipe_read(struct recipe *out, const char *path)
{
	char *text;
	size_t size;
	enum err code;

	recipe_init(out);
	code = file_read(&text, &size, path, RECIPE_LIMIT);
	if (code)
		return code;
	code = recipe_parse(out, text, size, path);
	buf_free(text);
	return code;
}
