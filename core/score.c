#include "core/score.h"

#include "core/buf.h"
#include "core/weights.h"
#include "kernels/forward.h"
#include "kernels/kernels.h"

#include <math.h>

enum { TILE = 64 };

struct scoring {
	struct scores *out;
	const struct scored_text *text;
	const float *hidden[2]; /* current, original */
	struct forward_head *head[2];
	const struct work *work;
	float **logits; /* (workers) (2, TILE, vocab) */
};

enum err
scores_create(struct scores *out, size_t count, bool against)
{
	*out = (struct scores){ 0 };
	if (!(out->nll = buf_alloc(count, sizeof(double))) ||
	    (against && (!(out->divergence = buf_alloc(count, sizeof(double))) ||
			 !(out->agrees = buf_alloc(count, sizeof(double)))))) {
		scores_free(out);
		return ERR_NOMEM;
	}
	return OK;
}

void
scores_free(struct scores *scores)
{
	buf_free(scores->nll);
	buf_free(scores->divergence);
	buf_free(scores->agrees);
	*scores = (struct scores){ 0 };
}

/* The first place of the largest; `count` when there is a NaN. */
static size_t
top(const float *logits, float largest, size_t count)
{
	size_t i = 0;

	while (i < count && logits[i] != largest)
		i++;
	return i;
}

/* One token: its logits under both models, `b` NULL without the original. */
static void
score_token(const struct scoring *s, size_t at, int32_t next, const float *a, const float *b)
{
	const struct forward_kernels *k = kernels_current()->forward;
	size_t vocab = s->text->model->shape.vocab;
	float a_max = k->max(a, vocab), b_max;
	double a_sum = (double)a_max + log(k->exp_sum(a, a_max, vocab)), b_sum;

	s->out->nll[at] = a_sum - (double)a[next];
	if (!b)
		return;
	b_max = k->max(b, vocab);
	b_sum = (double)b_max + log(k->exp_sum(b, b_max, vocab));
	s->out->divergence[at] = k->divergence(b, b_sum, a, a_sum, vocab);
	s->out->agrees[at] =
		!isnan(a_max) && top(a, a_max, vocab) == top(b, b_max, vocab) ? 1.0 : 0.0;
}

static enum err
score_tile(const struct scoring *s, size_t window, size_t first, size_t count, float *logits)
{
	const struct scored_text *text = s->text;
	const struct sequence *sequence = &text->windows[window];
	size_t position = text->first + first, vocab = text->model->shape.vocab;
	size_t row = (window * sequence->count + position) * text->model->shape.hidden;
	float *original = s->hidden[1] ? logits + TILE * vocab : NULL;
	enum err code = forward_head_logits(logits, s->head[0], s->hidden[0] + row, count, s->work);

	if (!code && original)
		code = forward_head_logits(original, s->head[1], s->hidden[1] + row, count,
					   s->work);
	for (size_t i = 0; i < count && !code; i++)
		score_token(s, window * text->per_window + first + i,
			    sequence->ids[position + i + 1], logits + i * vocab,
			    original ? original + i * vocab : NULL);
	return code;
}

static enum err
score_window(void *arg, size_t window, int worker)
{
	struct scoring *s = arg;
	size_t left = s->text->per_window;
	enum err code = OK;

	while (left && !code) {
		size_t count = left < TILE ? left : TILE;

		code = work_check(s->work);
		if (!code)
			code = score_tile(s, window, s->text->per_window - left, count,
					  s->logits[worker]);
		left -= count;
	}
	work_advance(s->work, s->text->windows[window].count);
	return code;
}

static enum err
scratch_create(struct scoring *s)
{
	size_t workers = (size_t)work_threads(s->work);

	if (!(s->logits = buf_alloc(workers, sizeof(*s->logits))))
		return ERR_NOMEM;
	for (size_t i = 0; i < workers; i++)
		if (!(s->logits[i] =
			      buf_alloc(2 * TILE * s->text->model->shape.vocab, sizeof(float))))
			return ERR_NOMEM;
	return OK;
}

enum err
score_text(struct scores *out, const struct scored_text *text, const float *current,
	   const float *original, const struct overlay *overlay, const struct work *work)
{
	struct scoring s = { out, text, { current, original }, { NULL, NULL }, work, NULL };
	const struct model *against = text->original ? text->original : text->model;
	/* One is large enough. */
	bool shared = against == text->model && !overlay_find(overlay, text->model->head);
	enum err code = scratch_create(&s);

	if (!code)
		code = forward_head_open(&s.head[0], text->model, overlay, work);
	if (!code && original && !shared)
		code = forward_head_open(&s.head[1], against, NULL, work);
	if (!code && shared)
		s.head[1] = s.head[0];
	if (!code)
		code = work_each(work, text->window_count, score_window, &s);
	forward_head_free(s.head[0]);
	if (!shared)
		forward_head_free(s.head[1]);
	for (int i = 0; s.logits && i < work_threads(work); i++)
		buf_free(s.logits[i]);
	buf_free(s.logits);
	return code;
}
