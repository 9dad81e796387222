/* Statistics of layer inputs under their content hash. */
#include "core/buf.h"
#include "core/moments.h"
#include "core/passage.h"
#include "sessions/engine_private.h"

#include <string.h>

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

enum err
upstream_open(struct upstream *out, const struct model *model, const struct overlay *overlay)
{
	*out = (struct upstream){ overlay, buf_alloc(model->shape.blocks + 1, sizeof(struct key)) };
	if (!out->chain)
		return ERR_NOMEM;
	passage_chain(out->chain, model, overlay);
	return OK;
}

void
upstream_close(struct upstream *upstream)
{
	buf_free(upstream->chain);
	upstream->chain = NULL;
}

/* An input also depends on its own block, and the head's lies behind every block. */
static size_t
last_upstream(const struct model *model, int input)
{
	size_t block = (size_t)model->inputs[input].block + 1;

	return block < model->shape.blocks ? block : model->shape.blocks;
}

struct key
statistics_key(const struct engine *engine, int input, const struct drawn *drawn, bool gram,
	       const struct upstream *upstream)
{
	const struct key *chain = upstream ? upstream->chain : engine->original.chain;
	struct key key = key_of("statistics/2", 12);

	key = key_add_text(key, engine->model->identity);
	key = key_add_text(key, engine_profile());
	key = key_add_text(key, engine->model->inputs[input].name);
	key = key_add(key, &drawn->key, sizeof(drawn->key));
	key = key_add(key, gram ? "gram" : "none", 4);
	return key_add(key, &chain[last_upstream(engine->model, input)], sizeof(*chain));
}

static size_t
statistics_bytes(const struct statistics *statistics)
{
	size_t n = statistics->columns;

	return sizeof(*statistics) + 4 * (3 * n + (statistics->gram ? n * n : 0));
}

static const struct statistics *
find_exact(struct engine *engine, int input, struct key key, bool gram, const struct work *work)
{
	struct statistics *found = shelf_get(&engine->statistics, key);

	if (found || !cache_has(engine->cache, key))
		return found;
	found = statistics_load(engine->cache, key, engine->model->inputs[input].columns, gram,
				work);
	if (found && shelf_put(&engine->statistics, key, found, statistics_bytes(found)))
		return NULL;
	return found;
}

/* From memory or disk; NULL: neither. Those with a Gram matrix serve those who need none. */
static const struct statistics *
find(struct engine *engine, int input, const struct drawn *drawn, bool gram,
     const struct upstream *upstream, const struct work *work)
{
	struct key key = statistics_key(engine, input, drawn, true, upstream);
	const struct statistics *found = find_exact(engine, input, key, true, work);

	if (found || gram)
		return found;
	key = statistics_key(engine, input, drawn, false, upstream);
	return find_exact(engine, input, key, false, work);
}

/* Without reading them. */
static bool
is_kept(struct engine *engine, int input, const struct drawn *drawn, bool gram,
	const struct upstream *upstream)
{
	struct key key = statistics_key(engine, input, drawn, true, upstream);

	if (shelf_get(&engine->statistics, key) || cache_has(engine->cache, key))
		return true;
	if (gram)
		return false;
	key = statistics_key(engine, input, drawn, false, upstream);
	return shelf_get(&engine->statistics, key) || cache_has(engine->cache, key);
}

bool
statistics_kept(struct engine *engine, int input, const struct drawn *drawn)
{
	return is_kept(engine, input, drawn, true, NULL);
}

/* ------------------------------------------------------------------------ taking them */

struct capture {
	struct engine *engine;
	const struct drawn *drawn;
	bool gram;
	const struct upstream *upstream;
	const struct work *work;
};

/* A full disk costs time later, nothing now. */
static enum err
keep(void *ctx, int input, struct statistics *taken)
{
	const struct capture *capture = ctx;
	struct engine *engine = capture->engine;
	struct key key =
		statistics_key(engine, input, capture->drawn, capture->gram, capture->upstream);

	(void)statistics_store(engine->cache, key, taken, capture->work);
	return shelf_put(&engine->statistics, key, taken, statistics_bytes(taken));
}

/* The sums of one turn and the statistics that are kept share their memory, so the latter make
 * room. */
