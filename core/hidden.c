/* Hidden states, and where they come from: the embedding. */
#include "core/buf.h"
#include "core/forward.h"
#include "core/matmul.h"
#include "core/norm.h"
#include "core/weights.h"
#include "kernels/forward.h"
#include "kernels/kernels.h"

#include <stdio.h>
#include <string.h>

struct embedding {
	struct hidden *out;
	const struct model *model;
	const float *weight;                /* (vocab, embed_columns), or NULL: read row by row, */
	const struct replacement *replaced; /* from here where it can be read */
	const float *project;               /* (hidden, embed_columns) or NULL */
	const struct activation_effect *effect; /* on what `project` reads, or NULL */
	float *owned[2], *norm, *norm_bias;
	const struct sequence *sequences;
	const size_t *done; /* of each sequence, tokens that went before; NULL: none */
};

enum err
hidden_create(struct hidden **out, const struct sequence *sequences, size_t count, size_t columns)
{
	struct hidden *hidden = buf_alloc(1, sizeof(*hidden));

	*out = NULL;
	if (!hidden)
		return ERR_NOMEM;
	*hidden = (struct hidden){ .sequences = count, .columns = columns };
	if (!(hidden->start = buf_alloc(count + 1, sizeof(*hidden->start))))
		goto fail;
	for (size_t i = 0; i < count; i++)
		hidden->start[i + 1] = hidden->start[i] + sequences[i].count;
	if (!(hidden->x = buf_alloc(hidden->start[count] + 1, columns * sizeof(*hidden->x))))
		goto fail;
	*out = hidden;
	return OK;
fail:
	hidden_free(hidden);
	return ERR_NOMEM;
}

void
hidden_free(struct hidden *hidden)
{
	if (!hidden)
		return;
	buf_free(hidden->start);
	buf_free(hidden->x);
	buf_free(hidden);
}

static enum err
check_sequence(const struct model *model, const struct sequence *sequence, size_t done)
{
	const struct model_shape *shape = &model->shape;
	char item[64];

	if (done + sequence->count > model_longest(model))
		return err_at(ERR_RANGE, model->path, NULL,
			      "a sequence of %zu tokens is longer than the model's context of %zu; "
			      "use a smaller context",
			      done + sequence->count, model_longest(model));
	for (size_t i = 0; i < sequence->count; i++) {
		if (sequence->ids[i] >= 0 && (size_t)sequence->ids[i] < shape->vocab)
			continue;
		snprintf(item, sizeof(item), "position %zu", i);
		return err_at(ERR_RANGE, model->path, item,
			      "token id %ld is outside the vocabulary of %zu; was the text made by "
			      "another tokenizer?",
			      (long)sequence->ids[i], shape->vocab);
	}
	return OK;
}

/* Token ids to rows of the embedding, (count, embed_columns). */
static enum err
look_up(float *x, const struct embedding *e, const struct sequence *sequence)
{
	const struct layer *layer = &e->model->layers[e->model->embed];
	size_t columns = layer->columns;
	enum err code = OK;

	for (size_t i = 0; i < sequence->count && !code; i++, x += columns) {
		size_t first = (size_t)sequence->ids[i] * columns;

		if (e->weight)
			memcpy(x, e->weight + first, columns * sizeof(*x));
		else if (e->replaced && e->replaced->read)
			code = e->replaced->read(x, e->replaced->source, first, columns);
		else
			code = tensor_read(x, layer->tensor, first, columns);
	}
	return code;
}

/* Where rows are narrower than the stream, a matrix widens them. */
static enum err
project(float *x, const struct embedding *e, const struct sequence *sequence)
{
	size_t columns = e->model->shape.embed_columns, rows = e->out->columns;
	float *narrow = buf_alloc(sequence->count + 1, columns * sizeof(*narrow));
	enum err code = narrow ? look_up(narrow, e, sequence) : ERR_NOMEM;

	if (!code && e->effect)
		e->effect->apply(e->effect, narrow, sequence->count, columns);
	if (!code)
		code = matmul_run(&(struct matmul){ .tokens = sequence->count,
						    .rows = rows,
						    .columns = columns,
						    .x = narrow,
						    .x_stride = columns,
						    .weight = e->project,
						    .out = x,
						    .out_stride = rows },
				  NULL);
	buf_free(narrow);
	return code;
}

