/* Statistics of layer inputs under their content hash. */
#include "core/buf.h"
#include "sessions/engine_private.h"
#include "sessions/pack.h"

#include <string.h>

enum { STATISTICS_MAGIC = 0x71737431 };

static const char *
check_text(const struct calibration_setting *calibration)
{
	return calibration && calibration->text[0] ? calibration->text : NULL;
}

static struct key
drawn_key(const struct drawn *drawn)
{
	struct key key = key_of("drawn/1", 7);

	for (size_t i = 0; i < drawn->draw.count; i++) {
		const struct sequence *sequence = &drawn->draw.sequences[i];

		key = key_add(key, &sequence->count, sizeof(size_t));
		key = key_add(key, sequence->ids, sequence->count * sizeof(int32_t));
	}
	return key;
}

enum err
drawn_make(struct drawn *out, struct engine *engine, const struct calibration_setting *calibration)
{
	struct calibration_setting settled = *calibration;
	const struct corpus *corpus;
	enum err code;

	memset(out, 0, sizeof(*out));
	if (!check_text(calibration))
		return err_set(ERR_USAGE, "no calibration text; name one with --calibration");
	code = engine_settle(&settled, engine);
	if (!code)
		code = engine_corpus(&corpus, engine, settled.text, settled.field);
	if (code)
		return code;
	code = calibration_draw(&out->draw, &(struct draw_request){ .ids = corpus->ids,
								    .id_count = corpus->count,
								    .count = settled.sequences,
								    .length = settled.length,
								    .bos = engine_bos(engine),
								    .seed = settled.seed });
	if (code)
		return err_in_file(code, calibration->text);
	for (size_t i = 0; i < out->draw.count; i++)
		out->tokens += out->draw.sequences[i].count;
	out->key = drawn_key(out);
	return OK;
}

void
drawn_clear(struct drawn *drawn)
{
	draw_clear(&drawn->draw);
	memset(drawn, 0, sizeof(*drawn));
}

struct key
overlay_key(struct key key, const struct model *model, const struct overlay *overlay, int block)
{
	for (size_t i = 0; overlay && i < model->layer_count; i++) {
		const struct replacement *r = &overlay->layers[i];

		if ((!r->weight && !r->effect) || model->layers[i].block > block)
			continue;
		key = key_add(key, &i, sizeof(i));
		key = key_add(key, &r->key, sizeof(r->key));
	}
	return key;
}

/* The head's input lies behind every block. */
static int
last_upstream(const struct model *model, int input)
{
	int block = model->inputs[input].block;

	return block < 0 ? (int)model->shape.blocks : block;
}

struct key
statistics_key(const struct engine *engine, int input, const struct drawn *drawn, bool gram,
	       const struct overlay *upstream)
{
	struct key key = key_of("statistics/1", 12);

	key = key_add_text(key, engine->model->identity);
	key = key_add_text(key, engine_profile());
	key = key_add_text(key, engine->model->inputs[input].name);
	key = key_add(key, &drawn->key, sizeof(drawn->key));
	key = key_add(key, gram ? "gram" : "none", 4);
	return overlay_key(key, engine->model, upstream, last_upstream(engine->model, input));
}

static size_t
statistics_bytes(const struct statistics *statistics)
{
	size_t n = statistics->columns;

	return sizeof(*statistics) + 4 * (3 * n + (statistics->gram ? n * n : 0));
}

/* ------------------------------------------------------------------------ on disk */

static void
store(struct engine *engine, struct key key, const struct statistics *statistics)
{
	size_t n = statistics->columns;
	struct pack pack = { 0 };

	if (!cache_folder(engine->cache))
		return;
	pack_count(&pack, STATISTICS_MAGIC);
	pack_count(&pack, n);
	pack_count(&pack, statistics->tokens);
	pack_array(&pack, statistics->gram, statistics->gram ? n * n : 0, sizeof(float));
	pack_array(&pack, statistics->mean_abs, n, sizeof(float));
	pack_array(&pack, statistics->mean_sq, n, sizeof(float));
	pack_array(&pack, statistics->max_abs, n, sizeof(float));
	/* A full disk costs time later, nothing now. */
	if (!pack.failed)
		(void)cache_put(engine->cache, key, pack.data, pack.size);
	buf_free(pack.data);
}

static struct statistics *
unpack_statistics(struct unpack *unpack, size_t n, bool gram)
{
	struct statistics *out = buf_alloc(1, sizeof(*out));

	if (!out)
		return NULL;
	if (unpack_count(unpack) != STATISTICS_MAGIC || unpack_count(unpack) != n)
		unpack->failed = true;
	out->columns = n;
	out->tokens = unpack_count(unpack);
	out->gram = unpack_array(unpack, n * n, sizeof(float));
	out->mean_abs = unpack_array(unpack, n, sizeof(float));
	out->mean_sq = unpack_array(unpack, n, sizeof(float));
	out->max_abs = unpack_array(unpack, n, sizeof(float));
	if (unpack->failed || !out->mean_abs || !out->mean_sq || !out->max_abs ||
	    (gram && !out->gram)) {
		statistics_free(out);
		return NULL;
	}
	return out;
}

static struct statistics *
load(struct engine *engine, struct key key, int input, bool gram)
{
	struct unpack unpack = { 0 };
	struct statistics *out;
	void *data = NULL;
	size_t size;

	if (cache_get(&data, &size, engine->cache, key) || !data)
		return NULL;
	unpack.data = data;
	unpack.size = size;
	out = unpack_statistics(&unpack, engine->model->inputs[input].columns, gram);
	buf_free(data);
	return out;
}