static void
make_room(struct engine *engine, const bool *wanted, bool gram)
{
	const struct model *model = engine->model;
	size_t bytes = 0, most = 0;
	int block = -1;

	for (size_t i = 0; i < model->input_count; i++) {
		if (!wanted[i])
			continue;
		bytes = model->inputs[i].block == block ? bytes : 0;
		block = model->inputs[i].block;
		bytes += moments_bytes(model->inputs[i].columns, gram);
		most = bytes > most ? bytes : most;
	}
	shelf_make_room(&engine->statistics,
			most < engine->memory.grams ? most : engine->memory.grams);
}

static enum err
capture_wanted(const struct capture *capture, const bool *wanted)
{
	struct engine *engine = capture->engine;
	const struct upstream *upstream = capture->upstream;
	struct calibration_request request = { .model = engine->model,
					       .overlay = upstream ? upstream->overlay : NULL,
					       .sequences = capture->drawn->draw.sequences,
					       .sequence_count = capture->drawn->draw.count,
					       .inputs = wanted,
					       .gram = capture->gram,
					       .memory = engine->memory.batch,
					       .sums = engine->memory.grams,
					       .states = engine->states };
	struct calibration_outlet outlet = { keep, (void *)capture };

	make_room(engine, wanted, capture->gram);
	/* No room at all is not no limit. */
	request.memory = request.memory ? request.memory : 1;
	request.sums = request.sums ? request.sums : 1;
	return calibration_each(&request, &outlet, capture->work);
}

enum err
statistics_capture(struct engine *engine, const bool *inputs, const struct drawn *drawn, bool gram,
		   const struct upstream *upstream, const struct work *work)
{
	const struct capture capture = { engine, drawn, gram, upstream, work };
	size_t count = engine->model->input_count;
	bool *wanted = buf_alloc(count, sizeof(*wanted)), any = false;
	enum err code = OK;

	if (!wanted)
		return ERR_NOMEM;
	for (size_t i = 0; i < count; i++) {
		wanted[i] =
			(!inputs || inputs[i]) && !is_kept(engine, (int)i, drawn, gram, upstream);
		any |= wanted[i];
	}
	if (any)
		code = capture_wanted(&capture, wanted);
	buf_free(wanted);
	return code;
}

bool
statistics_fit(const struct engine *engine, const bool *inputs)
{
	double memory = 0, disk = 0;

	for (size_t i = 0; i < engine->model->input_count; i++) {
		double n = (double)engine->model->inputs[i].columns;

		if (inputs && !inputs[i])
			continue;
		memory += 4 * n * n;
		disk += 2 * n * (n + 1);
	}
	return memory <= (double)engine->memory.grams / 2 ||
	       (cache_folder(engine->cache) && disk <= (double)cache_limit(engine->cache) / 2);
}

enum err
engine_calibrate(struct engine *engine, const struct calibration_setting *calibration,
		 const struct work *work)
{
	struct drawn drawn;
	enum err code = drawn_make(&drawn, engine, calibration);

	if (code)
		return code;
	if (statistics_fit(engine, NULL))
		code = statistics_capture(engine, NULL, &drawn, true, NULL, work);
	drawn_clear(&drawn);
	return code;
}

static enum err
capture_one(const struct statistics **out, struct engine *engine, int input,
	    const struct drawn *drawn, const struct upstream *upstream, const struct work *work)
{
	const struct capture capture = { engine, drawn, true, upstream, work };
	bool *inputs = buf_alloc(engine->model->input_count, sizeof(*inputs));
	enum err code;

	if (!inputs)
		return ERR_NOMEM;
	inputs[input] = true;
	code = capture_wanted(&capture, inputs);
	buf_free(inputs);
	*out = code ? NULL : find(engine, input, drawn, true, upstream, work);
	if (!code && !*out)
		return err_set(ERR_NOMEM,
			       "no memory for the statistics of %s; close other programs",
			       engine->model->inputs[input].name);
	return code;
}

enum err
statistics_take(const struct statistics **out, struct engine *engine, int input,
		const struct drawn *drawn, const struct upstream *upstream, const struct work *work)
{
	*out = find(engine, input, drawn, true, upstream, work);
	return *out ? OK : capture_one(out, engine, input, drawn, upstream, work);
}
