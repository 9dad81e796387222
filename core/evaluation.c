/* Windows pass through the blocks batch by batch, each from the deepest hidden states that are kept
 * (core/passage). Per-token scores are kept likewise, so coming back to a setting costs nothing. */
#include "core/evaluation.h"

#include "core/buf.h"
#include "core/estimate.h"
#include "core/passage.h"
#include "core/score.h"
#include "core/weights.h"

#include <math.h>
#include <string.h>

enum { DEFAULT_STATES = 512 << 20, DEFAULT_MEMORY = 256 << 20, WINDOW_CONTEXT = 2048 };

struct evaluator {
	struct evaluator_request request;
	size_t context, windows;
	int32_t *ids;               /* (windows, context), BOS in place */
	struct sequence *sequences; /* (windows) */
	struct scored_text text;
	struct states *states, *own; /* own: to be freed, or NULL */
	struct key root;             /* of model, text and protocol */
	struct passage original;
	struct scores baseline; /* nll NULL until it has run */
};

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
	e->states = request->states;
	if (!e->states) {
		if ((code = states_create(&e->own, DEFAULT_STATES, NULL)))
			goto out;
		e->states = e->own;
	}
	e->original = (struct passage){ .model = request->model,
					.sequences = e->sequences,
					.count = e->windows,
					.states = e->states };
	code = passage_open(&e->original);
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
	passage_close(&e->original);
	states_free(e->own);
	scores_free(&e->baseline);
	buf_free(e->ids);
	buf_free(e->sequences);
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

/* ----------------------------------------------------------------------------- running */

/* Both models' states of a batch are in memory while it is scored. */
static size_t
batch_end(const struct evaluator *e, size_t first)
{
	size_t memory = e->request.memory ? e->request.memory : DEFAULT_MEMORY;
	size_t per_token = 2 * e->request.model->shape.hidden * sizeof(float);

	return passage_batch(&e->original, first, per_token, memory);
}

/* The blocks that each batch has to run, those of the original where they are not kept, and its
 * scores. */
static void
expect(const struct evaluator *e, const struct passage *p, const struct work *work)
{
	size_t blocks = e->request.model->shape.blocks;

	for (size_t first = 0, end; first < e->windows; first = end) {
		size_t cost = 1;

		end = batch_end(e, first);
		cost += passage_cost(p, first, end - first, blocks);
		if (p != &e->original)
			cost += passage_cost(&e->original, first, end - first, blocks);
		work_expect(work, e->context * (end - first) * cost);
	}
}

/* Scores of windows [first, end); `against` the original, where it is given. */
static enum err
score_batch(const struct scores *out, struct evaluator *e, const struct passage *current,
	    const struct passage *against, size_t first, size_t end, const struct work *work)
{
	size_t blocks = e->request.model->shape.blocks, at = first * e->text.per_window;
	struct scored_text text = e->text;
	struct scores part = { out->nll + at, against ? out->divergence + at : NULL,
			       against ? out->agrees + at : NULL };
	struct hidden *hidden, *original = NULL;
	enum err code = passage_enter(&hidden, current, first, end - first, blocks, work);

	if (!code && against)
		code = passage_enter(&original, against, first, end - first, blocks, work);
	text.model = current->model;
	text.original = current->model == e->request.model ? NULL : e->request.model;
	text.windows += first;
	text.window_count = end - first;
	if (!code)
		code = score_text(&part, &text, hidden->x, original ? original->x : NULL,
				  current->overlay, work);
	hidden_free(hidden);
	hidden_free(original);
	return code;
}

static enum err
run_baseline(struct evaluator *e, const struct work *work)
{
	struct scores scores = { 0 };
	enum err code = scores_create(&scores, e->windows * e->text.per_window, false);

	expect(e, &e->original, work);
	for (size_t first = 0, end; first < e->windows && !code; first = end) {
		end = batch_end(e, first);
		code = score_batch(&scores, e, &e->original, NULL, first, end, work);
	}
	if (code)
		scores_free(&scores);
	else
		e->baseline = scores;
	return code;
}

static struct key
scores_key(const struct evaluator *e, const struct passage *current)
{
	const struct model *model = current->model;
	const struct replacement *head = overlay_find(current->overlay, model->head);
	struct key key = key_add_text(e->root, "scores");

	if (model != e->request.model)
		key = key_add_text(key, model->identity);
	key = key_add(key, &current->chain[model->shape.blocks], sizeof(key));
	return head ? key_add(key, &head->key, sizeof(head->key)) : key;
}

