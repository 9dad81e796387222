/* config.json to a shape. Keys that are absent take the class's default, as transformers does; keys
 * have had several spellings over the years (rope_theta, then rope_parameters.rope_theta). Every
 * value is bounded, so that no product of two overflows. */
#include "core/architecture.h"
#include "core/json.h"

#include <stdio.h>
#include <string.h>

enum { DIMENSION_MAX = 1 << 24, BLOCKS_MAX = 4096 };

struct config {
	const struct json_document *document;
	const struct json *root;
	const struct architecture *architecture;
};

static enum err
need(const struct config *c, const char *key, size_t value)
{
	if (value)
		return OK;
	return err_at(ERR_FORMAT, json_path(c->document), key, "is missing; a %s model needs it",
		      c->architecture->name);
}

static enum err
sizes(struct model_shape *s, const struct config *c)
{
	const struct {
		const char *key;
		size_t *out, max;
	} keys[] = {
		{ "num_hidden_layers", &s->blocks, BLOCKS_MAX },
		{ "hidden_size", &s->hidden, DIMENSION_MAX },
		{ "intermediate_size", &s->intermediate, DIMENSION_MAX },
		{ "num_attention_heads", &s->heads, 65536 },
		{ "vocab_size", &s->vocab, DIMENSION_MAX },
	};
	enum err code = OK;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && !code; i++) {
		code = json_get_size(keys[i].out, c->document, c->root, keys[i].key, 1,
				     keys[i].max);
		if (!code)
			code = need(c, keys[i].key, *keys[i].out);
	}
	return code;
}

static enum err
head_sizes(struct model_shape *s, const struct config *c)
{
	const char *path = json_path(c->document);
	enum err code;

	s->kv_heads = s->heads;
	s->head_dim = 0;
	if ((code = json_get_size(&s->kv_heads, c->document, c->root, "num_key_value_heads", 1,
				  65536)) ||
	    (code = json_get_size(&s->head_dim, c->document, c->root, "head_dim", 1, 65536)))
		return code;
	if (s->heads % s->kv_heads)
		return err_at(ERR_FORMAT, path, "num_key_value_heads",
			      "is %zu, which does not divide num_attention_heads %zu", s->kv_heads,
			      s->heads);
	if (!s->head_dim && s->hidden % s->heads)
		return err_at(
			ERR_FORMAT, path, "num_attention_heads",
			"is %zu, which does not divide hidden_size %zu, and head_dim is missing",
			s->heads, s->hidden);
	if (!s->head_dim)
		s->head_dim = s->hidden / s->heads;
	if (s->head_dim % 2)
		return err_at(ERR_UNSUPPORTED, path, "head_dim",
			      "is %zu; rotary positions need an even number", s->head_dim);
	return OK;
}

/* rope_parameters of today or rope_scaling of yesterday; only plain rotation is there yet. */
static enum err
rope(struct model_shape *s, const struct config *c)
{
	const struct json *parameters = json_get(c->root, "rope_parameters");
	const struct json *scaling = parameters && parameters->type == JSON_OBJECT
					     ? parameters
					     : json_get(c->root, "rope_scaling");
	const char *type = NULL;
	enum err code;

	if ((code = json_get_number(&s->rope_theta, c->document, c->root, "rope_theta", 1, 1e12)))
		return code;
	if (!scaling || scaling->type == JSON_NULL)
		return OK;
	if ((code = json_get_number(&s->rope_theta, c->document, scaling, "rope_theta", 1, 1e12)) ||
	    (code = json_get_string(&type, c->document, scaling, "type")) ||
	    (code = json_get_string(&type, c->document, scaling, "rope_type")))
		return code;
	if (type && strcmp(type, "default"))
		return err_at(ERR_UNSUPPORTED, json_path(c->document), "rope_type",
			      "is \"%s\"; only \"default\" is read yet", type);
	return OK;
}

static enum err
refuse_flag(const struct config *c, const char *key)
{
	bool set = false;
	enum err code = json_get_bool(&set, c->document, c->root, key);

	if (!code && set)
		code = err_at(ERR_UNSUPPORTED, json_path(c->document), key,
			      "is true; %s models with biases are not read yet",
			      c->architecture->name);
	return code;
}

static enum err
refuse_quantized(const struct config *c)
{
	const struct json *quantization = json_get(c->root, "quantization_config");
	const char *method = "an unnamed method";
	enum err code;

	if (!quantization || quantization->type == JSON_NULL)
		return OK;
	if ((code = json_get_string(&method, c->document, quantization, "quant_method")))
		return code;
	return err_at(ERR_UNSUPPORTED, json_path(c->document), "quantization_config",
		      "says the model is already quantized with %s; open the original model",
		      method);
}

static enum err
details(struct model_shape *s, const struct config *c)
{
	const struct architecture *a = c->architecture;
	const char *activation = a->activation;
	enum err code;

	s->norm_eps = a->norm_eps;
	s->rope_theta = a->rope_theta;
	s->context = a->context;
	s->tied_head = a->tied_head;
	if ((code = json_get_number(&s->norm_eps, c->document, c->root, "rms_norm_eps", 0, 1)) ||
	    (code = json_get_size(&s->context, c->document, c->root, "max_position_embeddings", 1,
				  1 << 28)) ||
	    (code = json_get_bool(&s->tied_head, c->document, c->root, "tie_word_embeddings")) ||
	    (code = json_get_string(&activation, c->document, c->root, "hidden_act")) ||
	    (code = refuse_flag(c, "attention_bias")) || (code = refuse_flag(c, "mlp_bias")) ||
	    (code = refuse_quantized(c)))
		return code;
	if (strcmp(activation, a->activation))
		return err_at(ERR_UNSUPPORTED, json_path(c->document), "hidden_act",
			      "is \"%s\"; %s models with \"%s\" are read", activation, a->name,
			      a->activation);
	return OK;
}

static enum err
family(struct config *c)
{
	const char *type = NULL;
	char known[256] = "";
	enum err code = json_get_string(&type, c->document, c->root, "model_type");

	if (code)
		return code;
	if (!type)
		return err_at(ERR_FORMAT, json_path(c->document), "model_type",
			      "is missing; without it the family of the model is unknown");
	if ((c->architecture = architecture_find(type)))
		return OK;
	for (const struct architecture *const *a = architectures; *a; a++) {
		size_t used = strlen(known);

		snprintf(known + used, sizeof(known) - used, "%s%s", used ? ", " : "", (*a)->name);
	}
	return err_at(ERR_UNSUPPORTED, json_path(c->document), "model_type",
		      "is \"%s\"; the families that qscope reads are: %s", type, known);
}

enum err
config_read(struct model_shape *out, const struct architecture **architecture,
	    const struct json_document *config)
{
	struct config c = { .document = config, .root = json_root(config) };
	enum err code;

	memset(out, 0, sizeof(*out));
	if (c.root->type != JSON_OBJECT)
		return err_at(ERR_FORMAT, json_path(config), NULL, "is no object");
	if ((code = family(&c)) || (code = sizes(out, &c)) || (code = head_sizes(out, &c)) ||
	    (code = rope(out, &c)) || (code = details(out, &c)))
		return code;
	*architecture = c.architecture;
	return OK;
}