/* Learned positions: a row of a table is added to each token. */
static enum err
add_positions(float *x, const struct embedding *e, size_t first, size_t count)
{
	const struct tensor *table = e->model->outside.vector[SLOT_POSITIONS];
	size_t columns = e->out->columns;
	float *row = buf_alloc(columns, sizeof(*row));
	enum err code = row ? OK : ERR_NOMEM;

	for (size_t i = 0; i < count && !code; i++) {
		code = tensor_read(row, table,
				   (first + i + e->model->shape.position_offset) * columns,
				   columns);
		if (!code)
			kernels_current()->axpy(x + i * columns, 1.0f, row, columns);
	}
	buf_free(row);
	return code;
}

static enum err
norm_rows(float *x, const struct embedding *e, size_t count)
{
	const struct model_shape *shape = &e->model->shape;
	const struct norm norm = { shape->layer_norm, shape->norm_eps, e->norm, e->norm_bias,
				   e->out->columns };
	float *normed = buf_alloc(count + 1, norm.columns * sizeof(*normed));

	if (!normed)
		return ERR_NOMEM;
	norm_run(normed, x, &norm, count);
	memcpy(x, normed, count * norm.columns * sizeof(*x));
	buf_free(normed);
	return OK;
}

static enum err
embed_sequence(void *arg, size_t index, int worker)
{
	const struct embedding *e = arg;
	const struct sequence *sequence = &e->sequences[index];
	const struct model *model = e->model;
	size_t columns = e->out->columns;
	float *x = e->out->x + e->out->start[index] * columns;
	enum err code = e->project ? project(x, e, sequence) : look_up(x, e, sequence);

	(void)worker;
	if (!code && model->shape.embed_scale > 0)
		kernels_current()->forward->scale(x, (float)model->shape.embed_scale,
						  sequence->count * columns);
	if (!code && model->outside.vector[SLOT_POSITIONS])
		code = add_positions(x, e, e->done ? e->done[index] : 0, sequence->count);
	if (!code && e->norm)
		code = norm_rows(x, e, sequence->count);
	return code;
}

/* The matrices and vectors that embedding needs; the narrow table itself only where an overlay or a
 * transposed file asks for all of it. */
static enum err
open_weights(struct embedding *e, const struct overlay *overlay, const struct work *work)
{
	const struct model *model = e->model;
	int project = model->outside.layer[SLOT_PROJECT_IN];
	const struct replacement *replaced = overlay_find(overlay, project);
	enum err code = OK;

	if (!e->weight && !(e->replaced && e->replaced->read) &&
	    model->layers[model->embed].transposed)
		code = layer_weight_open(&e->weight, &e->owned[0], model, model->embed, NULL, work);
	if (!code && project >= 0)
		code = layer_weight_open(&e->project, &e->owned[1], model, project, overlay, work);
	e->effect = replaced ? replaced->effect : NULL;
	if (!code && model->outside.vector[SLOT_EMBED_NORM])
		code = vector_read(&e->norm, model, &model->outside, SLOT_EMBED_NORM);
	if (!code && model->outside.vector[SLOT_EMBED_NORM_BIAS])
		code = vector_read(&e->norm_bias, model, &model->outside, SLOT_EMBED_NORM_BIAS);
	return code;
}

enum err
forward_embed(struct hidden *out, const struct model *model, const struct overlay *overlay,
	      const struct sequence *sequences, const struct work *work)
{
	return forward_embed_after(out, model, overlay, sequences, NULL, work);
}

enum err
forward_embed_after(struct hidden *out, const struct model *model, const struct overlay *overlay,
		    const struct sequence *sequences, const size_t *done, const struct work *work)
{
	const struct replacement *replaced = overlay_find(overlay, model->embed);
	struct embedding embedding = { .out = out,
				       .model = model,
				       .weight = replaced ? replaced->weight : NULL,
				       .replaced = replaced,
				       .sequences = sequences,
				       .done = done };
	enum err code = OK;

	for (size_t i = 0; i < out->sequences && !code; i++)
		code = check_sequence(model, &sequences[i], done ? done[i] : 0);
	if (!code)
		code = open_weights(&embedding, overlay, work);
	if (!code)
		code = work_each(work, out->sequences, embed_sequence, &embedding);
	buf_free(embedding.owned[0]);
	buf_free(embedding.owned[1]);
	buf_free(embedding.norm);
	buf_free(embedding.norm_bias);
	return code;
}
