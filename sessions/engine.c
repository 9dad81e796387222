/* The open model and what belongs to it: threads, cache, texts. */
#include "sessions/engine.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/text.h"
#include "kernels/kernels.h"
#include "sessions/engine_private.h"
#include "sessions/locate.h"
#include "sessions/output.h"
#include "sessions/shipped.h"

#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 64 };

static void
drop_statistics(void *value)
{
	statistics_free(value);
}

static void
drop_result(void *value)
{
	layer_result_unref(value);
}

/* Where what does not fit into memory goes: beside the results, or where temporary files lie. */
const char *
engine_disk_folder(const struct engine *engine)
{
	const char *folder = cache_folder(engine->cache), *temporary = getenv("TMPDIR");

	if (folder)
		return folder;
	return temporary && *temporary == '/' ? temporary : "/var/tmp";
}

/* Codes and dequantized weights of all linear layers. */
static bool
is_lean(const struct engine *engine)
{
	double bytes = 0;

	for (size_t i = 0; i < engine->model->layer_count; i++)
		if (engine_is_linear(engine, (int)i))
			bytes += 5.0 * (double)engine->model->layers[i].rows *
				 (double)engine->model->layers[i].columns;
	return bytes > (double)engine->memory.results;
}

/* The shares of memory, and what lies on disk. */
static enum err
open_stores(struct engine *engine, const struct engine_options *options)
{
	uint64_t disk;
	enum err code = memory_disk_limit(&disk);

	if (code)
		return code;
	memory_share(&engine->memory, options->memory, engine->model, pool_threads(engine->pool));
	engine->statistics.limit = engine->memory.grams;
	engine->results.limit = engine->memory.results;
	engine->lean = is_lean(engine);
	buf_keep(engine->memory.freed);
	if ((code = cache_open(&engine->cache, options->no_cache ? "off" : NULL, disk)) ||
	    (code = spill_create(&engine->spill, engine_disk_folder(engine), disk)) ||
	    (code = spill_create(&engine->park, engine_disk_folder(engine), UINT64_MAX)) ||
	    (code = states_create(&engine->states, engine->memory.states, engine->spill)))
		return code;
	return upstream_open(&engine->original, engine->model, NULL);
}

/* A text that holds one of them is refused when it is read. */
static void
note_vocabulary(struct engine *engine)
{
	size_t rows = engine->model->shape.vocab;
	size_t tokens = engine->tokenizer ? tokenizer_vocab(engine->tokenizer) : 0;

	if (tokens > rows)
		snprintf(engine->note, sizeof(engine->note),
			 "the tokenizer has %zu tokens but the embedding %zu rows: texts with the "
			 "last %zu are refused",
			 tokens, rows, tokens - rows);
}

static enum err
open_parts(struct engine *engine, const struct engine_options *options)
{
	struct options threads = { .threads = options->threads };
	char *path;
	enum err code = locate_model(&path, options->model);

	if (!code)
		code = model_open(&engine->model, path);
	if (!code)
		code = tokenizer_open_beside(&engine->tokenizer, path, engine->model->shape.vocab);
	buf_free(path);
	if (!code)
		note_vocabulary(engine);
	if (!code)
		code = pool_create(&engine->pool, machine_threads(&threads));
	return code ? code : open_stores(engine, options);
}

enum err
engine_open(struct engine **out, const struct engine_options *options)
{
	struct engine *engine = buf_alloc(1, sizeof(*engine));
	enum err code;

	*out = NULL;
	if (!engine)
		return ERR_NOMEM;
	pthread_mutex_init(&engine->lock, NULL);
	engine->statistics.drop = drop_statistics;
	engine->results.drop = drop_result;
	engine->evaluations = (struct shelf){ .limit = 1 << 20, .drop = buf_free };
	code = open_parts(engine, options);
	if (code)
		engine_free(engine);
	else
		*out = engine;
	return code;
}

void
engine_free(struct engine *engine)
{
	if (!engine)
		return;
	for (size_t i = 0; i < engine->evaluator_count; i++)
		evaluator_free(engine->evaluators[i].evaluator);
	shelf_clear(&engine->statistics);
	shelf_clear(&engine->results);
	shelf_clear(&engine->evaluations);
	for (size_t i = 0; i < engine->text_count; i++) {
		corpus_free(engine->texts[i].corpus);
		buf_free(engine->texts[i].name);
		buf_free(engine->texts[i].field);
	}
	buf_free(engine->texts);
	upstream_close(&engine->original);
	states_free(engine->states);
	spill_unref(engine->spill);
	spill_unref(engine->park);
	cache_close(engine->cache);
	pool_free(engine->pool);
	tokenizer_free(engine->tokenizer);
	model_free(engine->model);
	pthread_mutex_destroy(&engine->lock);
	buf_free(engine);
}

const struct model *
engine_model(const struct engine *engine)
{
	return engine->model;
}

const struct tokenizer *
engine_tokenizer(const struct engine *engine)
{
	return engine->tokenizer;
}

const char *
engine_note(const struct engine *engine)
{
	return engine->note[0] ? engine->note : NULL;
}

struct pool *
engine_pool(const struct engine *engine)
{
	return engine->pool;
}

