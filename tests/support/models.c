#include "support/models.h"

#include "core/buf.h"
#include "core/file.h"
#include "kernels/kernels.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TEXTS_MAX = 16 };

static struct model *shipped;
static struct tokenizer *tokenizer;
static struct corpus *texts[TEXTS_MAX];

const char *const models_fixtures[] = { "one_kv_head", "tied_five_heads", "odd_head_dim", NULL };

static void
free_all(void)
{
	for (int i = 0; i < TEXTS_MAX; i++)
		corpus_free(texts[i]);
	tokenizer_free(tokenizer);
	model_free(shipped);
}

const struct model *
models_shipped(void)
{
	if (!shipped) {
		assert_ok(model_open(&shipped, support_source("models/shipped")));
		atexit(free_all);
	}
	return shipped;
}

const struct corpus *
models_text(const char *name)
{
	char path[128];
	int at = 0;

	while (texts[at] && strcmp(texts[at]->name, name))
		assert_true(++at < TEXTS_MAX);
	if (texts[at])
		return texts[at];
	models_shipped();
	if (!tokenizer)
		assert_ok(tokenizer_open_beside(&tokenizer, support_source("models/shipped"),
						shipped->shape.vocab));
	snprintf(path, sizeof(path), "models/texts/%s.txt", name);
	assert_ok(corpus_open(&texts[at], support_source(path), NULL, tokenizer,
			      shipped->shape.vocab));
	return texts[at];
}

static const char *
fixture_path(const char *name, const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), "tests/core/fixtures/forward/%s%s%s", name, *file ? "/" : "",
		 file);
	return support_source(path);
}

struct model *
models_fixture(const char *name)
{
	struct model *model;

	assert_ok(model_open(&model, fixture_path(name, "")));
	return model;
}

void *
models_fixture_values(size_t *count, const char *name, const char *file)
{
	char *bytes;
	size_t size;

	assert_ok(file_read(&bytes, &size, fixture_path(name, file), 1 << 24));
	*count = size / 4;
	return bytes;
}

void
rough_open(struct rough_overlay *rough, const struct model *model)
{
	rough->model = model;
	rough->layers = buf_alloc(model->layer_count, sizeof(*rough->layers));
	rough->weights = buf_alloc(model->layer_count, sizeof(*rough->weights));
	assert_true(rough->layers && rough->weights);
	rough->overlay.layers = rough->layers;
}

void
rough_layer(struct rough_overlay *rough, int layer, float step)
{
	const struct layer *from = &rough->model->layers[layer];
	size_t count = from->rows * from->columns;
	float *weight = NULL, unit;

	buf_free(rough->weights[layer]);
	rough->layers[layer] = (struct replacement){ 0 };
	if (step > 0.0f) {
		assert_non_null(weight = buf_alloc(count, sizeof(*weight)));
		assert_ok(model_read_layer(weight, rough->model, layer));
		unit = step * kernels_current()->absmax(weight, count);
		for (size_t i = 0; i < count; i++)
			weight[i] = rintf(weight[i] / unit) * unit;
		rough->layers[layer].weight = weight;
		rough->layers[layer].key = key_of(&step, sizeof(step));
	}
	rough->weights[layer] = weight;
}

void
rough_close(struct rough_overlay *rough)
{
	for (size_t i = 0; i < rough->model->layer_count; i++)
		buf_free(rough->weights[i]);
	buf_free(rough->weights);
	buf_free(rough->layers);
}

void
threads_open(struct threads *threads, int count)
{
	*threads = (struct threads){ 0 };
	kernels_current(); /* chosen before threads start */
	assert_ok(pool_create(&threads->pool, count));
	threads->work.pool = threads->pool;
}

void
threads_close(struct threads *threads)
{
	pool_free(threads->pool);
}

double
support_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
