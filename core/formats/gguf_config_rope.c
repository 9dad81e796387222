/* RoPE in the words of config.json. GGUF has its numbers in metadata and factors of single pairs in
 * tensors: rope_freqs.weight (Llama 3's scaling, worked out by the converter) and
 * rope_factors_short.weight, rope_factors_long.weight (LongRoPE). */
#include "core/formats/gguf_config_internal.h"

#include "core/file.h"

#include <math.h>
#include <string.h>

static const char *const kinds[] = { "none", "linear", "yarn", "longrope" };
enum { KIND_NONE, KIND_LINEAR, KIND_YARN, KIND_LONGROPE, KIND_COUNT };

static const double factor_least = 1e-3, factor_most = 1e6;

/* A list of one factor for each pair that turns. */
static enum err
put_factors(struct json_text *to, const struct gguf_source *s, const char *key,
	    const char *tensor_name, size_t pairs)
{
	const struct tensor *tensor = checkpoint_find(s->checkpoint, tensor_name);
	struct gguf_value single = { .type = GGUF_F32 };
	float factors[ROPE_FACTORS_MAX];
	enum err code;

	if (!tensor)
		return err_at(ERR_FORMAT, s->gguf->path, tensor_name,
			      "is missing, which the other factors of RoPE ask for");
	if (tensor->elements != pairs || pairs > ROPE_FACTORS_MAX || !dtype_is_float(tensor->dtype))
		return err_at(ERR_FORMAT, file_map_path(tensor->map), tensor_name,
			      "holds %llu values of type %s, but RoPE turns %zu pairs, and qscope "
			      "reads up to %d factors",
			      (unsigned long long)tensor->elements, dtype_name(tensor->dtype),
			      pairs, ROPE_FACTORS_MAX);
	code = tensor_read(factors, tensor, 0, pairs);
	code = code ? code : json_text_format(to, ",\"%s\":", key);
	for (size_t i = 0; i < pairs && !code; i++) {
		double factor = (double)factors[i];

		if (!(factor > 0) || factor > factor_most)
			return err_at(ERR_FORMAT, file_map_path(tensor->map), tensor_name,
				      "holds %g; every factor must be above 0 and at most %g",
				      factor, factor_most);
		code = json_text_format(to, "%c", i ? ',' : '[');
		code = code ? code : gguf_put_number(to, &single, factor);
	}
	return code ? code : json_text_format(to, "]");
}

/* A number that may be absent. */
static enum err
put_number(struct json_text *to, const struct gguf *gguf, const char *name, const char *key,
	   double min, double max)
{
	const struct gguf_value *value = gguf_find(gguf, key);
	double number = 0;
	enum err code = gguf_get_number(&number, gguf, key, min, max);

	if (code || !value)
		return code;
	code = json_text_format(to, ",\"%s\":", name);
	return code ? code : gguf_put_number(to, value, number);
}

/* ggml's default is linear, which without a factor is none. */
static enum err
read_kind(int *out, const struct gguf *gguf)
{
	bool factor =
		gguf_find(gguf, ".rope.scaling.factor") || gguf_find(gguf, ".rope.scale_linear");
	const char *type = factor ? "linear" : "none";
	enum err code = gguf_get_string(&type, gguf, ".rope.scaling.type");

	for (*out = 0; *out < KIND_COUNT && !code; (*out)++)
		if (!strcmp(type, kinds[*out]))
			return OK;
	return code ? code
		    : gguf_refuse(ERR_UNSUPPORTED, gguf, ".rope.scaling.type",
				  "is \"%s\"; the scalings that qscope reads from GGUF: none, "
				  "linear, yarn, longrope",
				  type);
}

/* What files since 2023 call .rope.scaling.factor. */
static enum err
put_factor(struct json_text *to, const struct gguf *gguf)
{
	const char *key = gguf_find(gguf, ".rope.scaling.factor") ? ".rope.scaling.factor"
								  : ".rope.scale_linear";
	enum err code = gguf_need(gguf, gguf_find(gguf, key) ? key : ".rope.scaling.factor");

	return code ? code : put_number(to, gguf, "factor", key, factor_least, factor_most);
}

static enum err
put_original(struct json_text *to, const struct gguf *gguf)
{
	return put_number(to, gguf, "original_max_position_embeddings",
			  ".rope.scaling.original_context_length", 1, CONFIG_CONTEXT_MAX);
}

static enum err
put_longrope(struct json_text *to, const struct gguf_source *s, size_t pairs)
{
	bool given = gguf_find(s->gguf, ".rope.scaling.attn_factor");
	enum err code = json_text_format(to, ",\"rope_type\":\"longrope\"%s",
					 given ? "" : ",\"attention_factor\":1");

	code = code ? code
		    : put_number(to, s->gguf, "attention_factor", ".rope.scaling.attn_factor",
				 factor_least, factor_most);
	code = code ? code : put_original(to, s->gguf);
	code = code ? code : put_factors(to, s, "short_factor", "rope_factors_short.weight", pairs);
	return code ? code : put_factors(to, s, "long_factor", "rope_factors_long.weight", pairs);
}

