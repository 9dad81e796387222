/* An evaluator keeps the hidden states that enter each block, under the key of everything that they
 * depend on: a run starts from the deepest state that it finds. Per-token scores are kept likewise,
 * so coming back to a setting costs nothing. */
#include "core/evaluation.h"

#include "core/buf.h"
#include "core/estimate.h"
#include "core/score.h"
#include "core/states.h"
#include "core/weights.h"

#include <math.h>
#include <string.h>

enum { DEFAULT_CACHE = 512 << 20, WINDOW_CONTEXT = 2048 };

struct evaluator {
	struct evaluator_request request;
	size_t context, windows;
	int32_t *ids;               /* (windows, context), BOS in place */
	struct sequence *sequences; /* (windows) */
	struct scored_text text;
	struct states *states;
	struct key root;        /* of model, text and protocol */
	struct key *chain;      /* (blocks + 2) what enters each block, the head, and the scores */
	struct hidden *hidden;  /* where blocks run, in place */
	float *original;        /* (windows, context, hidden) final states of the original model */
	struct scores baseline; /* nll NULL until it has run */
};

static size_t
hidden_bytes(const struct evaluator *e)
{
	return e->windows * e->context * e->request.model->shape.hidden * sizeof(float);
}

/* The windows: the protocol's, the caller's, and what the model can take. */
static enum err
plan_windows(struct evaluator *e)
{
	const struct evaluator_request *r = &e->request;
	size_t most = r->model->shape.context, tokens = r->corpus->count, n;

	n = r->context ? r->context : r->protocol->context;
	if (!n)
		n = most < WINDOW_CONTEXT ? most : WINDOW_CONTEXT;
	most = model_longest(r->model);
	if (n > most)
		return err_at(ERR_RANGE, r->model->path, "context",
			      "%zu is more than the model's %zu; use --context %zu", n, most, most);
	e->text.first = r->protocol->second_half ? n / 2 : 0;
	if (n < e->text.first + 2)
		return err_at(ERR_RANGE, NULL, "context", "%zu leaves nothing to score; use more",
			      n);
	if (r->max_tokens && tokens > r->max_tokens)
		tokens = r->max_tokens;
	e->context = n;
	e->text.per_window = n - 1 - e->text.first;
	e->windows = tokens / n;
	if (!e->windows)
		return err_at(ERR_RANGE, r->corpus->path, NULL,
			      "has %zu tokens to evaluate and one window takes %zu; use a longer "
			      "text or a smaller --context",
			      tokens, n);
	return OK;
}

static enum err
cut_windows(struct evaluator *e)
{
	const struct evaluator_request *r = &e->request;
	size_t n = e->context;

	if (!(e->ids = buf_alloc(e->windows * n, sizeof(*e->ids))) ||
	    !(e->sequences = buf_alloc(e->windows, sizeof(*e->sequences))))
		return ERR_NOMEM;
	memcpy(e->ids, r->corpus->ids, e->windows * n * sizeof(*e->ids));
	for (size_t i = 0; i < e->windows; i++) {
		e->sequences[i] = (struct sequence){ e->ids + i * n, n };
		if (r->protocol->bos_overwrites && r->bos >= 0)
			e->ids[i * n] = r->bos;
	}
	e->text.model = r->model;
	e->text.windows = e->sequences;
	e->text.window_count = e->windows;
	e->root = key_add_text(key_of("evaluation 1", 12), r->model->identity);
	e->root = key_add(e->root, e->ids, e->windows * n * sizeof(*e->ids));
	e->root = key_add(e->root, &n, sizeof(n));
	e->root = key_add(e->root, &e->text.first, sizeof(e->text.first));
	return OK;
}

enum err
evaluator_create(struct evaluator **out, const struct evaluator_request *request)
{
	struct evaluator *e = buf_alloc(1, sizeof(*e));
	enum err code;

	*out = NULL;
	if (!e)
		return ERR_NOMEM;
	e->request = *request;
	if ((code = plan_windows(e)) || (code = cut_windows(e)))
		goto out;
	code = states_create(&e->states,
			     request->cache_bytes ? request->cache_bytes : DEFAULT_CACHE);
	if (code)
		goto out;
	code = ERR_NOMEM;
	if ((e->chain = buf_alloc(request->model->shape.blocks + 2, sizeof(*e->chain))))
		code = hidden_create(&e->hidden, e->sequences, e->windows,
				     request->model->shape.hidden);
out:
	if (code)
		evaluator_free(e);
	else
		*out = e;
	return code;
}

void
evaluator_free(struct evaluator *e)
{
	if (!e)
		return;
	hidden_free(e->hidden);
	states_free(e->states);
	scores_free(&e->baseline);
	buf_free(e->original);
	buf_free(e->ids);
	buf_free(e->sequences);
	buf_free(e->chain);
	buf_free(e);
}

void
evaluator_describe(const struct evaluator *evaluator, size_t *context, size_t *scored_per_window,
		   size_t *windows)
{
	*context = evaluator->context;
	*scored_per_window = evaluator->text.per_window;
	*windows = evaluator->windows;
}

static struct key
add_layer(struct key key, const struct overlay *overlay, int layer)
{
	const struct replacement *replaced = overlay_find(overlay, layer);
	unsigned char changed = replaced != NULL;

	key = key_add(key, &changed, 1);
	return changed ? key_add(key, &replaced->key, sizeof(replaced->key)) : key;
}

/* chain[b]: everything that the states entering block b depend on; chain[blocks]: the head;
 * chain[blocks + 1]: the scores. */
