/* The histogram that grows while its layer is being solved. Workers add whole tiles under a short
 * lock; the screen copies it when it draws. */
#include "core/buf.h"
#include "sessions/workspace_private.h"

#include <math.h>

/* As measurement chooses it: the same for every setting, so that the axes stay. */
static double
limit_of(const struct growth *growth)
{
	double sum = 0;
	size_t count = growth->rows * growth->columns;

	for (size_t i = 0; i < count; i++)
		sum += (double)growth->weight[i] * (double)growth->weight[i];
	sum = sqrt(sum / (double)count);
	return sum > 0 && isfinite(sum) ? exp2(ceil(log2(1.5 * sum))) : 1.0;
}

/* Members of a scope come in the order of the model's layers. */
static size_t
member_of(const struct model *model, const struct layer_setting *setting, int layer)
{
	const struct layer *layers = model->layers;
	size_t member = 0;

	for (int i = 0; i < layer; i++) {
		if (setting->method->scope == SCOPE_INPUT_GROUP && layers[layer].input >= 0)
			member += layers[i].input == layers[layer].input;
		if (setting->method->scope == SCOPE_BLOCK && layers[layer].block >= 0)
			member += layers[i].block == layers[layer].block;
	}
	return member;
}

enum err
growth_create(struct growth **out, struct workspace *workspace, int layer)
{
	const struct model *model = engine_model(workspace->engine);
	struct growth *growth = buf_alloc(1, sizeof(*growth));

	*out = growth;
	if (!growth)
		return ERR_NOMEM;
	pthread_mutex_init(&growth->lock, NULL);
	growth->rows = model->layers[layer].rows;
	growth->columns = model->layers[layer].columns;
	growth->member = member_of(model, &workspace->layers[layer].setting, layer);
	growth->wake = workspace->jobs;
	return OK;
}

/* On the driver's thread, before the solve. Without memory there is no growing picture. */
void
growth_prepare(struct growth *growth, const struct model *model, int layer)
{
	float *weight = buf_alloc(growth->rows * growth->columns, sizeof(*weight));
	double limit;

	if (!weight || model_read_layer(weight, model, layer)) {
		buf_free(weight);
		return;
	}
	growth->weight = weight;
	limit = limit_of(growth);
	pthread_mutex_lock(&growth->lock);
	histogram_start(&growth->histogram, -limit, limit);
	pthread_mutex_unlock(&growth->lock);
}

void
growth_publish(void *ctx, const struct tile *tile)
{
	struct growth *growth = ((struct task *)ctx)->growth;

	if (!growth || !growth->weight || tile->layer != growth->member ||
	    tile->row + tile->rows > growth->rows || tile->column + tile->columns > growth->columns)
		return;
	pthread_mutex_lock(&growth->lock);
	for (size_t i = 0; i < tile->rows; i++)
		histogram_add(&growth->histogram,
			      growth->weight + (tile->row + i) * growth->columns + tile->column,
			      tile->values + i * tile->stride, tile->columns);
	growth->seen += tile->rows * tile->columns;
	pthread_mutex_unlock(&growth->lock);
	jobs_wake(growth->wake);
}

void
growth_free(struct growth *growth)
{
	if (!growth)
		return;
	pthread_mutex_destroy(&growth->lock);
	buf_free(growth->weight);
	buf_free(growth);
}

bool
workspace_growth(struct workspace *workspace, struct histogram *out, double *share)
{
	struct task *task = workspace->live;
	struct growth *growth = task ? task->growth : NULL;

	if (!growth || task->goal.layer != workspace->selected)
		return false;
	pthread_mutex_lock(&growth->lock);
	*out = growth->histogram;
	*share = (double)growth->seen / ((double)growth->rows * (double)growth->columns);
	pthread_mutex_unlock(&growth->lock);
	return out->count > 0;
}