static const struct statistics *
find_exact(struct engine *engine, int input, struct key key, bool gram)
{
	struct statistics *found = shelf_get(&engine->statistics, key);

	if (found)
		return found;
	found = load(engine, key, input, gram);
	if (found && shelf_put(&engine->statistics, key, found, statistics_bytes(found)))
		return NULL;
	return found;
}

const struct statistics *
statistics_find(struct engine *engine, int input, const struct drawn *drawn, bool gram,
		const struct overlay *upstream)
{
	struct key key = statistics_key(engine, input, drawn, true, upstream);
	const struct statistics *found = find_exact(engine, input, key, true);

	if (found || gram)
		return found;
	key = statistics_key(engine, input, drawn, false, upstream);
	return find_exact(engine, input, key, false);
}

/* ------------------------------------------------------------------------ taking them */

static enum err
keep(struct engine *engine, struct statistics **taken, const struct drawn *drawn, bool gram,
     const struct overlay *upstream)
{
	enum err code = OK;

	for (size_t i = 0; i < engine->model->input_count; i++) {
		struct key key;

		if (!taken[i])
			continue;
		key = statistics_key(engine, (int)i, drawn, gram, upstream);
		store(engine, key, taken[i]);
		if (!code)
			code = shelf_put(&engine->statistics, key, taken[i],
					 statistics_bytes(taken[i]));
		else
			statistics_free(taken[i]);
	}
	return code;
}

bool
statistics_fit(const struct engine *engine, const bool *inputs)
{
	size_t bytes = 0;

	for (size_t i = 0; i < engine->model->input_count; i++) {
		size_t n = engine->model->inputs[i].columns;

		bytes += !inputs || inputs[i] ? 4 * n * n : 0;
	}
	return bytes <= engine->statistics.limit / 2;
}

struct capture {
	struct engine *engine;
	const struct drawn *drawn;
	bool gram;
	const struct overlay *upstream;
	const struct work *work;
};

/* One pass over the text for the inputs in `wanted`. */
static enum err
capture_pass(const struct capture *capture, const bool *wanted)
{
	struct engine *engine = capture->engine;
	size_t count = engine->model->input_count;
	struct calibration_request request = { .model = engine->model,
					       .overlay = capture->upstream,
					       .sequences = capture->drawn->draw.sequences,
					       .sequence_count = capture->drawn->draw.count,
					       .inputs = wanted,
					       .gram = capture->gram };
	struct statistics **taken = buf_alloc(count, sizeof(*taken));
	enum err code = taken ? calibration_run(taken, &request, capture->work) : ERR_NOMEM;

	if (!code)
		code = keep(engine, taken, capture->drawn, capture->gram, capture->upstream);
	buf_free(taken);
	return code;
}

/* What does not fit into memory at once takes several passes, in the order of the inputs; each has
 * at least one. */
static enum err
capture_passes(const struct capture *capture, const bool *wanted, bool *pass)
{
	size_t count = capture->engine->model->input_count;
	enum err code = OK;

	for (size_t i = 0; i < count && !code;) {
		size_t first = i, taken = 0;

		memset(pass, 0, count * sizeof(*pass));
		for (; i < count; i++) {
			pass[i] = wanted[i];
			if (wanted[i] && taken && !statistics_fit(capture->engine, pass)) {
				pass[i] = false;
				break;
			}
			taken += wanted[i];
		}
		if (taken)
			code = capture_pass(capture, pass);
		else if (i == first)
			break;
	}
	return code;
}

enum err
statistics_capture(struct engine *engine, const bool *inputs, const struct drawn *drawn, bool gram,
		   const struct overlay *upstream, const struct work *work)
{
	const struct capture capture = { engine, drawn, gram, upstream, work };
	size_t count = engine->model->input_count;
	bool *wanted = buf_alloc(count, sizeof(*wanted));
	bool *pass = buf_alloc(count, sizeof(*pass));
	enum err code = wanted && pass ? OK : ERR_NOMEM;

	for (size_t i = 0; i < count && !code; i++)
		wanted[i] = (!inputs || inputs[i]) &&
			    !statistics_find(engine, (int)i, drawn, gram, upstream);
	if (!code)
		code = capture_passes(&capture, wanted, pass);
	buf_free(wanted);
	buf_free(pass);
	return code;
}

enum err
engine_calibrate(struct engine *engine, const struct calibration_setting *calibration,
		 const struct work *work)
{
	struct drawn drawn;
	enum err code = drawn_make(&drawn, engine, calibration);

	if (code)
		return code;
	code = statistics_capture(engine, NULL, &drawn, true, NULL, work);
	drawn_clear(&drawn);
	return code;
}

static enum err
capture_one(const struct statistics **out, struct engine *engine, int input,
	    const struct drawn *drawn, bool gram, const struct overlay *upstream,
	    const struct work *work)
{
	bool *inputs = buf_alloc(engine->model->input_count, sizeof(*inputs));
	enum err code;

	if (!inputs)
		return ERR_NOMEM;
	inputs[input] = true;
	code = statistics_capture(engine, inputs, drawn, gram, upstream, work);
	buf_free(inputs);
	*out = code ? NULL : statistics_find(engine, input, drawn, gram, upstream);
	if (!code && !*out)
		return err_set(ERR_NOMEM,
			       "no memory for the statistics of %s; close other programs",
			       engine->model->inputs[input].name);
	return code;
}

enum err
statistics_take(const struct statistics **out, struct engine *engine, int input,
		const struct drawn *drawn, const struct overlay *upstream, const struct work *work)
{
	*out = statistics_find(engine, input, drawn, true, upstream);
	return *out ? OK : capture_one(out, engine, input, drawn, true, upstream, work);
}
