#include "sessions/forecast.h"

#include "core/buf.h"
#include "core/moments.h"
#include "sessions/engine_private.h"
#include "sessions/forecast_private.h"

#include <stdio.h>
#include <string.h>

struct forecast
forecast_start(struct engine *engine)
{
	return (struct forecast){ .engine = engine };
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* What the cache can take in all. */
static uint64_t
cache_room(const struct engine *engine)
{
	return cache_folder(engine->cache) ? cache_limit(engine->cache) : 0;
}

static double
weights_of(const struct layer *layer)
{
	return (double)layer->rows * (double)layer->columns;
}

static void
need_memory(struct forecast *f, uint64_t bytes, const char *what)
{
	if (bytes <= f->memory)
		return;
	f->memory = bytes;
	f->greatest = what;
}

/* ------------------------------------------------------------------------------ passes */

/* Sequences that pass through the blocks. */
struct pass {
	size_t sequences, length;
	size_t widest; /* columns captured at once beside the hidden state */
};

static double
tokens_of(const struct pass *pass)
{
	return (double)pass->sequences * (double)pass->length;
}

/* How often each block's weights are read. */
static double
batches_of(const struct forecast *f, const struct pass *pass)
{
	double per_token = 4.0 * (double)(f->engine->model->shape.hidden + pass->widest);
	double fit = (double)f->engine->memory.batch / per_token / (double)pass->length;
	double batches;

	if (fit < 1.0)
		return (double)pass->sequences;
	batches = (double)pass->sequences / (double)(uint64_t)fit;
	return (double)(uint64_t)batches + (batches > (double)(uint64_t)batches);
}

/* Blocks [0, end), each `times` times. Of experts a token visits a few. */
static void
add_blocks(struct forecast *f, const struct pass *pass, size_t end, double times)
{
	const struct model *model = f->engine->model;
	const struct model_shape *shape = &model->shape;
	double tokens = tokens_of(pass), weights = 0.0, bytes = 0.0;

	for (size_t i = 0; i < model->layer_count; i++) {
		const struct layer *layer = &model->layers[i];
		double share = layer->expert < 0
				       ? 1.0
				       : (double)shape->experts_per_token / (double)shape->experts;

		if (layer->block < 0 || (size_t)layer->block >= end)
			continue;
		weights += share * weights_of(layer);
		bytes += weights_of(layer) * dtype_bits(layer->tensor->dtype) / 8;
	}
	/* Scores and mixing look back on half of the sequence. */
	f->operations += times * tokens *
			 (2.0 * weights + 2.0 * (double)end * (double)pass->length *
						  (double)(shape->heads * shape->head_dim));
	f->read += (uint64_t)(times * bytes * batches_of(f, pass));
}

static void
add_head(struct forecast *f, double tokens)
{
	const struct layer *head = &f->engine->model->layers[f->engine->model->head];

	f->operations += 2.0 * tokens * weights_of(head);
	f->read += (uint64_t)(weights_of(head) * dtype_bits(head->tensor->dtype) / 8);
}

/* Hidden states of each block's border, as far as they are kept. */
static void
add_states(struct forecast *f, const struct pass *pass, size_t blocks)
{
	const struct engine *engine = f->engine;
	double bytes = tokens_of(pass) * (double)engine->model->shape.hidden * 4.0 * (double)blocks;
	double over = bytes - (double)engine->memory.states;

	if (over > 0)
		f->spilled = least(f->spilled + (uint64_t)over, cache_limit(engine->cache));
}

/* -------------------------------------------------------------------------- calibration */

static enum err
draw_pass(struct pass *out, struct drawn *drawn, struct forecast *f,
	  const struct calibration_setting *calibration)
{
	enum err code = drawn_make(drawn, f->engine, calibration);

	if (code)
		return code;
	*out = (struct pass){ .sequences = drawn->draw.count,
			      .length = drawn->tokens / drawn->draw.count };
	return OK;
}

/* The Gram matrix of one input. */
static void
add_gram(struct forecast *f, const struct pass *pass, size_t input)
{
	const struct model_input *of = &f->engine->model->inputs[input];
	double n = (double)of->columns;
	uint64_t sums = moments_bytes(of->columns, true);

	f->operations += tokens_of(pass) * n * n;
	f->kept = least(f->kept + (uint64_t)(2.0 * n * (n + 1.0)), cache_room(f->engine));
	need_memory(f,
		    f->engine->memory.fixed + sums +
			    pass->length * (of->columns + 2 * f->engine->model->shape.hidden) *
				    sizeof(float),
		    of->name);
}

/* Statistics of the marked inputs, of which those that are kept are taken off. */
static void
add_statistics(struct forecast *f, struct pass *pass, bool *inputs, const struct drawn *drawn,
	       bool propagated)
{
	const struct model *model = f->engine->model;
	size_t end = 0;

	for (size_t i = 0; i < model->input_count; i++) {
		size_t block = (size_t)model->inputs[i].block + 1;

		inputs[i] = inputs[i] && (propagated || !statistics_kept(f->engine, (int)i, drawn));
		if (!inputs[i])
			continue;
		block = least(block, model->shape.blocks);
		end = block > end ? block : end;
		pass->widest = model->inputs[i].columns > pass->widest ? model->inputs[i].columns
								       : pass->widest;
	}
	for (size_t i = 0; i < model->input_count; i++)
		if (inputs[i])
			add_gram(f, pass, i);
	if (!end)
		return;
	add_blocks(f, pass, end, propagated ? 2.0 : 1.0);
	add_states(f, pass, end);
}

/* --------------------------------------------------------------------------- quantizing */

/* A method with a Gram matrix factors it (n^3 / 3) and updates its rows (rows n^2); measuring takes
 * two products with it. Beside the layer in float32 stand its codes and what it becomes, and the
 * matrix with, for such a method, its factor. */
static void
add_solve(struct forecast *f, int index, const struct layer_setting *setting, bool calibrated)
{
	const struct layer *layer = &f->engine->model->layers[index];
	double rows = (double)layer->rows, n = (double)layer->columns, gram = 0.0;
	bool solves = (setting->method->needs & NEED_GRAM) != 0;

	calibrated = calibrated && layer->input >= 0;
	if (calibrated)
		f->operations += 4.0 * rows * n * n;
	if (calibrated && solves)
		f->operations += rows * n * n + n * n * n / 3.0;
	if (calibrated)
		gram = 4.0 * n * n * (solves ? 2.0 : 1.0);
	f->read += (uint64_t)(2.0 * rows * n * dtype_bits(layer->tensor->dtype) / 8.0);
	/* No block is there while a layer is solved. */
	need_memory(f, f->engine->memory.workers + (uint64_t)(9.0 * rows * n + gram), layer->name);
	if (setting->method->needs)
		f->kept = least(f->kept + (uint64_t)(5.0 * rows * n), cache_room(f->engine));
}

enum err
forecast_layer(struct forecast *f, int layer, const struct layer_setting *setting,
	       const struct calibration_setting *calibration)
{
	bool calibrated = calibration && calibration->text[0];
	bool *inputs = buf_alloc(f->engine->model->input_count, sizeof(*inputs));
	int input = f->engine->model->layers[layer].input;
	struct drawn drawn = { 0 };
	struct pass pass;
	enum err code = inputs ? OK : ERR_NOMEM;

	if (!code && calibrated && input >= 0) {
		code = draw_pass(&pass, &drawn, f, calibration);
		inputs[input] = true;
		if (!code)
			add_statistics(f, &pass, inputs, &drawn, false);
	}
	if (!code)
		add_solve(f, layer, setting, calibrated);
	drawn_clear(&drawn);
	buf_free(inputs);
	return code;
}

static enum err
add_recipe_statistics(struct forecast *f, const struct layer_setting *settings,
		      const struct calibration_setting *calibration)
{
	const struct model *model = f->engine->model;
	bool *inputs = buf_alloc(model->input_count, sizeof(*inputs)), any = false;
	struct drawn drawn = { 0 };
	struct pass pass;
	enum err code = inputs ? OK : ERR_NOMEM;

	for (size_t i = 0; i < model->layer_count && !code; i++)
		if (settings[i].method && model->layers[i].input >= 0)
			any = inputs[model->layers[i].input] = true;
	if (!code && any && !(f->taken && !calibration->propagated)) {
		f->taken = statistics_fit(f->engine, inputs);
		code = draw_pass(&pass, &drawn, f, calibration);
		if (!code)
			add_statistics(f, &pass, inputs, &drawn, calibration->propagated);
	}
	drawn_clear(&drawn);
	buf_free(inputs);
	return code;
}

enum err
forecast_recipe(struct forecast *f, const struct recipe *recipe)
{
	const struct model *model = f->engine->model;
	struct layer_setting *settings = buf_alloc(model->layer_count, sizeof(*settings));
	bool calibrated = recipe->calibration.text[0];
	uint64_t parked = 0;
	enum err code = settings ? engine_plan(settings, NULL, f->engine, recipe) : ERR_NOMEM;

	if (!code && calibrated)
		code = add_recipe_statistics(f, settings, &recipe->calibration);
	for (size_t i = 0; i < model->layer_count && !code; i++) {
		if (!settings[i].method)
			continue;
		add_solve(f, (int)i, &settings[i], calibrated);
		if (f->engine->lean)
			parked += 4 * model->layers[i].rows * model->layers[i].columns;
	}
	f->parked = parked > f->parked ? parked : f->parked;
	buf_free(settings);
	return code;
}

/* --------------------------------------------------------------------------- evaluating */

enum err
forecast_evaluation(struct forecast *f, const struct eval_setting *setting, bool quantized)
{
	const struct model_shape *model = &f->engine->model->shape;
	struct eval_shape shape;
	struct pass pass;
	enum err code = engine_eval_shape(&shape, f->engine, setting);

	if (code)
		return code;
	pass = (struct pass){ shape.windows, shape.context, model->hidden };
	add_blocks(f, &pass, model->blocks, quantized ? 2.0 : 1.0);
	add_head(f, (double)(shape.windows * shape.scored_per_window) * (quantized ? 3.0 : 1.0));
	add_states(f, &pass, (quantized ? 2 : 1) * model->blocks);
	need_memory(f,
		    f->engine->memory.fixed +
			    2 * (shape.context * model->hidden + 64 * model->vocab) * sizeof(float),
		    f->engine->model->layers[f->engine->model->head].name);
	return OK;
}

void
forecast_tokens(struct forecast *f, size_t tokens, size_t scored, bool quantized)
{
	const struct model_shape *model = &f->engine->model->shape;
	struct pass pass = { tokens, 1, model->hidden };

	add_blocks(f, &pass, model->blocks, quantized ? 2.0 : 1.0);
	add_head(f, (double)scored * (quantized ? 2.0 : 1.0));
	need_memory(f, f->engine->memory.fixed,
		    f->engine->model->layers[f->engine->model->head].name);
}

void
forecast_output(struct forecast *f, const char *path, uint64_t bytes)
{
	f->output += bytes;
	f->output_path = path;
}

/* ------------------------------------------------------------------------------ judging */

void
forecast_folder(char folder[4096], struct statvfs *st, const char *path)
{
	snprintf(folder, 4096, "%s", path);
	while (statvfs(folder, st)) {
		char *slash = strrchr(folder, '/');

		memset(st, 0, sizeof(*st));
		if (!strcmp(folder, ".") || !strcmp(folder, "/"))
			return;
		if (!slash)
			snprintf(folder, 4096, ".");
		else if (slash == folder)
			snprintf(folder, 4096, "/");
		else
			*slash = '\0';
	}
}

uint64_t
forecast_free(const char *path)
{
	char folder[4096];
	struct statvfs st;

	forecast_folder(folder, &st, path);
	return st.f_blocks ? (uint64_t)st.f_bavail * st.f_frsize : UINT64_MAX;
}

static bool
same_disk(const char *a, const char *b)
{
	char folder[4096];
	struct statvfs first, second;

	forecast_folder(folder, &first, a);
	forecast_folder(folder, &second, b);
	return first.f_fsid == second.f_fsid && first.f_blocks == second.f_blocks;
}

static enum err
check_disk(const char *path, uint64_t bytes, const char *what)
{
	char needed[32], there[32];
	uint64_t left = bytes ? forecast_free(path) : UINT64_MAX;

	if (left >= bytes)
		return OK;
	return err_at(ERR_IO, path, NULL, "%s need %s and %s are free here; make room", what,
		      memory_text(needed, bytes), memory_text(there, left));
}

enum err
forecast_check(const struct forecast *f)
{
	char needed[32], allowed[32];
	uint64_t limit = f->engine->memory.limit;
	enum err code;

	if (f->memory > limit)
		return err_at(ERR_NOMEM, f->engine->model->path, f->greatest,
			      "needs about %s of memory at once and %s are allowed; allow more "
			      "with --memory",
			      memory_text(needed, f->memory), memory_text(allowed, limit));
	code = check_disk(engine_disk_folder(f->engine), f->parked,
			  "quantized weights that memory cannot hold");
	if (code || !f->output)
		return code;
	if (!f->parked || !same_disk(engine_disk_folder(f->engine), f->output_path))
		return check_disk(f->output_path, f->output, "the files");
	return check_disk(f->output_path, f->parked + f->output,
			  "the files, and quantized weights that memory cannot hold,");
}