/* Scores are kept as one array: nll, divergence, agrees. */
static enum err
run_current(struct scores *out, struct evaluator *e, const struct passage *current,
	    const struct work *work)
{
	size_t bytes = 3 * e->windows * e->text.per_window * sizeof(double);
	struct key key = scores_key(e, current);
	enum err code = OK;

	if (states_get(e->states, key, out->nll, bytes))
		return OK;
	expect(e, current, work);
	for (size_t first = 0, end; first < e->windows && !code; first = end) {
		end = batch_end(e, first);
		code = score_batch(out, e, current, &e->original, first, end, work);
	}
	return code ? code : states_put(e->states, key, out->nll, bytes);
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

/* ----------------------------------------------------------------------- token by token */

enum err
evaluator_losses(struct token_losses **out, const struct evaluator *e, bool current)
{
	size_t per_window = e->text.per_window, at = e->text.first + 1;
	enum err code = token_losses_create(out, e->windows, per_window, at, current);

	for (size_t w = 0; w < e->windows && !code; w++)
		memcpy((*out)->ids + w * per_window, e->ids + w * e->context + at,
		       per_window * sizeof(*e->ids));
	return code;
}

static enum err
keep_losses(struct token_losses **out, const struct evaluator *e, const double *current)
{
	enum err code = evaluator_losses(out, e, current != NULL);

	if (code)
		return code;
	memcpy((*out)->baseline, e->baseline.nll, (*out)->count * sizeof(double));
	if (current)
		memcpy((*out)->current, current, (*out)->count * sizeof(double));
	return OK;
}

static enum err
evaluate_current(struct eval_result *out, struct token_losses **losses, struct evaluator *e,
		 struct passage current, const struct work *work)
{
	double *all = buf_alloc(3 * out->scored, sizeof(*all));
	struct scores scores;
	enum err code = ERR_NOMEM;

	current.chain = current.names = NULL;
	if (all)
		code = passage_open(&current);
	if (!code) {
		scores = (struct scores){ all, all + out->scored, all + 2 * out->scored };
		code = run_current(&scores, e, &current, work);
	}
	if (!code && losses)
		code = keep_losses(losses, e, scores.nll);
	if (!code)
		summarize(out, e, &scores);
	passage_close(&current);
	buf_free(all);
	return code;
}

/* The baseline's part of the result; run where it has not been. */
static enum err
begin(struct eval_result *out, struct token_losses **losses, struct evaluator *e,
      const struct work *work)
{
	enum err code = OK;

	if (losses)
		*losses = NULL;
	*out = (struct eval_result){ .windows = e->windows,
				     .scored = e->windows * e->text.per_window };
	if (!e->baseline.nll)
		code = run_baseline(e, work);
	if (code)
		return code;
	out->baseline = nll_of(e, e->baseline.nll);
	out->baseline_ppl = exp(out->baseline.mean);
	out->baseline_ppl_se = out->baseline_ppl * out->baseline.se;
	return OK;
}

enum err
evaluator_run_losses(struct eval_result *out, struct token_losses **losses, struct evaluator *e,
		     const struct overlay *overlay, const struct work *work)
{
	struct passage current = e->original;
	enum err code = begin(out, losses, e, work);

	if (code)
		return code;
	current.overlay = overlay;
	if (overlay)
		return evaluate_current(out, losses, e, current, work);
	return losses ? keep_losses(losses, e, NULL) : OK;
}

enum err
evaluator_run_model(struct eval_result *out, struct token_losses **losses, struct evaluator *e,
		    const struct model *model, const struct work *work)
{
	struct passage current = e->original;
	enum err code = OK;

	if (model->shape.vocab != e->request.model->shape.vocab ||
	    model->shape.hidden != e->request.model->shape.hidden ||
	    model_longest(model) < e->context)
		return err_at(ERR_RANGE, model->path, NULL,
			      "differs in vocabulary, hidden size or context from %s; compare "
			      "models of one shape",
			      e->request.model->path);
	code = begin(out, losses, e, work);
	current.model = model;
	current.overlay = NULL;
	return code ? code : evaluate_current(out, losses, e, current, work);
}

enum err
evaluator_run(struct eval_result *out, struct evaluator *e, const struct overlay *overlay,
	      const struct work *work)
{
	return evaluator_run_losses(out, NULL, e, overlay, work);
}
