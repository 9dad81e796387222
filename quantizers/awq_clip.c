/* AWQ's clipping: of ten bounds from the largest weight of a group down to 0.55 of it, the one
 * whose rounded weights change the group's share of the output least. That share is d H_gg d', H_gg
 * the group's block of the Gram matrix: the published search takes it on 512 tokens, this one on
 * all. */
#include "quantizers/awq.h"

#include "core/buf.h"

#include <string.h>

enum { STEPS = 20, TRIED = 10 };

/* Queries and keys meet in a product whose error the group's own output says little about: the
 * published search leaves them alone. */
static bool
is_query_or_key(const char *name)
{
	static const char *const last[] = { "q", "k", "qkv" };
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++)
		if (!strcmp(dot ? dot + 1 : name, last[i]))
			return true;
	return false;
}

struct group {
	struct awq *awq;
	const struct awq_item *item;
	struct awq_scratch *scratch;
	size_t at;   /* first column */
	float *most; /* (rows) largest scaled |w| of the item's rows in this group */
};

/* d = Q(clamp(w s)) / s - w of one row's group. */
static void
candidate_row(const struct group *group, size_t r, float bound)
{
	const struct awq *awq = group->awq;
	const struct awq_layer *layer = &awq->layers[group->item->layer];
	size_t width = awq->width;
	const float *w = layer->layer->weight + (group->item->first + r) * awq->columns + group->at;
	float *row = group->scratch->row, *d = group->scratch->difference + r * width;

	awq->kernels->multiply(row, w, awq->scale + group->at, width);
	awq_clamp(row, width, bound);
	awq->kernels->quantize(group->scratch->codes, d, row, width,
			       grid_fit(awq->kernels, &awq->setting, row, width));
	awq->kernels->multiply(d, d, awq->inverse + group->at, width);
	awq->kernels->subtract(d, d, w, width);
}

static void
find_most(struct group *group)
{
	const struct awq *awq = group->awq;
	const float *weight = awq->layers[group->item->layer].layer->weight;
	float *row = group->scratch->row;

	for (size_t r = 0; r < group->item->rows; r++) {
		awq->kernels->multiply(row,
				       weight + (group->item->first + r) * awq->columns + group->at,
				       awq->scale + group->at, awq->width);
		group->most[r] = awq->kernels->absmax(row, awq->width);
	}
}

static enum err
clip_group(struct group *group, float *bounds, size_t stride)
{
	const struct awq *awq = group->awq;
	const float *gram = awq->layers[0].layer->statistics->gram;
	struct trace trace = { .kernels = awq->kernels,
			       .work = awq->task->work,
			       .x = group->scratch->difference,
			       .rows = group->item->rows,
			       .n = awq->width,
			       .ldx = awq->width,
			       .h = gram + group->at * (awq->columns + 1),
			       .ldh = awq->columns,
			       .product = group->scratch->product };
	double best[TRACE_ROWS], error[TRACE_ROWS];

	find_most(group);
	for (int i = 0; i < TRIED && !work_cancelled(awq->task->work); i++) {
		float share = 1.0f - (float)i / (float)STEPS;

		for (size_t r = 0; r < group->item->rows; r++)
			candidate_row(group, r, group->most[r] * share);
		trace_rows(error, &trace);
		for (size_t r = 0; r < group->item->rows; r++)
			if (i == 0 || error[r] < best[r]) {
				best[r] = error[r];
				bounds[r * stride] = group->most[r] * share;
			}
	}
	return work_check(awq->task->work);
}

static enum err
clip_item(void *arg, size_t index, int worker)
{
	struct awq *awq = arg;
	const struct awq_item *item = &awq->items[index];
	float *bounds = awq->layers[item->layer].bounds, most[TRACE_ROWS];
	struct group group = { awq, item, &awq->scratch[worker], 0, most };
	enum err code = OK;

	for (size_t g = 0; g < awq->groups && bounds && !code; g++) {
		group.at = g * awq->width;
		code = clip_group(&group, bounds + item->first * awq->groups + g, awq->groups);
		work_advance(awq->task->work, item->rows * awq->width);
	}
	return code;
}

enum err
awq_clip(struct awq *awq)
{
	for (size_t l = 0; l < awq->task->layer_count; l++) {
		struct awq_layer *layer = &awq->layers[l];

		if (is_query_or_key(layer->layer->name))
			continue;
		layer->bounds = buf_alloc(layer->layer->rows * awq->groups, sizeof(*layer->bounds));
		if (!layer->bounds)
			return ERR_NOMEM;
		work_expect(awq->task->work, (uint64_t)layer->layer->rows * awq->columns);
	}
	return work_each(awq->task->work, awq->item_count, clip_item, awq);
}