static void
make_chain(struct evaluator *e, const struct overlay *overlay)
{
	const struct model *model = e->request.model;
	size_t blocks = model->shape.blocks;

	e->chain[0] = add_layer(e->root, overlay, model->embed);
	for (size_t b = 0; b < blocks; b++) {
		struct key key = key_add_text(e->chain[b], "block");

		for (int slot = 0; slot < SLOT_COUNT; slot++)
			key = add_layer(key, overlay, model->blocks[b].layer[slot]);
		e->chain[b + 1] = key;
	}
	e->chain[blocks + 1] =
		add_layer(key_add_text(e->chain[blocks], "scores"), overlay, model->head);
}

/* Fill e->hidden with the final states. */
static enum err
run_blocks(struct evaluator *e, const struct overlay *overlay, const struct work *work)
{
	const struct model *model = e->request.model;
	size_t block = model->shape.blocks;
	const void *kept = NULL;
	enum err code = OK;

	while (block && !(kept = states_get(e->states, e->chain[block])))
		block--;
	work_expect(work, e->windows * e->context * (model->shape.blocks - block));
	if (kept)
		memcpy(e->hidden->x, kept, hidden_bytes(e));
	else
		code = forward_embed(e->hidden, model, overlay, e->sequences, work);
	for (; block < model->shape.blocks && !code; block++) {
		code = forward_block(e->hidden, model, (int)block, overlay, NULL, work);
		if (!code)
			code = states_put(e->states, e->chain[block + 1], e->hidden->x,
					  hidden_bytes(e));
	}
	return code;
}

static enum err
run_baseline(struct evaluator *e, const struct work *work)
{
	struct scores scores = { 0 };
	enum err code;

	make_chain(e, NULL);
	work_expect(work, e->windows * e->context);
	if ((code = run_blocks(e, NULL, work)) ||
	    (code = scores_create(&scores, e->windows * e->text.per_window, false)) ||
	    (code = score_text(&scores, &e->text, e->hidden->x, NULL, NULL, work)))
		goto out;
	code = ERR_NOMEM;
	if (!(e->original = buf_alloc(hidden_bytes(e), 1)))
		goto out;
	memcpy(e->original, e->hidden->x, hidden_bytes(e));
	e->baseline = scores;
	return OK;
out:
	scores_free(&scores);
	return code;
}

/* Scores are kept as one array: nll, divergence, agrees. */
static enum err
run_current(struct scores *out, struct evaluator *e, const struct overlay *overlay,
	    const struct work *work)
{
	size_t count = e->windows * e->text.per_window;
	struct key key;
	const double *kept;
	enum err code;

	make_chain(e, overlay);
	key = e->chain[e->request.model->shape.blocks + 1];
	kept = states_get(e->states, key);
	if (kept) {
		memcpy(out->nll, kept, 3 * count * sizeof(double));
		return OK;
	}
	work_expect(work, e->windows * e->context);
	code = run_blocks(e, overlay, work);
	if (!code)
		code = score_text(out, &e->text, e->hidden->x, e->original, overlay, work);
	if (!code)
		code = states_put(e->states, key, out->nll, 3 * count * sizeof(double));
	return code;
}

static struct nll
nll_of(const struct evaluator *e, const double *values)
{
	struct estimate estimate = estimate_mean(values, e->windows, e->text.per_window);

	return (struct nll){ estimate.mean, estimate.se, estimate.se_iid };
}

/* The divergences are sorted, the nlls become differences. */
static void
summarize(struct eval_result *out, struct evaluator *e, struct scores *scores)
{
	struct estimate kl = estimate_mean(scores->divergence, e->windows, e->text.per_window);
	struct estimate top = estimate_mean(scores->agrees, e->windows, e->text.per_window);

	out->has_current = true;
	out->current = nll_of(e, scores->nll);
	for (size_t i = 0; i < out->scored; i++)
		scores->nll[i] -= e->baseline.nll[i];
	out->delta = nll_of(e, scores->nll);
	out->ppl = exp(out->current.mean);
	out->ppl_se = out->ppl * out->current.se;
	out->ppl_ratio = exp(out->delta.mean);
	estimate_sort(scores->divergence, out->scored);
	out->kl_mean = kl.mean;
	out->kl_se = kl.se;
	out->kl_q50 = estimate_quantile(scores->divergence, out->scored, 0.5);
	out->kl_q90 = estimate_quantile(scores->divergence, out->scored, 0.9);
	out->kl_q99 = estimate_quantile(scores->divergence, out->scored, 0.99);
	out->kl_max = scores->divergence[out->scored - 1];
	out->top1_share = top.mean;
	out->top1_se = top.se;
}

static enum err
evaluate_current(struct eval_result *out, struct evaluator *e, const struct overlay *overlay,
		 const struct work *work)
{
	double *all = buf_alloc(3 * out->scored, sizeof(*all));
	struct scores scores;
	enum err code;

	if (!all)
		return ERR_NOMEM;
	scores = (struct scores){ all, all + out->scored, all + 2 * out->scored };
	code = run_current(&scores, e, overlay, work);
	if (!code)
		summarize(out, e, &scores);
	buf_free(all);
	return code;
}

enum err
evaluator_run(struct eval_result *out, struct evaluator *e, const struct overlay *overlay,
	      const struct work *work)
{
	enum err code = OK;

	*out = (struct eval_result){ .windows = e->windows,
				     .scored = e->windows * e->text.per_window };
	if (!e->baseline.nll)
		code = run_baseline(e, work);
	if (code)
		return code;
	out->baseline = nll_of(e, e->baseline.nll);
	out->baseline_ppl = exp(out->baseline.mean);
	out->baseline_ppl_se = out->baseline_ppl * out->baseline.se;
	return overlay ? evaluate_current(out, e, overlay, work) : OK;
}
