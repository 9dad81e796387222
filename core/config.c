#include "core/config.h"

#include "core/architecture.h"
#include "core/json.h"

#include <stdio.h>
#include <string.h>

/* The member when it is there and not null. */
static const struct json *
present(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);

	return value && value->type != JSON_NULL ? value : NULL;
}

static enum err
read_key(struct model_shape *shape, const struct json_document *config,
	 const struct config_key *key)
{
	void *to = (char *)shape + key->offset;
	const struct json *root = json_root(config);

	switch (key->type) {
	case CONFIG_TYPE_SIZE:
		*(size_t *)to = (size_t)key->missing;
		return json_get_size(to, config, root, key->name, (uint64_t)key->min,
				     (uint64_t)key->max);
	case CONFIG_TYPE_NUMBER:
		*(double *)to = key->missing;
		return json_get_number(to, config, root, key->name, key->min, key->max);
	default:
		*(bool *)to = key->missing != 0;
		return json_get_bool(to, config, root, key->name);
	}
}

/* Whether `value` is one of the words parted by '|'. */
static bool
is_allowed(const char *allowed, const char *value, size_t length)
{
	for (const char *word = allowed; word; word = strchr(word, '|')) {
		word += *word == '|';
		if (strcspn(word, "|") == length && !memcmp(word, value, length))
			return true;
	}
	return false;
}

static enum err
check_rule(const struct json_document *config, const struct json *object,
	   const struct config_rule *rule)
{
	const struct json *value = present(object, rule->key);
	char brief[96];

	if (!value)
		return OK;
	json_brief(brief, sizeof(brief), value);
	if (value->type == JSON_STRING ? is_allowed(rule->allowed, value->string, value->length)
				       : is_allowed(rule->allowed, brief, strlen(brief)))
		return OK;
	return err_at(ERR_UNSUPPORTED, json_path(config), rule->key,
		      "is %s; qscope reads models where it is %s", brief, rule->allowed);
}

static enum err
check_rules(const struct json_document *config, const struct json *object,
	    const struct config_rule *rules)
{
	enum err code = OK;

	for (; rules->key && !code; rules++)
		code = check_rule(config, object, rules);
	return code;
}

/* `rope_parameters` (today) and `rope_scaling` (before) hold the kind of scaling, under "rope_type"
 * or "type"; the base stands in the first or at the top. */
static const struct config_rule rope_rules[] = {
	{ "rope_type", "default" }, { "type", "default" }, { "partial_rotary_factor", "1" },
	{ "factor", "1" },          { NULL, NULL },
};

static enum err
check_rope(const struct json_document *config, const char *key)
{
	const struct json *rope = present(json_root(config), key);

	if (rope && rope->type != JSON_OBJECT)
		return err_at(ERR_FORMAT, json_path(config), key, "is no object");
	return rope ? check_rules(config, rope, rope_rules) : OK;
}

static enum err
read_rope(struct model_shape *shape, const struct json_document *config)
{
	static const double largest = 1e15;
	const struct json *root = json_root(config), *inner;
	double above = 0, below = 0;
	enum err code;

	if ((code = check_rope(config, "rope_parameters")) ||
	    (code = check_rope(config, "rope_scaling")))
		return code;
	inner = json_get(root, "rope_parameters");
	if ((code = json_get_number(&above, config, root, "rope_theta", 1e-3, largest)) ||
	    (code = json_get_number(&below, config, inner, "rope_theta", 1e-3, largest)))
		return code;
	if (above > 0 && below > 0 && (above < below || above > below))
		return err_at(ERR_FORMAT, json_path(config), "rope_theta",
			      "is %g, but rope_parameters says %g; remove one of them", above,
			      below);
	shape->rope_theta = below > 0 ? below : above > 0 ? above : 10000;
	return OK;
}

static enum err
derive(struct model_shape *shape, const struct json_document *config)
{
	if (!shape->kv_heads)
		shape->kv_heads = shape->heads;
	if (!shape->head_dim) {
		if (shape->hidden % shape->heads)
			return err_at(ERR_FORMAT, json_path(config), "hidden_size",
				      "is %zu, no multiple of the %zu heads, and head_dim is not "
				      "given",
				      shape->hidden, shape->heads);
		shape->head_dim = shape->hidden / shape->heads;
	}
	if (shape->heads % shape->kv_heads)
		return err_at(ERR_FORMAT, json_path(config), "num_key_value_heads",
			      "is %zu, which does not divide the %zu heads", shape->kv_heads,
			      shape->heads);
	if (shape->head_dim % 2)
		return err_at(ERR_FORMAT, json_path(config), "head_dim",
			      "is %zu; rotary embeddings need an even one", shape->head_dim);
	return OK;
}

static enum err
refuse_quantized(const struct json_document *config)
{
	const struct json *value = present(json_root(config), "quantization_config");
	const struct json *method = present(value, "quant_method");
	char brief[96] = "a method it does not name";

	if (!value)
		return OK;
	if (method)
		json_brief(brief, sizeof(brief), method);
	return err_at(ERR_UNSUPPORTED, json_path(config), "quantization_config",
		      "says the weights are already quantized with %s; open the model they were "
		      "made from",
		      brief);
}

/* The first class in "architectures", or NULL. */
static const char *
class_name(const struct json_document *config)
{
	const struct json *list = present(json_root(config), "architectures");

	if (!list || list->type != JSON_ARRAY || !list->first || list->first->type != JSON_STRING)
		return NULL;
	return list->first->string;
}

/* "llama, mistral": what model_type may be. */
static void
known_families(char *out, size_t capacity)
{
	size_t n = 0;

	out[0] = '\0';
	for (const struct architecture *const *a = architectures; *a && n < capacity; a++)
		if ((*a)->model_type)
			n += (size_t)snprintf(out + n, capacity - n, "%s%s", n ? ", " : "",
					      (*a)->model_type);
}

static enum err
find_architecture(const struct architecture **out, const struct json_document *config)
{
	const char *type = NULL, *class = class_name(config);
	char known[512];
	enum err code = json_get_string(&type, config, json_root(config), "model_type");

	if (code)
		return code;
	if (!type && !class)
		return err_at(ERR_FORMAT, json_path(config), "model_type",
			      "is missing; it names the family, \"llama\" for instance");
	*out = architecture_find(type, class);
	if (!*out) {
		known_families(known, sizeof(known));
		return err_at(ERR_UNSUPPORTED, json_path(config),
			      type ? "model_type" : "architectures",
			      "is \"%s\"; the families that qscope reads: %s", type ? type : class,
			      known);
	}
	if (class && strcmp(class, (*out)->class_name))
		return err_at(ERR_UNSUPPORTED, json_path(config), "architectures",
			      "is \"%s\"; qscope reads %s", class, (*out)->class_name);
	return OK;
}

enum err
config_describe(struct model_shape *out, const struct architecture **architecture,
		const struct json_document *config)
{
	enum err code;

	if (json_root(config)->type != JSON_OBJECT)
		return err_at(ERR_FORMAT, json_path(config), NULL,
			      "holds no object; fetch the file again");
	if ((code = find_architecture(architecture, config)) || (code = refuse_quantized(config)) ||
	    (code = check_rules(config, json_root(config), (*architecture)->config_rules)))
		return code;
	memset(out, 0, sizeof(*out));
	for (const struct config_key *key = (*architecture)->config_keys; key->name; key++)
		if ((code = read_key(out, config, key)))
			return code;
	out->rope_interleaved = (*architecture)->rope_interleaved;
	if ((code = read_rope(out, config)))
		return code;
	return derive(out, config);
}
