#ifndef SESSIONS_ENGINE_PRIVATE_H
#define SESSIONS_ENGINE_PRIVATE_H

#include "sessions/engine.h"
#include "sessions/memory.h"
#include "sessions/shelf.h"

#include <pthread.h>

/* What the engine's files share. */
struct engine_text { /* a tokenized text */
	char *name, *field;
	struct corpus *corpus;
};

struct engine_evaluator {
	struct key key; /* of text, protocol, context, tokens */
	struct evaluator *evaluator;
	struct eval_shape shape;
	uint64_t used;
};

enum { EVALUATORS_MAX = 16 };

/* What lies before the layers that statistics are taken of: an overlay, and the key of everything
 * up to each block's end that it changes (see core/passage.h). */
struct upstream {
	const struct overlay *overlay; /* NULL: the original model */
	struct key *chain;             /* (blocks + 1) */
};
enum err upstream_open(struct upstream *out, const struct model *model,
		       const struct overlay *overlay);
void upstream_close(struct upstream *upstream);

struct engine {
	struct model *model;
	struct tokenizer *tokenizer;
	char note[160];
	struct pool *pool;
	struct memory memory;
	struct cache *cache;
	struct spill *spill;
	struct states *states; /* hidden states, of calibration and of every evaluator */
	struct spill *park;    /* weights of results, see engine_park.c */
	bool lean;             /* all results together are more than memory may hold */
	struct upstream original;
	pthread_mutex_t lock; /* guards texts */
	struct engine_text *texts;
	size_t text_count, text_capacity;
	struct shelf statistics, results, evaluations;
	struct engine_evaluator evaluators[EVALUATORS_MAX];
	size_t evaluator_count;
	uint64_t clock;
};

/* The windows that calibration runs on. */
struct drawn {
	struct draw draw;
	size_t tokens;
	struct key key; /* of every id in order */
};

enum err drawn_make(struct drawn *out, struct engine *engine,
		    const struct calibration_setting *calibration);
void drawn_clear(struct drawn *drawn);

/* Take statistics of the marked inputs (NULL: all) that are not kept yet, in one pass where memory
 * allows. `upstream` NULL: the original model. */
enum err statistics_capture(struct engine *engine, const bool *inputs, const struct drawn *drawn,
			    bool gram, const struct upstream *upstream, const struct work *work);
/* Could their Gram matrices be kept together, in memory or on disk? (NULL: those of all.) */
bool statistics_fit(const struct engine *engine, const bool *inputs);
/* Are the statistics of the original model kept, in memory or on disk? Without reading them. */
bool statistics_kept(struct engine *engine, int input, const struct drawn *drawn);
struct key statistics_key(const struct engine *engine, int input, const struct drawn *drawn,
			  bool gram, const struct upstream *upstream);
/* With a Gram matrix, from memory, disk or a pass over the text. Borrowed until the next call. */
enum err statistics_take(const struct statistics **out, struct engine *engine, int input,
			 const struct drawn *drawn, const struct upstream *upstream,
			 const struct work *work);

/* On disk, as one triangle. NULL: not there, damaged, or cancelled. */
enum err statistics_store(struct cache *cache, struct key key, const struct statistics *statistics,
			  const struct work *work);
struct statistics *statistics_load(struct cache *cache, struct key key, size_t columns, bool gram,
				   const struct work *work);

/* One layer, with statistics taken through `upstream` (NULL: the original model). `drawn` NULL:
 * without statistics. */
struct quantize_request {
	int layer;
	const struct layer_setting *setting;
	const struct calibration_setting *calibration;
	const struct drawn *drawn;
	const struct upstream *upstream;
};

enum err quantize_layer(struct layer_result **out, struct engine *engine,
			const struct quantize_request *request, const struct work *work);

/* A result on disk. What comes back has quantized and measurement alone, and those whole only where
 * *found says so. */
enum err result_store(struct cache *cache, const struct layer_result *result,
		      const struct work *work);
enum err result_load(bool *found, struct layer_result *out, struct cache *cache,
		     const struct work *work);
/* The place of a result's weights on disk is free again; NULL is fine. */
void parked_free(struct parked *parked);
/* As replacement.read; `source` is a struct parked. */
enum err parked_read(float *out, const void *source, size_t first, size_t count);

/* `key` and everything that an overlay changes. */
struct key overlay_key(struct key key, const struct model *model, const struct overlay *overlay);

size_t result_bytes(const struct layer_result *result);

#endif
