#include "core/config.h"

#include "core/activation.h"
#include "core/architecture.h"
#include "core/config_readers.h"
#include "core/json.h"
#include "core/words.h"

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
read_activation(size_t *out, const struct json_document *config, const struct json *object,
		const char *key)
{
	const char *name = NULL;
	char known[256];
	enum err code = json_get_string(&name, config, object, key);

	if (code || !name || activation_find(out, name))
		return code;
	activation_names(known, sizeof(known));
	return err_at(ERR_UNSUPPORTED, json_path(config), key, "is \"%s\"; qscope computes %s",
		      name, known);
}

/* The first of the key's spellings that the object holds, or the first of all. */
static void
spelling(char out[64], const struct config_key *key, const struct json *object)
{
	for (const char *word = key->name; word; word = words_next(word)) {
		words_copy(out, 64, word);
		if (json_get(object, out))
			return;
	}
	words_copy(out, 64, key->name);
}

static enum err
read_key(const struct config_reading *r, const struct config_key *key)
{
	void *to = (char *)&r->out->shape + key->offset;
	const struct json *value;
	char name[64];

	spelling(name, key, r->object);
	value = json_get(r->object, name);
	switch (key->type) {
	case CONFIG_TYPE_SIZE:
	case CONFIG_TYPE_SIZE_OR_NULL:
		*(size_t *)to = (size_t)key->missing;
		if (key->type == CONFIG_TYPE_SIZE_OR_NULL && value && value->type == JSON_NULL)
			*(size_t *)to = 0;
		return json_get_size(to, r->document, r->object, name, (uint64_t)key->min,
				     (uint64_t)key->max);
	case CONFIG_TYPE_NUMBER:
	case CONFIG_TYPE_NUMBER_OR_NULL:
		*(double *)to = key->missing;
		if (key->type == CONFIG_TYPE_NUMBER_OR_NULL && value && value->type == JSON_NULL)
			*(double *)to = 0;
		return json_get_number(to, r->document, r->object, name, key->min, key->max);
	case CONFIG_TYPE_ACTIVATION:
		*(size_t *)to = (size_t)key->missing;
		return read_activation(to, r->document, r->object, name);
	default:
		*(bool *)to = key->missing != 0;
		return json_get_bool(to, r->document, r->object, name);
	}
}

static enum err
check_rule(const struct config_reading *r, const struct config_rule *rule)
{
	const struct json *value = present(r->object, rule->key);
	char brief[96];

	if (!value)
		return OK;
	json_brief(brief, sizeof(brief), value);
	if (value->type == JSON_STRING ? words_have(rule->allowed, value->string, value->length)
				       : words_have(rule->allowed, brief, strlen(brief)))
		return OK;
	return err_at(ERR_UNSUPPORTED, json_path(r->document), rule->key,
		      "is %s; qscope reads models where it is %s", brief, rule->allowed);
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
class_name(const struct json *object)
{
	const struct json *list = present(object, "architectures");

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
		if ((*a)->model_types)
			n += (size_t)snprintf(out + n, capacity - n, "%s%s", n ? ", " : "",
					      (*a)->name);
}

/* Beside a vision or audio tower the text model has a config of its own, in "text_config". */
static enum err
find_text(struct config_reading *r, const char *type)
{
	const struct json *text = present(r->object, "text_config");

	if (!text || (type && architecture_find(type, NULL)))
		return OK;
	if (text->type != JSON_OBJECT)
		return err_at(ERR_FORMAT, json_path(r->document), "text_config", "is no object");
	r->object = text;
	r->out->wrapped = true;
	return OK;
}

static enum err
find_architecture(struct config_reading *r)
{
	const char *type = NULL, *class = class_name(r->object);
	const struct json_document *config = r->document;
	char known[768];
	enum err code = json_get_string(&type, config, r->object, "model_type");

	if (code || (code = find_text(r, type)))
		return code;
	if (r->out->wrapped) {
		class = NULL;
		type = "llama"; /* as LLaVA's class has it */
		if ((code = json_get_string(&type, config, r->object, "model_type")))
			return code;
	}
	if (!type && !class)
		return err_at(ERR_FORMAT, json_path(config), "model_type",
			      "is missing; it names the family, \"llama\" for instance");
	r->out->architecture = architecture_find(type, class);
	if (!r->out->architecture) {
		known_families(known, sizeof(known));
		return err_at(ERR_UNSUPPORTED, json_path(config),
			      type ? "model_type" : "architectures",
			      "is \"%s\"; the families that qscope reads: %s", type ? type : class,
			      known);
	}
	if (class && !words_have(r->out->architecture->class_names, class, strlen(class)))
		return err_at(ERR_UNSUPPORTED, json_path(config), "architectures",
			      "is \"%s\"; qscope reads %s", class,
			      r->out->architecture->class_names);
	return OK;
}

/* Of a model with towers what stands beside them decides whether the head is tied. */
static enum err
read_outer(const struct config_reading *r)
{
	if (!r->out->wrapped)
		return OK;
	return json_get_bool(&r->out->shape.tied_head, r->document, json_root(r->document),
			     "tie_word_embeddings");
}

static enum err
derive_heads(struct model_shape *shape, const struct json_document *config)
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
	return OK;
}

/* What one key leaves to another. */
static enum err
derive(const struct config_reading *r)
{
	struct model_shape *shape = &r->out->shape;

	if (!shape->intermediate)
		shape->intermediate =
			shape->expert_intermediate ? shape->expert_intermediate : 4 * shape->hidden;
	if (!shape->embed_columns)
		shape->embed_columns = shape->hidden;
	shape->projected = shape->embed_columns != shape->hidden;
	return derive_heads(shape, r->document);
}

static enum err
read_all(const struct config_reading *r)
{
	const struct architecture *architecture = r->out->architecture;
	enum err code = OK;

	r->out->shape = architecture->shape;
	for (const struct config_rule *rule = architecture->config_rules;
	     rule && rule->key && !code; rule++)
		code = check_rule(r, rule);
	for (const struct config_key *key = architecture->config_keys; key->name && !code; key++)
		code = read_key(r, key);
	if (!code)
		code = read_outer(r);
	if (!code)
		code = derive(r);
	for (size_t i = 0; architecture->readers && architecture->readers[i] && !code; i++)
		code = architecture->readers[i](r);
	return code;
}

enum err
config_describe(struct model_description *out, const struct json_document *config)
{
	struct config_reading reading = { out, config, json_root(config) };
	enum err code;

	memset(out, 0, sizeof(*out));
	if (json_root(config)->type != JSON_OBJECT)
		return err_at(ERR_FORMAT, json_path(config), NULL,
			      "holds no object; fetch the file again");
	if ((code = find_architecture(&reading)) || (code = refuse_quantized(config)))
		return code;
	return read_all(&reading);
}
