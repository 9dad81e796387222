#include "core/buf.h"
#include "core/forward.h"
#include "core/matmul.h"
#include "core/norm.h"
#include "core/weights.h"

struct forward_head {
	const struct model *model;
	const struct activation_effect *effect;
	const float *weight;
	float *owned, *norm;
};

enum { TILE = 128 };

static enum err
final_norm_read(float **out, const struct model *model)
{
	size_t columns = model->shape.hidden;

	if (!(*out = buf_alloc(columns, sizeof(**out))))
		return ERR_NOMEM;
	return tensor_read(*out, model->final_norm, 0, columns);
}

enum err
forward_final_norm(float *out, const struct model *model, const float *x, size_t tokens)
{
	float *weight;
	enum err code = final_norm_read(&weight, model);

	if (!code)
		norm_rms(out, x, weight, model->shape.norm_eps, tokens, model->shape.hidden);
	buf_free(weight);
	return code;
}

enum err
forward_head_open(struct forward_head **out, const struct model *model,
		  const struct overlay *overlay, const struct work *work)
{
	struct forward_head *head = buf_alloc(1, sizeof(*head));
	const struct replacement *replaced = overlay_find(overlay, model->head);
	enum err code;

	*out = NULL;
	if (!head)
		return ERR_NOMEM;
	head->model = model;
	head->effect = replaced ? replaced->effect : NULL;
	code = final_norm_read(&head->norm, model);
	if (!code)
		code = layer_weight_open(&head->weight, &head->owned, model, model->head, overlay,
					 work);
	if (code)
		forward_head_free(head);
	else
		*out = head;
	return code;
}

void
forward_head_free(struct forward_head *head)
{
	if (!head)
		return;
	buf_free(head->norm);
	buf_free(head->owned);
	buf_free(head);
}

static enum err
run_tile(float *logits, const struct forward_head *head, const float *x, float *normed,
	 size_t tokens, const struct work *work)
{
	const struct model_shape *shape = &head->model->shape;

	norm_rms(normed, x, head->norm, shape->norm_eps, tokens, shape->hidden);
	if (head->effect)
		head->effect->apply(head->effect, normed, tokens, shape->hidden);
	return matmul_run(&(struct matmul){ .tokens = tokens,
					    .rows = shape->vocab,
					    .columns = shape->hidden,
					    .x = normed,
					    .x_stride = shape->hidden,
					    .weight = head->weight,
					    .out = logits,
					    .out_stride = shape->vocab },
			  work);
}

enum err
forward_head_logits(float *logits, const struct forward_head *head, const float *x, size_t tokens,
		    const struct work *work)
{
	const struct model_shape *shape = &head->model->shape;
	float *normed = buf_alloc(TILE * shape->hidden, sizeof(*normed));
	enum err code = normed ? OK : ERR_NOMEM;

	for (size_t first = 0; first < tokens && !code; first += TILE) {
		size_t count = tokens - first < TILE ? tokens - first : TILE;

		code = work_check(work);
		if (!code)
			code = run_tile(logits + first * shape->vocab, head,
					x + first * shape->hidden, normed, count, work);
	}
	buf_free(normed);
	return code;
}

/* Every block in turn over `hidden`. */
static enum err
run_blocks(struct hidden *hidden, const struct model *model, const struct overlay *overlay,
	   const struct work *work)
{
	enum err code = OK;

	for (size_t block = 0; block < model->shape.blocks && !code; block++)
		code = forward_block(hidden, model, (int)block, overlay, NULL, work);
	return code;
}

enum err
forward_logits(float *logits, const struct model *model, const struct overlay *overlay,
	       struct sequence sequence, const struct work *work)
{
	struct hidden *hidden;
	struct forward_head *head = NULL;
	enum err code = hidden_create(&hidden, &sequence, 1, model->shape.hidden);

	work_expect(work, sequence.count * (model->shape.blocks + 1));
	if (!code)
		code = forward_embed(hidden, model, overlay, &sequence, work);
	if (!code)
		code = run_blocks(hidden, model, overlay, work);
	if (!code)
		code = forward_head_open(&head, model, overlay, work);
	if (!code)
		code = forward_head_logits(logits, head, hidden->x, sequence.count, work);
	work_advance(work, sequence.count);
	forward_head_free(head);
	hidden_free(hidden);
	return code;
}
