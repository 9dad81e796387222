/* Behind the blocks: final norm, projection, head, and what becomes of the logits. */
#include "core/buf.h"
#include "core/forward.h"
#include "core/matmul.h"
#include "core/norm.h"
#include "core/weights.h"
#include "kernels/forward.h"
#include "kernels/kernels.h"

#include <string.h>

/* One matrix in float32 and what happens to its input. */
struct stage {
	const struct activation_effect *effect;
	const float *weight; /* NULL: the model has none */
	float *owned;
};

struct forward_head {
	const struct model *model;
	struct stage project, head;
	float *norm, *norm_bias, *bias; /* or NULL */
};

enum { TILE = 128 };

static enum err
stage_open(struct stage *out, const struct model *model, int layer, const struct overlay *overlay,
	   const struct work *work)
{
	const struct replacement *replaced = overlay_find(overlay, layer);

	if (layer < 0)
		return OK;
	out->effect = replaced ? replaced->effect : NULL;
	return layer_weight_open(&out->weight, &out->owned, model, layer, overlay, work);
}

/* A vector outside the blocks; *out stays NULL where the model has none. */
static enum err
read_vector(float **out, const struct model *model, enum slot slot)
{
	*out = NULL;
	return model->outside.vector[slot] ? vector_read(out, model, &model->outside, slot) : OK;
}

/* A norm without weights multiplies by 1. */
static enum err
read_norm(struct forward_head *head, const struct model *model)
{
	const struct model_shape *shape = &model->shape;
	enum err code = read_vector(&head->norm, model, SLOT_FINAL_NORM);

	if (!code)
		code = read_vector(&head->norm_bias, model, SLOT_FINAL_NORM_BIAS);
	if (code || head->norm || !shape->norm_bare || !shape->final_norm)
		return code;
	if (!(head->norm = buf_alloc(shape->hidden, sizeof(*head->norm))))
		return ERR_NOMEM;
	for (size_t i = 0; i < shape->hidden; i++)
		head->norm[i] = 1.0f;
	return OK;
}

/* Norm and projection alone. */
static enum err
input_open(struct forward_head **out, const struct model *model, const struct overlay *overlay,
	   const struct work *work)
{
	struct forward_head *head = buf_alloc(1, sizeof(*head));
	enum err code;

	*out = NULL;
	if (!head)
		return ERR_NOMEM;
	head->model = model;
	code = read_norm(head, model);
	if (!code)
		code = stage_open(&head->project, model, model->outside.layer[SLOT_PROJECT_OUT],
				  overlay, work);
	if (code)
		forward_head_free(head);
	else
		*out = head;
	return code;
}

enum err
forward_head_open(struct forward_head **out, const struct model *model,
		  const struct overlay *overlay, const struct work *work)
{
	enum err code = input_open(out, model, overlay, work);

	if (!code)
		code = read_vector(&(*out)->bias, model, SLOT_HEAD_BIAS);
	if (!code)
		code = stage_open(&(*out)->head, model, model->head, overlay, work);
	if (code) {
		forward_head_free(*out);
		*out = NULL;
	}
	return code;
}

void
forward_head_free(struct forward_head *head)
{
	if (!head)
		return;
	buf_free(head->norm);
	buf_free(head->norm_bias);
	buf_free(head->bias);
	buf_free(head->project.owned);
	buf_free(head->head.owned);
	buf_free(head);
}

/* out (tokens, rows) = x (tokens, columns) weight'; x is changed by the stage's effect. */
static enum err
stage_run(float *out, const struct stage *stage, float *x, size_t tokens, size_t rows,
	  size_t columns, const struct work *work)
{
	if (stage->effect)
		stage->effect->apply(stage->effect, x, tokens, columns);
	return matmul_run(&(struct matmul){ .tokens = tokens,
					    .rows = rows,
					    .columns = columns,
					    .x = x,
					    .x_stride = columns,
					    .weight = stage->weight,
					    .out = out,
					    .out_stride = rows },
			  work);
}

/* out (tokens, embed_columns); normed (tokens, hidden) is scratch, and may be out itself where
 * there is no projection. */
static enum err
run_input(float *out, const struct forward_head *head, const float *x, float *normed, size_t tokens,
	  const struct work *work)
{
	const struct model_shape *shape = &head->model->shape;
	const struct norm norm = { shape->layer_norm, shape->norm_eps, head->norm, head->norm_bias,
				   shape->hidden };

	if (head->norm)
		norm_run(normed, x, &norm, tokens);
	else
		memcpy(normed, x, tokens * shape->hidden * sizeof(*normed));
	if (!head->project.weight)
		return OK;
	return stage_run(out, &head->project, normed, tokens, shape->embed_columns, shape->hidden,
			 work);
}

/* Scratch for one tile: normed, and what the head reads. */
static enum err
scratch_open(float **normed, float **input, const struct forward_head *head)
{
	const struct model_shape *shape = &head->model->shape;
	size_t projected = head->project.weight ? shape->embed_columns : 0;

	*normed = buf_alloc(TILE * (shape->hidden + projected), sizeof(**normed));
	*input = projected && *normed ? *normed + TILE * shape->hidden : *normed;
	return *normed ? OK : ERR_NOMEM;
}

enum err
forward_head_input(float *out, const struct model *model, const struct overlay *overlay,
		   const float *x, size_t tokens, const struct work *work)
{
	size_t hidden = model->shape.hidden, columns = model->shape.embed_columns;
	struct forward_head *head;
	float *normed = NULL, *input;
	enum err code = input_open(&head, model, overlay, work);

	if (!code)
		code = scratch_open(&normed, &input, head);
	for (size_t first = 0; first < tokens && !code; first += TILE) {
		size_t count = tokens - first < TILE ? tokens - first : TILE;

		code = run_input(input, head, x + first * hidden, normed, count, work);
		if (!code)
			memcpy(out + first * columns, input, count * columns * sizeof(*out));
	}
	buf_free(normed);
	forward_head_free(head);
	return code;
}

/* Bias, divisor and cap of (tokens, vocab) logits. */
static void
finish_logits(float *logits, const struct forward_head *head, size_t tokens)
{
	const struct kernels *kernels = kernels_current();
	const struct model_shape *shape = &head->model->shape;

	for (size_t i = 0; i < tokens; i++, logits += shape->vocab) {
		if (head->bias)
			kernels->axpy(logits, 1.0f, head->bias, shape->vocab);
		if (shape->logits_divisor > 0)
			kernels->forward->scale(logits, (float)(1.0 / shape->logits_divisor),
						shape->vocab);
		if (shape->final_softcap > 0)
			kernels->forward->softcap(logits, (float)shape->final_softcap,
						  shape->vocab);
	}
}

enum err
forward_head_logits(float *logits, const struct forward_head *head, const float *x, size_t tokens,
		    const struct work *work)
{
	const struct model_shape *shape = &head->model->shape;
	float *normed, *input;
	enum err code = scratch_open(&normed, &input, head);

	for (size_t first = 0; first < tokens && !code; first += TILE) {
		size_t count = tokens - first < TILE ? tokens - first : TILE;
		float *out = logits + first * shape->vocab;

		code = work_check(work);
		if (!code)
			code = run_input(input, head, x + first * shape->hidden, normed, count,
					 work);
		if (!code)
			code = stage_run(out, &head->head, input, count, shape->vocab,
					 shape->embed_columns, work);
		if (!code)
			finish_logits(out, head, count);
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
