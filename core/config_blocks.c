/* What differs from block to block besides windows, and factors that follow from other keys. */
#include "core/config_readers.h"

#include "core/json.h"

#include <math.h>

/* A list of 0 or 1 for each block. */
static enum err
read_no_rope(const struct config_reading *r, const struct json *list)
{
	uint8_t *flags = r->out->pattern.block;
	char brief[80];

	if (list->type != JSON_ARRAY || list->length != r->out->shape.blocks)
		return err_at(ERR_FORMAT, json_path(r->document), "no_rope_layers",
			      "must be a list of %zu numbers, one for each block",
			      r->out->shape.blocks);
	for (const struct json *value = list->first; value; value = value->next, flags++) {
		if (value->type != JSON_NUMBER || !value->is_integer || value->magnitude > 1)
			return err_at(ERR_FORMAT, json_path(r->document), "no_rope_layers",
				      "holds %s; each is 0 (no RoPE) or 1",
				      json_brief(brief, sizeof(brief), value));
		if (!value->magnitude)
			*flags |= BLOCK_NO_ROPE;
	}
	return OK;
}

enum err
config_no_rope(const struct config_reading *r)
{
	const struct json *list = json_get(r->object, "no_rope_layers");
	size_t every = 4;
	enum err code;

	if (list && list->type != JSON_NULL)
		return read_no_rope(r, list);
	code = json_get_size(&every, r->document, r->object, "no_rope_layer_interval", 1,
			     CONFIG_BLOCKS_MAX);
	for (size_t i = 0; i < r->out->shape.blocks && !code; i++)
		if ((i + 1) % every == 0)
			r->out->pattern.block[i] |= BLOCK_NO_ROPE;
	return code;
}

static enum err
check_experts(const struct config_reading *r)
{
	const struct model_shape *shape = &r->out->shape;

	if (shape->experts_per_token <= shape->experts)
		return OK;
	return err_at(ERR_FORMAT, json_path(r->document), "num_experts_per_tok",
		      "is %zu, more than the %zu experts", shape->experts_per_token,
		      shape->experts);
}

enum err
config_experts_all(const struct config_reading *r)
{
	for (size_t i = 0; i < r->out->shape.blocks; i++)
		r->out->pattern.block[i] |= BLOCK_SPARSE;
	return check_experts(r);
}

static enum err
clear_dense(const struct config_reading *r, const struct json *list)
{
	char brief[80];

	if (list->type != JSON_ARRAY)
		return err_at(ERR_FORMAT, json_path(r->document), "mlp_only_layers", "is no list");
	for (const struct json *value = list->first; value; value = value->next) {
		if (value->type != JSON_NUMBER || !value->is_integer || value->negative ||
		    value->magnitude >= CONFIG_BLOCKS_MAX)
			return err_at(ERR_FORMAT, json_path(r->document), "mlp_only_layers",
				      "holds %s, no number of a block",
				      json_brief(brief, sizeof(brief), value));
		r->out->pattern.block[value->magnitude] &= (uint8_t)~BLOCK_SPARSE;
	}
	return OK;
}

enum err
config_experts_stepped(const struct config_reading *r)
{
	const struct json *list = json_get(r->object, "mlp_only_layers");
	size_t step = 1;
	enum err code = json_get_size(&step, r->document, r->object, "decoder_sparse_step", 1,
				      CONFIG_BLOCKS_MAX);

	for (size_t i = 0; i < r->out->shape.blocks && !code; i++)
		if (r->out->shape.experts && (i + 1) % step == 0)
			r->out->pattern.block[i] |= BLOCK_SPARSE;
	if (!code && list && list->type != JSON_NULL)
		code = clear_dense(r, list);
	return code ? code : check_experts(r);
}

enum err
config_embed_sqrt(const struct config_reading *r)
{
	r->out->shape.embed_scale = sqrt((double)r->out->shape.hidden);
	return OK;
}

enum err
config_query_scalar(const struct config_reading *r)
{
	double scalar = 256;
	enum err code = json_get_number(&scalar, r->document, r->object, "query_pre_attn_scalar",
					1e-6, 1e9);

	r->out->shape.attention_scale = 1 / sqrt(scalar);
	return code;
}
