/* Hidden states, and where they come from: the embedding. */
#include "core/buf.h"
#include "core/forward.h"
#include "core/weights.h"

#include <stdio.h>
#include <string.h>

struct embedding {
	struct hidden *out;
	const struct model *model;
	const float *weight; /* (vocab, hidden), or NULL: read row by row */
	const struct sequence *sequences;
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
check_sequence(const struct model *model, const struct sequence *sequence)
{
	const struct model_shape *shape = &model->shape;
	char item[64];

	if (sequence->count > shape->context)
		return err_at(ERR_RANGE, model->path, NULL,
			      "a sequence of %zu tokens is longer than the model's context of %zu; "
			      "use a smaller context",
			      sequence->count, shape->context);
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

static enum err
embed_sequence(void *arg, size_t index, int worker)
{
	const struct embedding *e = arg;
	const struct layer *layer = &e->model->layers[e->model->embed];
	const struct sequence *sequence = &e->sequences[index];
	size_t columns = e->out->columns;
	float *x = e->out->x + e->out->start[index] * columns;
	enum err code = OK;

	(void)worker;
	for (size_t i = 0; i < sequence->count && !code; i++, x += columns) {
		size_t first = (size_t)sequence->ids[i] * columns;

		if (e->weight)
			memcpy(x, e->weight + first, columns * sizeof(*x));
		else
			code = tensor_read(x, layer->tensor, first, columns);
	}
	return code;
}

enum err
forward_embed(struct hidden *out, const struct model *model, const struct overlay *overlay,
	      const struct sequence *sequences, const struct work *work)
{
	const struct replacement *replaced = overlay_find(overlay, model->embed);
	struct embedding embedding = { out, model, replaced ? replaced->weight : NULL, sequences };
	float *owned = NULL;
	enum err code = OK;

	for (size_t i = 0; i < out->sequences && !code; i++)
		code = check_sequence(model, &sequences[i]);
	if (!code && !embedding.weight && model->layers[model->embed].transposed)
		code = layer_weight_open(&embedding.weight, &owned, model, model->embed, NULL,
					 work);
	if (!code)
		code = work_each(work, out->sequences, embed_sequence, &embedding);
	buf_free(owned);
	return code;
}
