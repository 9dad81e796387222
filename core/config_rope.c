/* Where configs of all years keep what RoPE needs:
 *   today       "rope_parameters": {"rope_type", "rope_theta", ...}, or one such object for each of
 *               "full_attention" and "sliding_attention"
 *   before      "rope_theta" at the top, "rope_scaling": {"rope_type" or "type", ...} or null
 * As in transformers rope_scaling wins over rope_parameters, and what stands in the object over
 * what stands at the top. */
#include "core/config_readers.h"

#include "core/architecture.h"
#include "core/json.h"
#include "core/rope_kind.h"
#include "core/words.h"

#include <stdio.h>
#include <string.h>

static const double theta_least = 1e-3, theta_most = 1e15;

static const struct json *
object_at(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);

	return value && value->type == JSON_OBJECT ? value : NULL;
}

static enum err
must_be_object(const struct config_reading *r, const char *key)
{
	const struct json *value = json_get(r->object, key);

	if (!value || value->type == JSON_NULL || value->type == JSON_OBJECT)
		return OK;
	return err_at(ERR_FORMAT, json_path(r->document), key, "is no object");
}

static const struct rope_kind *
find_kind(const char *name)
{
	for (const struct rope_kind *const *kind = rope_kinds; *kind; kind++)
		if (words_have((*kind)->names, name, strlen(name)))
			return *kind;
	return NULL;
}

static enum err
read_kind(struct rope_setting *out, const struct config_reading *r, const struct json *object)
{
	const char *name = "default", *key = json_get(object, "rope_type") ? "rope_type" : "type";
	char known[256] = "", word[32];
	size_t n = 0;
	enum err code = json_get_string(&name, r->document, object, key);

	if (code)
		return code;
	/* The first Phi-3 files call LongRoPE "yarn" or "su". */
	if (!strcmp(name, "yarn") && json_get(object, "short_factor"))
		name = "longrope";
	if ((out->kind = find_kind(name)))
		return OK;
	for (const struct rope_kind *const *kind = rope_kinds; *kind && n < sizeof(known); kind++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", n ? ", " : "",
				      words_copy(word, sizeof(word), (*kind)->names));
	return err_at(ERR_UNSUPPORTED, json_path(r->document), key,
		      "is \"%s\"; the kinds of RoPE that qscope computes: %s", name, known);
}

/* A number of the object, else of the top under another name; else it stays. */
static enum err
read_number(double *out, const struct config_reading *r, const struct json *object, const char *key,
	    const char *top_key, double min, double max)
{
	enum err code = json_get_number(out, r->document, r->object, top_key, min, max);

	return code ? code : json_get_number(out, r->document, object, key, min, max);
}

static enum err
read_rotary_dim(const struct config_reading *r, const struct json *object)
{
	const struct rope_defaults *defaults = &r->out->architecture->rope;
	struct model_shape *shape = &r->out->shape;
	double part = defaults->partial > 0 ? defaults->partial : 1;
	const char *keys = defaults->partial_key ? defaults->partial_key : "partial_rotary_factor";
	char key[64];
	enum err code = OK;

	for (const char *word = keys; word && !code; word = words_next(word))
		code = json_get_number(&part, r->document, r->object,
				       words_copy(key, sizeof(key), word), 0, 1);
	if (!code)
		code = json_get_number(&part, r->document, object, "partial_rotary_factor", 0, 1);
	if (code)
		return code;
	shape->rotary_dim = (size_t)((double)shape->head_dim * part);
	if (shape->rotary_dim % 2)
		return err_at(ERR_FORMAT, json_path(r->document), "head_dim",
			      "is %zu, of which RoPE would turn %zu; that must be an even number",
			      shape->head_dim, shape->rotary_dim);
	return OK;
}

static enum err
read_setting(struct rope_setting *out, const struct config_reading *r, const struct json *object,
	     const char *theta_key, double theta)
{
	const struct rope_defaults *defaults = &r->out->architecture->rope;
	struct rope_numbers *n = &out->numbers;
	enum err code;

	rope_set_plain(out, theta, r->out->shape.context);
	if (defaults->original_context > 0)
		n->original_context = defaults->original_context;
	if ((code = read_number(&n->theta, r, object, "rope_theta", theta_key, theta_least,
				theta_most)) ||
	    (code = json_get_number(&n->original_context, r->document, object,
				    "original_max_position_embeddings", 1, CONFIG_CONTEXT_MAX)) ||
	    (code = json_get_number(&n->original_context, r->document, r->object,
				    "original_max_position_embeddings", 1, CONFIG_CONTEXT_MAX)) ||
	    (code = read_kind(out, r, object)) || (code = read_rotary_dim(r, object)))
		return code;
	return out->kind->read ? out->kind->read(n, r->document, object, r->out->shape.rotary_dim)
			       : OK;
}

static enum err
check_theta(const struct config_reading *r, const struct json *object, const char *theta_key)
{
	double above = 0, below = 0;
	enum err code =
		json_get_number(&above, r->document, r->object, theta_key, theta_least, theta_most);

	if (!code)
		code = json_get_number(&below, r->document, object, "rope_theta", theta_least,
				       theta_most);
	if (code || !(above > 0 && below > 0) || !(above < below || above > below))
		return code;
	return err_at(ERR_FORMAT, json_path(r->document), theta_key,
		      "is %g, but rope_parameters says %g; remove one of them", above, below);
}

enum err
config_rope(const struct config_reading *r)
{
	const struct rope_defaults *defaults = &r->out->architecture->rope;
	const struct json *flat = object_at(r->object, "rope_scaling"), *today, *local;
	const char *theta_key = defaults->theta_key ? defaults->theta_key : "rope_theta";
	double theta = defaults->theta > 0 ? defaults->theta : 10000;
	enum err code;

	if (!r->out->shape.rope)
		return OK;
	if ((code = must_be_object(r, "rope_parameters")) ||
	    (code = must_be_object(r, "rope_scaling")))
		return code;
	today = object_at(r->object, "rope_parameters");
	local = object_at(today, "sliding_attention");
	if (local || object_at(today, "full_attention"))
		today = object_at(today, "full_attention");
	if (!flat || !flat->length)
		flat = today;
	if ((code = check_theta(r, flat, theta_key)) ||
	    (code = read_setting(&r->out->pattern.rope[0], r, flat, theta_key, theta)))
		return code;
	if (!r->out->shape.rope_local && !local)
		return OK;
	r->out->shape.rope_local = true;
	return read_setting(&r->out->pattern.rope[1], r, local,
			    defaults->local_theta_key ? defaults->local_theta_key : theta_key,
			    defaults->local_theta > 0 ? defaults->local_theta : theta);
}