static enum err
put_yarn(struct json_text *to, const struct gguf *gguf)
{
	enum err code = json_text_format(to, ",\"rope_type\":\"yarn\"");

	code = code ? code : put_factor(to, gguf);
	code = code ? code : put_original(to, gguf);
	code = code ? code
		    : put_number(to, gguf, "attention_factor", ".rope.scaling.yarn_attn_factor",
				 factor_least, factor_most);
	code = code ? code
		    : put_number(to, gguf, "beta_fast", ".rope.scaling.yarn_beta_fast", 1e-6,
				 factor_most);
	return code ? code
		    : put_number(to, gguf, "beta_slow", ".rope.scaling.yarn_beta_slow", 1e-6,
				 factor_most);
}

/* A gain of cosine and sine, which LongRoPE alone has. */
static enum err
check_gain(const struct gguf *gguf)
{
	double gain = 1;
	enum err code = gguf_get_number(&gain, gguf, ".rope.scaling.attn_factor", factor_least,
					factor_most);

	if (!code && (gain < 1 || gain > 1))
		return gguf_refuse(ERR_UNSUPPORTED, gguf, ".rope.scaling.attn_factor",
				   "is %g; qscope reads it beside LongRoPE, elsewhere it must be 1",
				   gain);
	return code;
}

/* Tensors say more than the type: Phi 3's files give none. */
static enum err
put_scaling(struct json_text *to, const struct gguf_source *s, size_t pairs)
{
	const struct checkpoint *c = s->checkpoint;
	bool longrope = checkpoint_find(c, "rope_factors_long.weight") ||
			checkpoint_find(c, "rope_factors_short.weight");
	bool divided = checkpoint_find(c, "rope_freqs.weight");
	int kind;
	enum err code = read_kind(&kind, s->gguf);

	if (code)
		return code;
	if ((divided || longrope) && kind != KIND_NONE && (divided || kind != KIND_LONGROPE))
		return gguf_refuse(ERR_UNSUPPORTED, s->gguf, ".rope.scaling.type",
				   "asks for \"%s\" beside the factors in %s", kinds[kind],
				   divided ? "rope_freqs.weight" : "rope_factors_long.weight");
	if (longrope || kind == KIND_LONGROPE)
		return put_longrope(to, s, pairs);
	if ((code = check_gain(s->gguf)))
		return code;
	if (divided) {
		code = json_text_format(to, ",\"rope_type\":\"factors\"");
		return code ? code : put_factors(to, s, "factors", "rope_freqs.weight", pairs);
	}
	if (kind == KIND_YARN)
		return put_yarn(to, s->gguf);
	if (kind == KIND_NONE)
		return OK;
	code = json_text_format(to, ",\"rope_type\":\"linear\"");
	return code ? code : put_factor(to, s->gguf);
}

/* {"rope_theta": ..., ...} of all blocks, or of those that slide. The part that turns is given so
 * that it comes out as `turned` whatever is rounded. */
static enum err
put_object(struct json_text *to, const struct gguf_source *s, const char *theta_key, size_t turned,
	   size_t head_dim)
{
	double theta = 10000;
	double part = turned == head_dim ? 1 : ((double)turned + 0.25) / (double)head_dim;
	enum err code = gguf_get_number(&theta, s->gguf, theta_key, 1e-3, 1e15);

	code = code ? code : json_text_format(to, "{\"rope_theta\":");
	code = code ? code : gguf_put_number(to, gguf_find(s->gguf, theta_key), theta);
	return code ? code : json_text_format(to, ",\"partial_rotary_factor\":%.17g", part);
}

static enum err
read_turned(size_t *out, const struct gguf *gguf, size_t head_dim)
{
	enum err code;

	*out = head_dim;
	code = gguf_get_size(out, gguf, ".rope.dimension_count", 2, head_dim);
	if (!code && *out % 2)
		return gguf_find(gguf, ".rope.dimension_count")
			       ? gguf_refuse(ERR_FORMAT, gguf, ".rope.dimension_count",
					     "is %zu; RoPE turns pairs", *out)
			       : gguf_refuse(ERR_FORMAT, gguf,
					     gguf_find(gguf, ".attention.key_length")
						     ? ".attention.key_length"
						     : ".embedding_length",
					     "makes heads of %zu values, an odd number, which RoPE "
					     "cannot turn",
					     *out);
	return code;
}

enum err
gguf_put_rope(struct json_text *to, const struct gguf_source *s, const struct gguf_extents *e)
{
	bool local = s->family->shape.rope_local;
	size_t turned = 0;
	enum err code = s->family->shape.rope ? read_turned(&turned, s->gguf, e->head_dim) : OK;

	if (code || !s->family->shape.rope)
		return code;
	code = json_text_format(to, ",\"rope_parameters\":%s", local ? "{\"full_attention\":" : "");
	code = code ? code : put_object(to, s, ".rope.freq_base", turned, e->head_dim);
	code = code ? code : put_scaling(to, s, turned / 2);
	if (code || !local)
		return code ? code : json_text_format(to, "}");
	code = json_text_format(to, "},\"sliding_attention\":");
	code = code ? code : put_object(to, s, ".rope.freq_base_swa", turned, e->head_dim);
	return code ? code : json_text_format(to, "}}");
}
