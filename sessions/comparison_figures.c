/* From what was measured to what is shown: means over texts, pairs, and the front of the best. */
#include "core/buf.h"
#include "core/estimate.h"
#include "sessions/comparison_private.h"
#include "sessions/shipped.h"

#include <math.h>

static const struct figure unknown = { (double)NAN, (double)NAN };

struct figure
figure_delta(const struct text_outcome *text)
{
	const struct eval_result *r = &text->eval;

	return r->has_current ? (struct figure){ r->delta.mean, r->delta.se }
			      : (struct figure){ 0, 0 };
}

struct figure
figure_weights(const struct text_outcome *text)
{
	const struct eval_result *r = &text->weights;

	return r->has_current ? (struct figure){ r->delta.mean, r->delta.se } : unknown;
}

struct figure
figure_noise(const struct text_outcome *text)
{
	const struct eval_result *r = &text->noise;

	return r->has_current ? (struct figure){ r->delta.mean, r->delta.se } : unknown;
}

struct figure
figure_kl(const struct text_outcome *text)
{
	const struct eval_result *r = &text->eval;

	return r->has_current ? (struct figure){ r->kl_mean, r->kl_se } : (struct figure){ 0, 0 };
}

struct figure
figure_top1(const struct text_outcome *text)
{
	const struct eval_result *r = &text->eval;

	return r->has_current ? (struct figure){ r->top1_share, r->top1_se }
			      : (struct figure){ 1, 0 };
}

/* All do where none would. */
static bool
counts(const struct comparison_setting *setting, size_t text)
{
	for (size_t i = 0; i < setting->text_count; i++)
		if (shipped_text_counts(setting->texts[i]))
			return shipped_text_counts(setting->texts[text]);
	return true;
}

size_t
comparison_counted(const struct comparison *c)
{
	size_t count = 0;

	for (size_t i = 0; i < c->setting.text_count; i++)
		count += counts(&c->setting, i);
	return count;
}

struct figure
comparison_mean(const struct comparison *c, size_t candidate,
		struct figure (*of)(const struct text_outcome *text))
{
	double sum = 0, squares = 0, count = (double)comparison_counted(c);

	for (size_t i = 0; i < c->setting.text_count; i++) {
		struct figure f = of(&c->outcomes[candidate].texts[i]);

		if (!counts(&c->setting, i))
			continue;
		sum += f.mean;
		squares += f.se * f.se;
	}
	return (struct figure){ sum / count, sqrt(squares) / count };
}

struct figure
comparison_pair(const struct comparison *c, size_t a, size_t b, size_t text)
{
	const struct text_outcome *x = &c->outcomes[a].texts[text];
	const struct text_outcome *y = &c->outcomes[b].texts[text];
	size_t windows = x->eval.windows;
	double *differences = buf_alloc(windows ? windows : 1, sizeof(*differences));
	struct estimate estimate;

	if (!differences || !windows) {
		buf_free(differences);
		return unknown;
	}
	for (size_t w = 0; w < windows; w++)
		differences[w] = y->nll[w] - x->nll[w];
	estimate = estimate_mean(differences, windows, 1);
	buf_free(differences);
	return (struct figure){ estimate.mean, estimate.se };
}

bool
comparison_on_front(const struct comparison *c, size_t candidate)
{
	double bits = c->outcomes[candidate].bits.linear;
	double loss = comparison_mean(c, candidate, figure_delta).mean;

	if (!isfinite(loss))
		return false;
	for (size_t i = 0; i < c->candidates->count; i++) {
		double x = c->outcomes[i].bits.linear;
		double y = comparison_mean(c, i, figure_delta).mean;

		if (isfinite(y) && x <= bits && y <= loss && (x < bits || y < loss))
			return false;
	}
	return true;
}