int32_t
engine_bos(const struct engine *engine)
{
	return engine->tokenizer && tokenizer_adds_bos(engine->tokenizer)
		       ? tokenizer_bos(engine->tokenizer)
		       : -1;
}

static char profile[256];

static void
make_profile(void)
{
	const char *libc = "unknown libc";
	char text[64];

#ifdef __GLIBC__
	snprintf(text, sizeof(text), "glibc %s", gnu_get_libc_version());
	libc = text;
#endif
	snprintf(profile, sizeof(profile), "%.120s; %.40s; %s", kernels_blas(),
		 kernels_current()->name, libc);
}

bool
engine_is_large(const struct engine *engine)
{
	return engine->lean || model_count(engine->model).bytes > memory_of_machine();
}

uint64_t
engine_memory(const struct engine *engine)
{
	return engine->memory.limit;
}

size_t
engine_results_limit(const struct engine *engine)
{
	return engine->memory.results;
}

const char *
engine_profile(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_profile);
	return profile;
}

static const uint64_t hash_limit = 256 << 20; /* hashing that much takes less than a second */

enum err
engine_names(struct model_names *out, const struct engine *engine, bool always,
	     const struct work *work)
{
	enum err code = OK;

	memset(out, 0, sizeof(*out));
	if (always || model_count(engine->model).bytes <= hash_limit)
		code = model_sha256(out->sha256, engine->model, work);
	if (code)
		return code;
	snprintf(out->identity, sizeof(out->identity), "%.32s",
		 out->sha256[0] ? out->sha256 : engine->model->identity);
	return OK;
}

/* ---------------------------------------------------------------------------- texts */

static bool
same_field(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static const struct corpus *
find_text(const struct engine *engine, const char *name, const char *field)
{
	for (size_t i = 0; i < engine->text_count; i++)
		if (!strcmp(engine->texts[i].name, name) &&
		    same_field(engine->texts[i].field, field))
			return engine->texts[i].corpus;
	return NULL;
}

static enum err
unknown_text(const char *name)
{
	const char *names[NAMES_MAX + 1] = { 0 };
	const char *nearest;
	size_t count;
	const struct shipped_text *texts = shipped_texts(&count);

	for (size_t i = 0; i < count && i < NAMES_MAX; i++)
		names[i] = texts[i].name;
	nearest = text_nearest(name, names);
	return err_at(ERR_IO, name[0] ? name : "\"\"", NULL,
		      "is neither a shipped text nor a file; %s%s%s",
		      nearest ? "did you mean " : "see: qscope texts", nearest ? nearest : "",
		      nearest ? "?" : "");
}

static enum err
add_text(const struct corpus **out, struct engine *engine, const char *name, const char *field)
{
	const char *shipped = shipped_text_path(name);
	struct engine_text text = { 0 };
	enum err code;

	if (buf_grow(&engine->texts, &engine->text_capacity, engine->text_count + 1,
		     sizeof(*engine->texts)))
		return ERR_NOMEM;
	if (!shipped && !file_exists(name))
		return unknown_text(name);
	code = corpus_open(&text.corpus, shipped ? shipped : name, field, engine->tokenizer,
			   engine->model->shape.vocab);
	if (code)
		return code;
	text.name = buf_strdup(name);
	text.field = field ? buf_strdup(field) : NULL;
	if (!text.name || (field && !text.field)) {
		corpus_free(text.corpus);
		buf_free(text.name);
		return ERR_NOMEM;
	}
	engine->texts[engine->text_count++] = text;
	*out = text.corpus;
	return OK;
}

enum err
engine_corpus(const struct corpus **out, struct engine *engine, const char *name, const char *field)
{
	enum err code = OK;

	if (field && !field[0])
		field = NULL;
	pthread_mutex_lock(&engine->lock);
	*out = find_text(engine, name, field);
	if (!*out)
		code = add_text(out, engine, name, field);
	pthread_mutex_unlock(&engine->lock);
	return code;
}

enum err
engine_settle(struct calibration_setting *calibration, struct engine *engine)
{
	const struct corpus *corpus;
	size_t context = engine->model->shape.context;
	enum err code;

	if (!calibration->text[0])
		return OK;
	code = engine_corpus(&corpus, engine, calibration->text, calibration->field);
	if (code)
		return code;
	if (calibration->sha256[0] && strcmp(calibration->sha256, corpus->sha256))
		return err_at(
			ERR_FORMAT, calibration->text, "calibration.sha256",
			"the text is %.12s..., the recipe was made with %.12s...; restore the "
			"text, or set the hash to null to calibrate anew",
			corpus->sha256, calibration->sha256);
	memcpy(calibration->sha256, corpus->sha256, HASH_HEX);
	if (!calibration->sequences)
		calibration->sequences = CALIBRATION_SEQUENCES;
	if (!calibration->length)
		calibration->length =
			context < CALIBRATION_LENGTH ? context : (size_t)CALIBRATION_LENGTH;
	if (calibration->length > model_longest(engine->model))
		return err_at(ERR_RANGE, calibration->text, "calibration.length",
			      "%zu tokens, more than the model's context of %zu; choose less",
			      calibration->length, model_longest(engine->model));
	return OK;
}
