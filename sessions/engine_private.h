#ifndef SESSIONS_ENGINE_PRIVATE_H
#define SESSIONS_ENGINE_PRIVATE_H

#include "sessions/engine.h"
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

struct engine {
	struct model *model;
	struct tokenizer *tokenizer;
	char note[160];
	struct pool *pool;
	struct cache *cache;
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

/* Take statistics of the marked inputs (NULL: all) in one pass, those already kept left out. */
enum err statistics_capture(struct engine *engine, const bool *inputs, const struct drawn *drawn,
			    bool gram, const struct overlay *upstream, const struct work *work);
/* Do their Gram matrices fit into memory together? (NULL: those of all.) */
bool statistics_fit(const struct engine *engine, const bool *inputs);
struct key statistics_key(const struct engine *engine, int input, const struct drawn *drawn,
			  bool gram, const struct overlay *upstream);
/* With a Gram matrix, from memory, disk or a pass over the text. Borrowed, see engine_statistics.
 */
enum err statistics_take(const struct statistics **out, struct engine *engine, int input,
			 const struct drawn *drawn, const struct overlay *upstream,
			 const struct work *work);
/* From memory or disk; NULL: neither. */
const struct statistics *statistics_find(struct engine *engine, int input,
					 const struct drawn *drawn, bool gram,
					 const struct overlay *upstream);

/* One layer, with statistics taken through `upstream` (NULL: the original model). `drawn` NULL:
 * without statistics. */
struct quantize_request {
	int layer;
	const struct layer_setting *setting;
	const struct calibration_setting *calibration;
	const struct drawn *drawn;
	const struct overlay *upstream;
};

enum err quantize_layer(struct layer_result **out, struct engine *engine,
			const struct quantize_request *request, const struct work *work);

/* A result to and from bytes; what comes back has quantized and measurement alone. */
enum err result_write(void **data, size_t *size, const struct layer_result *result);
enum err result_read(struct layer_result *out, const void *data, size_t size);
size_t result_bytes(const struct layer_result *result);

/* The key of everything an overlay changes in blocks up to `block` (and the embeddings). */
struct key overlay_key(struct key key, const struct model *model, const struct overlay *overlay,
		       int block);

#endif
